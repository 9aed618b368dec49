"""What is run inside a shell: before Nix's own script, around the hook, and after it."""

import sys

from pytest_nixspec.shells.script import NOTE

# Bash gives up the rest of what it evaluates at an error of syntax or expansion, and says 0. So the
# hook is followed by a mark that shows it got that far. Two newlines: one may be continued.
END = """

builtin printf 'returned\\t0\\t%s\\0' "$EPOCHREALTIME" >> "$_nixspec_trace\""""

# Bash reads BASH_ENV before a script: here, before the one that Nix makes of the shell. Another
# bash on the way (a launcher of Nix) leaves it alone. The hook gets a home of its own, since
# `-i` takes HOME away and Mix and npm cannot do without. The mark is put behind the hook by the
# last moment's DEBUG trap: a function or an alias would change what the hook is evaluated in. The
# trap keeps the environment, too, as it is before the hook, where there is one.
PREAMBLE = """\
case "$0" in {scratch}/*)
  unset BASH_ENV
  {note}
  {home}
  _nixspec_trace={scratch}/trace
  _nixspec_end={end}
  _nixspec_dump={dump}
  _nixspec_before={scratch}/before
  trap 'case "$BASH_COMMAND" in eval*shellHook*)
    trap - DEBUG
    if [ -z "$shellHook" ]; then builtin printf "hookless\\t0\\t\\0" >> "$_nixspec_trace"
    else {bash} --noprofile --norc -p -c "$_nixspec_dump" . "$_nixspec_before" </dev/null 2>&1 || :
    fi
    shellHook+=$_nixspec_end
    builtin printf "hook\\t0\\t%s\\0" "$EPOCHREALTIME" >> "$_nixspec_trace" ;; esac' DEBUG
  exit() {{
    local status=$?
    [ "$BASHPID" != "$$" ] || builtin printf 'exit\\t0\\t\\0' >> "$_nixspec_trace"
    builtin exit "${{1:-$status}}"
  }}
  trap 'builtin printf "failed\\t%s\\t%s\\0" "$?" "$BASH_COMMAND" >> "$_nixspec_trace"' ERR
  trap 'builtin printf "end\\t%s\\t\\0" "$?" >> "$_nixspec_trace"' EXIT
  builtin printf 'entered\\t0\\t%s\\0' "$BASH" >> "$_nixspec_trace"
;; esac
"""

# Only builtins: a shell need not have coreutils. The environment is the one this process was
# given, which `declare` or `env` would change; macOS has no /proc and makes do with env. It is run
# with -p, so that no function the hook exports stands in for a builtin. It ends where a disk is
# full: what half an environment lacks would pass for what the shell does not have. And `read` asks
# the system for each byte by itself, where the end is no newline; `mapfile` does not.
DUMP = """\
if [ -r /proc/self/environ ]; then
  mapfile -d "" -t pairs < /proc/self/environ
  printf "%s\\0" "${pairs[@]}" > "$1" || exit
else
  /usr/bin/env -0 > "$1" || exit
fi
"""
CAPTURE = f"""\
printf 'started\\t0\\t\\0' >> "$0/trace"
umask > "$0/umask"
set -- "$0/environ"
{DUMP}
printf 'captured\\t0\\t\\0' >> "$0/trace"
"""

OURS = f"{PREAMBLE}\n{END}\n{CAPTURE}\n{NOTE}"
"""What of a kept script is ours, so that it changes with us."""

# The shell's own bash, whatever the hook has made of PATH.
OWN_BASH = "/proc/self/exe" if sys.platform == "linux" else "/bin/bash"
