"""A mistake in a specification is named with its file, its line and what is allowed."""

from pathlib import Path

import pytest

from pytest_nixspec.errors import SpecError
from pytest_nixspec.spec import find, load


def mistakes(tmp_path: Path, text: str, name: str = "nixspec.toml") -> str:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(SpecError) as error:
        load(path)
    return str(error.value)


def loaded(tmp_path: Path, text: str, name: str = "nixspec.toml"):
    path = tmp_path / name
    path.write_text(text)
    return load(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[flake]\npath = "."\n\n[shel.default]\n',
            "nixspec.toml:4: shel: unknown key 'shel'. "
            "Allowed: flake, shell, probe, profile, agreement, audit. Did you mean 'shell'?",
        ),
        (
            '[shell.default.tools]\ngit = { requirement = "*", form = "any" }\n',
            "nixspec.toml:2: shell.default.tools.git.form: unknown key 'form'. "
            "Allowed: requirement, from, dialect. Did you mean 'from'?",
        ),
        (
            '[shell.tools.tools]\ngit = "*"\n[shell.tools.nev]\nA = "b"\n',
            "nixspec.toml:3: shell.tools.nev: unknown key 'nev'. "
            "Allowed: timeout, via, one_otp, snapshot, systems, tools, env, command, hook, "
            "isolation. Did you mean 'env'?",
        ),
        (
            '[shell.default.tools]\n\nerl    = ">= 27"\nelixir = "~> 1"\n',
            "nixspec.toml:4: shell.default.tools.elixir: '~> 1' is not a requirement (elixir)",
        ),
        (
            '[shell.default.tools]\nrebar3 = ">= 3"\n',
            "nixspec.toml:2: shell.default.tools.rebar3: no probe tells the version of 'rebar3'",
        ),
        (
            '[shell.default.tools]\ngit = { requirement = "*", from = "store" }\n',
            "nixspec.toml:2: shell.default.tools.git.from: "
            "must be 'shell', 'host' or 'any', not 'store'.",
        ),
        (
            "[shell.default.env]\nMIX_ENV = 3\n",
            "nixspec.toml:2: shell.default.env.MIX_ENV: must be a string or a table, not 3.",
        ),
        (
            '[shell.default.env]\nA = { present = true, equals = "b" }\n',
            "nixspec.toml:2: shell.default.env.A: needs exactly one of: equals, present = true",
        ),
        (
            '[shell.default.env]\nA = { pattern = "(" }\n',
            "nixspec.toml:2: shell.default.env.A.pattern: '(' is not a regular expression",
        ),
        (
            '[[shell.default.command]]\nargv = ["true"]\n\n[[shell.default.command]]\nargv = []\n',
            "nixspec.toml:5: shell.default.command.1.argv: must not be empty, not [].",
        ),
        (
            '[[shell.a.command]]\nargv = ["a\\u0000b"]\n',
            "nixspec.toml:2: shell.a.command.0.argv.0: 'a\\x00b' holds a NUL",
        ),
        (
            '[flake]\npath = "nowhere"\n',
            "nixspec.toml:2: flake.path: ",
        ),
        (
            '[profile."../x"]\nmodel = "m"\n',
            "'../x' cannot name a baseline. Allowed: letters, digits, '-' and '_'.",
        ),
        (
            '[probe.x]\nargv = ["x"]\npattern = "version"\n',
            "nixspec.toml:3: probe.x.pattern: pattern 'version' has no group",
        ),
        (
            '[profile.plan]\nmodel = "m"\nbatch_size = "many"\n',
            "nixspec.toml:3: profile.plan.batch_size: must be an integer, not 'many'.",
        ),
        (
            '[profile.plan]\nmodel = "m"\n[profile.plan.gate]\ngeneration_tps = "+5%"\n',
            "nixspec.toml:4: profile.plan.gate.generation_tps: '+5%' is no tolerance: "
            "worse is written as in '-5%'.",
        ),
        (
            '[profile.plan]\nmodel = "m"\n[profile.plan.gate]\ngeneration_tps = "-100%"\n',
            "nixspec.toml:4: profile.plan.gate.generation_tps: '-100%' lets everything pass: "
            "write less than 100 %, as in '-5%'.",
        ),
        (
            '[profile.plan]\nmodel = "m"\n[profile.plan.gate]\nprompt_tps = "-٢٠%"\n',
            "nixspec.toml:4: profile.plan.gate.prompt_tps: '-٢٠%' is no tolerance: "
            "worse is written as in '-5%'.",
        ),
        (
            '[profile.plan]\nmodel = "m"\n[profile.plan.gate]\npeak_memory = "+9999%"\n',
            "nixspec.toml:4: profile.plan.gate.peak_memory: '+9999%' lets everything pass: "
            "write less than 1000 %, as in '+2%'.",
        ),
        (
            '[profile.plan]\nmodel = "m"\nendpoint = "http://127.0.0.1:1"\ntensor_parallel = 5\n',
            "nixspec.toml:4: profile.plan.tensor_parallel: tensor_parallel says nothing beside "
            "endpoint: the server runs the model as it does, and does not tell. Leave it out, "
            "or leave out endpoint.",
        ),
        (
            '[profile.plan]\nmodel = "a\\nb"\n',
            "nixspec.toml:2: profile.plan.model: 'a\\nb' holds nothing, or what cannot be printed. "
            "Write one line of text.",
        ),
        ("[profile.plan]\n", "nixspec.toml:1: profile.plan.model: this key is missing."),
        (
            '[audit]\npolicy = "nix-specialist"\n\n[[audit.waiver]]\nrule = "NS999"\n'
            'reason = "r"\nowner = "o"\nuntil = 2027-01-01\n',
            "nixspec.toml:5: audit.waiver.0.rule: unknown rule 'NS999'. Allowed: NS108.",
        ),
    ],
)
def test_a_mistake_is_named(tmp_path, text, message):
    assert message in mistakes(tmp_path, text)


