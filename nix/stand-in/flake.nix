{
  description = "A stand-in for nixpkgs where it cannot be reached: real programs from package registries";

  # sources.json is written beside a copy of this folder by `python -m embedded`: the hash and the
  # version of each tree that it has put into the store.
  outputs = { self }:
    let
      sources = builtins.fromJSON (builtins.readFile ./sources.json);
      lib.genAttrs = names: f:
        builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);
    in
    {
      inherit lib;
      # One system at a time: the trees hold the programs of the machine that fetched them.
      legacyPackages.${sources.system} = import ./packages.nix { inherit sources; };
    };
}
