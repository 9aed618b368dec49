"""The real programs as oracles: what they say is what is right."""

import base64
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pytest_nixspec import process
from pytest_nixspec.nix import Nix
from pytest_nixspec.shells import Shell

_ELIXIR = """
defmodule Oracle do
  def answer(["match", requirement, version, allow]) do
    with {:ok, _} <- Version.parse(version),
         {:ok, wanted} <- Version.parse_requirement(requirement) do
      inspect(Version.match?(version, wanted, allow_pre: allow == "true"))
    else
      :error -> "invalid"
    end
  end

  def answer(["compare", one, other]) do
    case {Version.parse(one), Version.parse(other)} do
      {{:ok, one}, {:ok, other}} -> inspect(Version.compare(one, other))
      _ -> "invalid"
    end
  end

  def loop do
    case IO.gets("") do
      :eof -> :ok
      line ->
        line |> String.trim() |> String.split(",") |> Enum.map(&Base.decode64!/1) |> answer()
        |> IO.puts()
        loop()
    end
  end
end
Oracle.loop()
"""


class RealElixir:
    """One long-lived Elixir that answers a question a line."""

    def __init__(self, shell: Shell) -> None:
        self._child = subprocess.Popen(
            [shell.tool("elixir").path, "-e", _ELIXIR],
            env=shell.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A deprecated `!` is a warning a question.
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
        )

    def ask(self, *words: str) -> str:
        """Return the answer to a question; its words may hold any character."""
        assert self._child.stdin
        assert self._child.stdout
        encoded = (base64.b64encode(word.encode()).decode() for word in words)
        self._child.stdin.write(",".join(encoded) + "\n")
        return self._child.stdout.readline().strip()

    def close(self) -> None:
        """End it."""
        with self._child:
            self._child.communicate()


def ask_nix(nix: Nix, directory: Path, function: str, questions: Sequence[object]) -> list[object]:
    """Return what Nix answers to a batch of questions, by an expression from one to its answer."""
    file = directory / "questions.json"
    file.write_text(json.dumps(questions))
    asked = f"map ({function}) (builtins.fromJSON (builtins.readFile {file}))"
    deadline = process.after(120)
    said = nix.must("eval", "--json", "--impure", "--expr", asked, deadline=deadline)
    answers: list[object] = json.loads(said)
    return answers
