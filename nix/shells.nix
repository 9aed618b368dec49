# The development shells of this repository, by attribute name.
{ pkgs }:
let
  inherit (pkgs) beam;

  shell = { erlang, elixir }: pkgs.mkShell {
    packages = [ elixir erlang pkgs.postgresql_17 pkgs.nodejs_22 pkgs.git ];
    # The BEAM warns about any other encoding on every start.
    LANG = "C.UTF-8";
    shellHook = builtins.readFile ./hook.sh;
  };

  elixir_1_16 = shell {
    erlang = beam.interpreters.erlang_26;
    elixir = beam.packages.erlang_26.elixir_1_16;
  };
in
{
  default = shell {
    erlang = beam.interpreters.erlang_27;
    elixir = beam.packages.erlang_27.elixir_1_18;
  };

  inherit elixir_1_16;
  # The spelling of `nix develop .#elixir=1_16`.
  "elixir=1_16" = elixir_1_16;
}