def test_all_mistakes_are_named_at_once(tmp_path):
    said = mistakes(tmp_path, "[shell.a.env]\nA = 1\nB = 2\n[profile.p]\nmodel = 3\n")

    assert len(said.splitlines()) == 3


def test_a_value_of_many_lines_is_named_by_its_first(tmp_path):
    said = mistakes(tmp_path, '[[shell.a.command]]\n# why\nargv = [\n  "a",\n  3,\n]\n')

    assert said.startswith("nixspec.toml:3: shell.a.command.0.argv.1: must be a string, not 3.")


def test_broken_toml_is_named_with_its_line(tmp_path):
    assert "(at line 2, column" in mistakes(tmp_path, "[flake]\npath =\n")


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(SpecError, match="cannot be read"):
        load(tmp_path / "nixspec.toml")


def test_a_byte_order_mark_is_none_of_our_business(tmp_path):
    assert loaded(tmp_path, "\ufeff[shell.default]\n").model.shell


def test_a_large_specification_has_its_lines_at_once(tmp_path):
    text = "".join(f"[shell.s{n}.env]\nA = 'b'\n" for n in range(2000))

    spec = loaded(tmp_path, text)

    assert [spec.line("shell", f"s{n}", "env", "A") for n in (0, 1, 1999)] == [2, 4, 4000]


def test_a_specification_may_live_in_pyproject(tmp_path):
    text = '[project]\nname = "x"\n[tool.nixspec.shell.default.tools]\nerl = ">= 27"\n'

    spec = loaded(tmp_path, text, "pyproject.toml")

    assert find(tmp_path) == tmp_path / "pyproject.toml"
    assert spec.model.shell["default"].tools["erl"].requirement == ">= 27"
    assert spec.line("shell", "default", "tools", "erl") == 4


def test_mistakes_in_pyproject_are_named_there(tmp_path):
    text = '[project]\nname = "x"\n[tool.nixspec]\nshel = 3\n'

    said = mistakes(tmp_path, text, "pyproject.toml")

    assert said.startswith("pyproject.toml:4: shel: unknown key")


