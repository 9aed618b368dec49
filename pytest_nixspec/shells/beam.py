"""Which OTP an Elixir was compiled with, and which it runs on."""

import re

from pytest_nixspec.errors import ProbeError
from pytest_nixspec.shells.shell import Shell

_ASK = """
otp = List.to_string(:erlang.system_info(:otp_release))
file = Path.join([:code.root_dir(), "releases", otp, "OTP_VERSION"])
IO.puts("nixspec-otp #{System.build_info().otp_release} #{String.trim(File.read!(file))}")
"""


def otps_of_elixir(shell: Shell) -> tuple[str, str]:
    """Return the major version that a shell's Elixir was compiled with, and what it runs on.

    Raises:
        ToolNotFoundError: The shell has no Elixir.
        ProbeError: Elixir does not come so far as to say it.
    """
    done = shell.run(["elixir", "-e", _ASK])
    said = re.search(r"^nixspec-otp (\S+) (\S+)$", done.text, re.MULTILINE)
    if said is None:
        message = f"`elixir -e …` did not say its OTP:\n{done.error_text or done.text}"
        raise ProbeError(message)
    return said[1], said[2]
