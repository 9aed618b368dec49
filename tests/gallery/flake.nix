# Awkward shells, entered by real Nix. Their tools are fakes and say so in their names.
{
  outputs = { self }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
      each = f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) systems);

      for = system:
        let
          raw = attributes: derivation ({
            inherit system;
            builder = "/bin/bash";
            PATH = "/usr/bin:/bin";
            outputs = [ "out" ];
          } // attributes);

          # The last command must not be one of coreutils: its end can kill the builder.
          fake = name: version: raw {
            name = "fake-${name}-${version}";
            args = [
              "-c"
              ''
                mkdir -p $out/bin
                printf '#!/bin/sh\necho "${name} version ${version}"\n' > $out/bin/${name}
                chmod +x $out/bin/${name}
                exit 0
              ''
            ];
          };

          shell = hook: attributes: raw ({
            name = "shell";
            args = [ "-c" "exit 1" ];
            stdenv = ./stdenv;
            buildInputs = [ (fake "greet" "1.2.3") (fake "git" "99.1") ];
            shellHook = hook;
          } // attributes);
        in
        {
          limits = shell "export FILES=$(ulimit -Sn)" { };
          mlx = shell "export MLX_TENSOR_PARALLEL=5 MLX_VRAM_LIMIT=45000000000" { };
          default = shell "export FROM_HOOK=yes" { FROM_ATTRIBUTE = "set"; EMPTY = ""; };
          silent = shell "" { };
          second = shell "export FROM_HOOK=second" { };
          third = shell "export FROM_HOOK=third" { };
          "with=equals" = shell "" { };
          "with.dot" = shell "" { };

          exits-0 = shell "exit 0" { };
          exits-3 = shell "exit 3" { };
          exits-in-a-function = shell "leave() { exit 4; }; leave" { };
          exits-with-a-trap-of-its-own = shell "trap 'echo bye' EXIT; exit 0" { };
          exits-in-a-subshell = shell "(exit 5); export AFTER=reached" { };
          fails-under-set-e = shell "set -e; export BEFORE=1; false; export AFTER=1" { };
          fails-under-set-u = shell "set -u; echo $NO_SUCH_VARIABLE" { };
          replaces-itself = shell "exec bash" { };
          has-a-syntax-error = shell "if then fi (" { };
          writes-a-lot = shell ''for n in {1..300}; do printf %01000d 0 >> "$TMPDIR/much"; done'' { };
          prints = shell "echo banner; export AFTER=reached" { };
          never-returns = shell "sleep 1000" { };
          is-killed = shell "kill -9 $$" { };
          reads-stdin = shell "read answer; export ANSWER=\"[$answer]\"" { };
          loses-path = shell "export PATH=/nowhere" { };
          fails-unnoticed = shell "false; cd /nowhere; export AFTER=reached" { };
          leaves-a-process = shell "sleep 1000 & export LEFT=$!" { };
          awkward-values = shell ''
            export NEWLINES=$'one\ntwo\n'
            export QUOTES="'\"\\\`\$"
            export UNICODE="Grüße 🧊"
            export BYTES=$'\xff\xfe\x1b'
            export EQUALS="a=b=c"
          '' { };

          redefines-printf = shell "printf() { :; }; export -f printf; export AFTER=reached" { };
          closes-its-output = shell "exec 1>&- 2>&-; export AFTER=reached" { };
          forgets-its-functions = shell "unset -f $(declare -F | while read -r _ _ f; do echo $f; done); exit 0" { };
          forges-the-trace = shell "builtin printf 'captured\\t0\\t\\0' >> \"$_nixspec_trace\"; exit 0" { };
          is-too-large = shell "export LARGE=$(while [ \${#x} -lt 500000 ]; do x=$x$x; x=\${x:-0123456789}; done; echo $x)" { };

          breaks-off-at-a-readonly = shell "readonly R=1; export BEFORE=1; R=2; export AFTER=1" { };
          breaks-off-at-arithmetic = shell "export BEFORE=1; echo $((1/0)); export AFTER=1" { };
          breaks-off-at-a-substitution = shell "export BEFORE=1; echo \${x!y}; export AFTER=1" { };
          breaks-off-half-way = shell "export BEFORE=1\nif then fi (\nexport AFTER=1" { };
          hides-its-syntax-error = shell "unset shellHook\nif then fi (" { };
          uses-extended-globs = shell ''
            shopt -s extglob
            x() { case a in @(a|b)) : ;; esac; }
            export AFTER=reached
          '' { };
          uses-aliases = shell "shopt -s expand_aliases\nalias foo='if true; then'\nfoo export AFTER=reached; fi" { };
          ends-in-a-comment = shell "export AFTER=reached # done" { };
          ends-in-a-backslash = shell "export AFTER=reached \\" { };
          says-return = shell "return 0; export AFTER=reached" { };
          declares = shell "declare -x AFTER=reached" { };
          traps-exit-itself = shell "trap 'echo mine' EXIT; set -e; false" { };
          holds-everything = shell ''
            greeting() { echo "hello from a function"; }
            export -f greeting
            FROM_HOOK_ARRAY=(a b)
            export FROM_HOOK_ARRAY FROM_HOOK=yes TRAILING=$'x\n\n'
            printf -v LARGE '%100000s' x; export LARGE
          '' { FROM_ATTRIBUTE = "set"; EMPTY = ""; };
          leaves-a-daemon = shell ''
            /usr/bin/setsid /bin/sh -c 'echo $$ > "$TMPDIR/pid"; exec sleep 77' < /dev/null > /dev/null 2>&1 &
            while [ ! -s "$TMPDIR/pid" ]; do sleep 0.05; done
            export DAEMON=$(< "$TMPDIR/pid")
          '' { };
          changes-much = shell ''
            export ADDED=new FROM_ATTRIBUTE=changed PATH=$PWD/tools:$PATH
            unset GONE
            echo written > written-by-the-hook; mkdir -p below; echo x > below/too
            sleep 1000 &
            echo banner
            sleep 0.2
          '' { FROM_ATTRIBUTE = "set"; GONE = "soon"; };
          guards-itself = shell ''
            unset ''${!ASDF_*} ''${!DYLD_*} ''${!ERL_*} ''${!GIT_*} ''${!HEX_*} ''${!LC_*} ''${!LD_*} ''${!MIX_*}
            unset ''${!NODE_*} ''${!PERL*} ''${!PG*} ''${!PYTHON*} ''${!REBAR_*} ''${!RUBY*} ELIXIR_ERL_OPTIONS TZ
            export LANG=C.UTF-8 PATH=''${PATH%%:*}
          '' { };
          depends-on-where-it-is-entered = shell "export HEX_HOME=$PWD/.hex" { };
          tells-how-it-was-started = shell ''
            export STARTED="$0 $# $SHLVL $- $(umask; ulimit -a; trap; set -o; shopt; declare -p)"
            export SIGNALS="$(while read -r name value; do case $name in SigQ:) ;; Sig*|Shd*|Umask*|NoNew*) echo "$name $value";; esac; done < /proc/self/status)"
          '' { };
          has-awkward-attributes = shell "" {
            BYTES = builtins.readFile ./stdenv/bytes;
            QUOTES = "''\"\\$x`y` '' ";
          };
          has-structured-attributes = shell "export AFTER=reached" { __structuredAttrs = true; };
          puts-the-host-first = shell "export PATH=/usr/bin:/bin:$PATH" { };

          cannot-be-built = shell "" {
            buildInputs = [ (raw { name = "broken"; args = [ "-c" "echo why it broke >&2; exit 1" ]; }) ];
          };
          for-linux-alone =
            if system == "x86_64-linux" || system == "aarch64-linux" then shell "" { }
            else throw "error: this package is not supported on ${system}";

          cannot-be-evaluated = throw "this shell is broken on purpose";
        };
    in
    { devShells = each for; };
}
