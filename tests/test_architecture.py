"""The plan of the house, held: which way imports run, how large a room may be, who may do what."""

import ast
import io
import tokenize
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "pytest_nixspec"
MODULES = sorted(PACKAGE.rglob("*.py"))

# From the roof down; what stands on one floor never imports each other, but for the face.
FLOORS = (
    {"plugin", "fixtures", "collector", "python_tests", "session", "benchmark_entries", "cli"},
    {"checks"},
    {"report"},
    {"settings", "spec", "strategies"},
    {"agreement", "audit", "reproducibility"},
    {"shells", "versions", "performance"},
    {"nix"},
    {"git"},
    {"process", "temporary"},
    {"files", "left_behind"},
    {"errors", "release", "verdict"},
)
FACE = FLOORS[0]


def name_of(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def imports_of(path: Path) -> set[str]:
    """Return the modules that a module names, in functions and for types as well."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own_imports(path: Path) -> set[str]:
    known = {name_of(module) for module in MODULES}
    return {name for name in imports_of(path) if name in known and name != name_of(path)}


def floor_of(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def line_counts(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_run_downwards_only(path):
    room = room_of(name_of(path))
    for imported in own_imports(path):
        target = room_of(imported)
        if room is None or target is None or target == room:
            continue
        below = floor_of(target) > floor_of(room)
        assert below or {room, target} <= FACE, f"{name_of(path)} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_inside_imports_the_facade(path):
    names = [
        node.module
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and node.module == "pytest_nixspec"
        and any(alias.name not in {r for rooms in FLOORS for r in rooms} for alias in node.names)
    ]
    assert not names


def test_there_are_no_cycles():
    graph = {name_of(path): own_imports(path) - packages_of(path) for path in MODULES}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"a cycle: {' → '.join(error.args[1])}")


def packages_of(path: Path) -> set[str]:
    """Return the packages around a module: importing one of their modules imports them too."""
    parts = name_of(path).split(".")
    return {".".join(parts[:count]) for count in range(1, len(parts))}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_pytest_is_imported_by_the_face_alone(path):
    used = {name.split(".")[0] for name in imports_of(path)}
    assert "_pytest" not in used
    assert "pytest" not in used or room_of(name_of(path)) in FACE


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_processes_are_started_by_one_module(path):
    starters = {"subprocess", "multiprocessing", "os.system", "os.popen"}
    assert not starters & imports_of(path) or name_of(path) == "pytest_nixspec.process"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_mlx_is_imported_by_the_worker_alone(path):
    used = {name.split(".")[0] for name in imports_of(path)}
    heavy = used & {"mlx", "mlx_lm", "pandas", "scipy", "matplotlib", "rich"}
    assert not heavy or name_of(path).startswith("pytest_nixspec.performance.worker.")


def test_modules_keep_to_their_budget():
    lines = {name_of(path): len(path.read_text().splitlines()) for path in MODULES}

    assert {name: count for name, count in lines.items() if count > 300} == {}
    assert median(lines.values()) <= 120


def test_functions_keep_to_their_budget():
    lengths = {
        f"{name_of(path)}.{node.name}": line_counts(node)
        for path in MODULES
        for node in functions_of(path)
    }

    assert {name: count for name, count in lengths.items() if count > 50} == {}
    assert median(lengths.values()) <= 10


def test_functions_take_five_parameters_at_the_most():
    wide = []
    for path in MODULES:
        for node in functions_of(path):
            names = [argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]]
            count = len(names) - (names[:1] in (["self"], ["cls"]))
            if count > 5:
                wide.append(f"{name_of(path)}.{node.name}: {count}")
    assert wide == []


def test_comments_are_few_and_not_none():
    comments = code = 0
    for path in MODULES:
        text = path.read_text()
        code += sum(1 for line in text.splitlines() if line.strip())
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        comments += sum(1 for token in tokens if token.type == tokenize.COMMENT)
    share = comments / code

    assert 0.01 <= share <= 0.07, f"{share:.1%} of the lines are comments"


def test_options_are_ten_at_the_most_and_named_alike():
    options = [
        argument.value
        for node in ast.walk(ast.parse((PACKAGE / "plugin.py").read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "addoption"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    ]

    assert 0 < len(options) <= 10
    assert all(str(option).startswith("--nixspec") for option in options)


def test_no_room_is_a_drawer():
    drawers = {"utils", "helpers", "manager", "common", "core", "base", "misc"}

    assert {path.stem for path in MODULES} & drawers == set()


def test_the_public_names_are_these():
    import pytest_nixspec  # noqa: PLC0415 - the façade is what is tested

    assert pytest_nixspec.__all__ == [
        "InvalidRequirementError",
        "InvalidVersionError",
        "NixspecError",
        "Requirement",
        "Version",
    ]
    assert all(getattr(pytest_nixspec, name).__name__ == name for name in pytest_nixspec.__all__)


def test_an_unknown_public_name_is_an_attribute_error():
    import pytest_nixspec  # noqa: PLC0415 - the façade is what is tested

    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        _ = pytest_nixspec.no_such_name
