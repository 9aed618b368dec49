# Copy a tree of a distribution into the store and make its programs find their own libraries.
set -euo pipefail

cp -a "$tree" "$out"
chmod -R u+w "$out"

# An ELF program names its loader by an absolute path; DT_RPATH then serves what it loads.
libraries="$out/usr/lib/$triplet"
find "$out" -type f -perm -u+x | while read -r file; do
  if patchelf --print-interpreter "$file" >/dev/null 2>&1; then
    patchelf --set-interpreter "$libraries/$loader" --force-rpath --set-rpath "$libraries" "$file"
  fi
done

# Scripts name /usr and the shells of a distribution.
find "$out" -type f -perm -u+x | while read -r file; do
  if [ "$(head -c 2 "$file" | tr -d '\0')" = '#!' ]; then
    sed -i \
      -e "1s|^#! */bin/\(ba\)\?sh|#!$seed/bin/bash|" \
      -e "1s|^#! */usr/bin/env elixir|#!$out/bin/elixir|" \
      -e "1s|^#! */usr/bin/env|#!$seed/bin/env|" \
      -e "s|=/usr/lib/erlang|=$out/usr/lib/erlang|" "$file"
  fi
done

mkdir -p "$out/bin"
# Where nixpkgs has them, for whoever looks beside a program.
[ -e "$out/lib" ] || ln -s usr/lib "$out/lib"
if [ -n "${programFolder:-}" ]; then
  for program in "$out/$programFolder"/*; do ln -s "$program" "$out/bin/"; done
fi
for program in ${programs:-}; do ln -s "$out/$program" "$out/bin/"; done
for program in ${wrapped:-}; do
  wrapper="$out/bin/$(basename "$program")"
  {
    echo "#!$seed/bin/bash"
    for export in ${wrapExports:-}; do echo "export ${export%%=*}='$out/${export#*=}'"; done
    if [ -n "${wrapPath:-}" ]; then echo "export PATH='$wrapPath'\"\${PATH:+:\$PATH}\""; fi
    echo "exec '$out/$program' \"\$@\""
  } > "$wrapper"
  chmod +x "$wrapper"
done

# A builder whose last command is a coreutils program can be killed as it closes its streams.
exit 0
