# The attributes of nixpkgs that our own shells use, under the names that nixpkgs gives them.
{ sources }:
let
  inherit (sources) system triplet loader;

  # A tree is in the store already, put there under its hash; there is nothing to build.
  tree = name: derivation {
    name = "${name}-tree";
    inherit system;
    builder = "/bin/sh";
    args = [ "-c" "echo 'The tree ${name} is no longer in the store: run make spec again.' >&2; exit 1" ];
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
    outputHash = sources.trees.${name}.hash;
  };

  seed = tree "seed";

  package = name: attributes: derivation ({
    pname = builtins.head (builtins.match "([a-z]+).*" name);
    inherit (sources.trees.${name}) version;
    name = "${builtins.head (builtins.match "([a-z]+).*" name)}-${sources.trees.${name}.version}";
    inherit system triplet loader seed;
    tree = tree name;
    builder = "${seed}/bin/bash";
    args = [ ./build.sh ];
    outputs = [ "out" ];
    PATH = "${seed}/bin";
  } // attributes);

  erlang = name: package name {
    programs = "usr/lib/erlang/bin/erl usr/lib/erlang/bin/erlc usr/lib/erlang/bin/escript usr/lib/erlang/bin/epmd";
    erlangRoot = "usr/lib/erlang";
  };

  # As in nixpkgs, Elixir brings its own OTP and does not look for the shell's.
  elixir = name: otp: package name {
    programs = "usr/lib/elixir/bin/mix";
    wrapped = "usr/lib/elixir/bin/elixir usr/lib/elixir/bin/elixirc usr/lib/elixir/bin/iex";
    wrapPath = "${otp}/bin";
  };

  erlang_27 = erlang "erlang-27";
  erlang_25 = erlang "erlang-25";
  elixir_1_18 = elixir "elixir-1.18" erlang_27;
  elixir_1_14 = elixir "elixir-1.14" erlang_25;
in
{
  inherit system;
  mkShell = import ./shell.nix { inherit system seed; };
  bashInteractive = seed;

  beam = {
    # The registries hold no OTP 26 and no Elixir 1.16: the nearest older pair answers for them,
    # and what stands in for what is said in every report.
    interpreters = { inherit erlang_25 erlang_27; erlang_26 = erlang_25; };
    packages = {
      erlang_27 = { inherit elixir_1_18; };
      erlang_26 = { elixir_1_16 = elixir_1_14; };
      erlang_25 = { inherit elixir_1_14; };
    };
  };

  postgresql_17 = package "postgresql-17" { programFolder = "usr/lib/postgresql/17/bin"; };
  nodejs_22 = package "nodejs-22" { programFolder = "usr/bin"; };
  git = package "git" {
    wrapped = "usr/bin/git";
    wrapExports = "GIT_EXEC_PATH=usr/lib/git-core GIT_TEMPLATE_DIR=usr/share/git-core/templates";
  };
}