def test_a_pyproject_of_others_is_no_specification(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')

    assert find(tmp_path) is None


def test_nixspec_toml_wins_over_pyproject(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.nixspec]\n")
    (tmp_path / "nixspec.toml").write_text("")

    assert find(tmp_path) == tmp_path / "nixspec.toml"


def test_the_specification_of_the_design_is_read(tmp_path):
    spec = loaded(
        tmp_path,
        """
[flake]
path = "."
[shell.default.tools]
elixir   = "~> 1.17"
psql     = ">= 16"
[shell.default.env]
MIX_ENV        = "dev"
[shell."elixir=1_16".tools]
elixir = "~> 1.16.0"
[profile.plan]
model = "mlx-community/Meta-Llama-3.1-70B-Instruct-4bit"
tensor_parallel = 5
max_gpus = 5
vram_limit = 45_000_000_000
batch_size = 1
quantization_bits = 4
temperature = 0.7
[profile.plan.gate]
generation_tps = "-5%"
peak_memory    = "+2%"
[audit]
policy = "nix-specialist"
[[audit.waiver]]
rule = "NS108"
reason = "it is what pins us"
owner = "platform"
until = 2027-03-31
""",
    )

    assert spec.model.profile["plan"].vram_limit == 45_000_000_000
    assert spec.model.profile["plan"].gate.tolerances() == {
        "generation_tps": "-5%",
        "peak_memory": "+2%",
    }
    assert set(spec.model.shell) == {"default", "elixir=1_16"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[shell.x.hook]\nstdout = 0",
            "nixspec.toml:2: shell.x.hook.stdout: "
            "0 says nothing here: write false, or leave it out.",
        ),
        (
            "[shell.x.hook]\nprocesses = true",
            "nixspec.toml:2: shell.x.hook.processes: "
            "true says nothing here: write false, or leave it out.",
        ),
        (
            "[shell.x]\none_otp = 1",
            "nixspec.toml:2: shell.x.one_otp: 1 says nothing here: write true, or leave it out.",
        ),
        (
            "[shell.x]\nsnapshot = false",
            "nixspec.toml:2: shell.x.snapshot: "
            "false says nothing here: write true, or leave it out.",
        ),
        (
            "[shell.x.env]\nA = { present = 1 }",
            "nixspec.toml:2: shell.x.env.A.present: "
            "1 says nothing here: write true, or leave it out.",
        ),
        (
            "[shell.x.hook]\nmax_seconds = inf",
            "nixspec.toml:2: shell.x.hook.max_seconds: "
            "inf is no length of time. Write seconds, as in 120, or leave it out.",
        ),
        (
            "[shell.x.hook]\nmax_seconds = nan",
            "nixspec.toml:2: shell.x.hook.max_seconds: "
            "nan is no length of time. Write seconds, as in 120, or leave it out.",
        ),
        (
            "[shell.x]\ntimeout = inf",
            "nixspec.toml:2: shell.x.timeout: "
            "inf is no length of time. Write seconds, as in 120, or leave it out.",
        ),
        (
            '[[shell.x.command]]\nargv = ["x"]\ntimeout = inf',
            "nixspec.toml:3: shell.x.command.0.timeout: "
            "inf is no length of time. Write seconds, as in 120, or leave it out.",
        ),
        (
            '[shell.x]\nsystems = [""]',
            "nixspec.toml:2: shell.x.systems.0: '' is no system. "
            'Write one as Nix names it, as in "aarch64-darwin".',
        ),
        (
            "[shell.x.hook]",
            "nixspec.toml:1: shell.x.hook: the table is empty, and states nothing. "
            "Allowed: max_seconds, writes, stdout, processes.",
        ),
        (
            "[shell.x]\ntimeout = true",
            "nixspec.toml:2: shell.x.timeout: must be a valid number, not true.",
        ),
        (
            '[[shell.x.command]]\nargv = ["x"]\nexit = false',
            "nixspec.toml:3: shell.x.command.0.exit: must be an integer, not false.",
        ),
    ],
)
def test_a_value_that_states_nothing_is_one_mistake(tmp_path, text, message):
    assert mistakes(tmp_path, text + "\n") == message
