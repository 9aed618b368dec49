{
  description = "The executable specification of Nix development environments";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";

  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "aarch64-darwin" ];
      shells = system: import ./nix/shells.nix { pkgs = nixpkgs.legacyPackages.${system}; };
    in
    {
      devShells = nixpkgs.lib.genAttrs systems shells;
    };
}
