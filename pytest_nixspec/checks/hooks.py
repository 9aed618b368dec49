"""The statements on what a hook costs and does, and on what of its parent changes a shell."""

from collections.abc import Iterator, Sequence
from functools import partial

from pytest_nixspec.checks.check import Area, Check, Checked
from pytest_nixspec.checks.run import Run
from pytest_nixspec.errors import ShellNotEnteredError
from pytest_nixspec.shells import leaks as leaking
from pytest_nixspec.shells.effects import HookEffects, not_allowed
from pytest_nixspec.spec import Spec
from pytest_nixspec.spec.model import ShellTable
from pytest_nixspec.verdict import Verdict, failed, passed, unknown

SHOWN = 12


def hook_checks(spec: Spec, shell: str, table: ShellTable) -> Iterator[Check]:
    """Return the statements of `[shell.X.hook]` and `[shell.X.isolation]`."""
    new = partial(Check, Area.SHELL, shell)
    hook = table.hook
    if hook is not None:
        line = partial(spec.line, "shell", shell, "hook")
        if hook.max_seconds is not None:
            ask = partial(_ends_within, shell, hook.max_seconds)
            yield new(f"hook takes at most {hook.max_seconds:g} s", line("max_seconds"), ask)
        if hook.writes is not None:
            what = f"only {', '.join(hook.writes)}" if hook.writes else "nothing"
            yield new(f"hook writes {what}", line("writes"), partial(_writes, shell, hook.writes))
        if hook.stdout is not None:
            yield new("hook prints nothing", line("stdout"), partial(_prints_nothing, shell))
        if hook.processes is not None:
            ask = partial(_leaves_no_process, shell)
            yield new("hook leaves no process", line("processes"), ask)
    if table.isolation is not None:
        ask = partial(_is_isolated, shell, table.isolation.allow)
        yield new("is isolated from its parent", spec.line("shell", shell, "isolation"), ask)


def _effects(run: Run, shell: str) -> HookEffects:
    # Entering it first: a shell that does not run says why, and has no effects.
    effects = run.shells.shell(shell).capture.effects
    if effects is None:
        message = f"shell {shell!r} was entered without a hook of which anything could be told"
        raise ShellNotEnteredError(message)
    return effects


def _ends_within(shell: str, limit: float, run: Run) -> Checked:
    seconds = _effects(run, shell).seconds
    facts = {"shell": shell, "hook_seconds": seconds}
    if seconds is None:
        return Checked(
            unknown("its bash has no clock (EPOCHREALTIME), or the hook has set it"), facts
        )
    said = f"the hook took {seconds:.3f} s"
    if seconds <= limit:
        return Checked(passed(said), facts)
    return Checked(failed(f"{said}, more than {limit:g} s", remedy=_TOO_SLOW), facts)


_TOO_SLOW = "Move what it computes into the shell itself, where Nix does it once."


def _writes(shell: str, allowed: Sequence[str], run: Run) -> Checked:
    written = _effects(run, shell).written
    facts = {"shell": shell, "written": None if written is None else list(written)}
    if written is None:
        return Checked(unknown("the tree is too large to be compared"), facts)
    more = not_allowed(written, allowed)
    if not more:
        said = f"it wrote {', '.join(written)}" if written else "it wrote nothing below the flake"
        return Checked(passed(said), facts)
    remedy = "Write below a directory that git ignores, and name it in `writes`."
    return Checked(failed(f"the hook wrote {_listed(more)}", *more[:SHOWN], remedy=remedy), facts)


def _prints_nothing(shell: str, run: Run) -> Checked:
    printed = _effects(run, shell).stdout
    if not printed:
        return Checked(passed("it printed nothing on standard output"), {"shell": shell})
    remedy = "Print to standard error: `nix develop -c CMD | …` would take it for CMD's."
    lines = printed.splitlines()
    return Checked(failed("the hook prints on standard output", *lines[:SHOWN], remedy=remedy))


def _leaves_no_process(shell: str, run: Run) -> Checked:
    left = _effects(run, shell).processes
    facts = {"shell": shell, "processes": None if left is None else list(left)}
    if left is None:
        return Checked(unknown("this system does not tell which processes were left"), facts)
    if not left:
        return Checked(passed("it left no process behind"), facts)
    remedy = "Start services apart from the hook: each shell that is entered starts one more."
    return Checked(failed(f"the hook left {_listed(left)}", *left[:SHOWN], remedy=remedy), facts)


def _is_isolated(shell: str, allowed: Sequence[str], run: Run) -> Checked:
    found = run.shells.leaks(shell)
    leaks = leaking.not_allowed(found, allowed)
    facts = {"shell": shell, "leaks": [str(leak) for leak in found]}
    if not leaks:
        return Checked(passed(_nothing_leaks(len(found))), facts)
    names = _listed([leak.name for leak in leaks])
    shown = [str(leak) for leak in leaks]
    return Checked(_leaking(names, shown), facts)


def _leaking(names: str, shown: Sequence[str]) -> Verdict:
    remedy = "Set or unset them in the shellHook, or allow them: [shell.X.isolation] allow."
    return failed(f"its parent changes {names}", *shown, remedy=remedy)


def _nothing_leaks(count: int) -> str:
    allowed = f", but for {count} that are allowed" if count else ""
    return f"no parent changes it{allowed}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= len("abc") else f"{shown} and {len(names) - 3} more"
