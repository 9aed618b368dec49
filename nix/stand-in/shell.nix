# mkShell, as far as a development shell needs it.
{ system, seed }:
{ packages ? [ ], buildInputs ? [ ], nativeBuildInputs ? [ ], ... }@attributes:
derivation (
  { name = "nix-shell"; shellHook = ""; }
  // removeAttrs attributes [ "packages" ]
  // {
    inherit system seed nativeBuildInputs;
    buildInputs = packages ++ buildInputs;
    stdenv = ./stdenv;
    builder = "${seed}/bin/bash";
    args = [ "-c" "echo 'A shell is entered, not built.' >&2; exit 1" ];
    outputs = [ "out" ];
  }
)
