"""Which OTP each Elixir supports, as Elixir's own compatibility pages say it.

Read in August 2026 from the page of every tag from 1.12.0 to 1.20.3 and from the page on `main`
(elixir-lang/elixir, lib/elixir/pages/references/compatibility-and-deprecations.md). Where two
differ, a release's own page wins for what it adds: 28 from 1.18.4 is on no other, and 25 from
1.13.4 and 26 from 1.14.5 are footnotes of later ones.
"""

from typing import NamedTuple

READ = "2026-08"


class Row(NamedTuple):
    """From which Elixir on, and until the next row, which OTPs are supported."""

    since: str
    oldest: int
    newest: int


ROWS = (
    Row("1.12.0", 22, 24),
    Row("1.13.4", 22, 25),
    Row("1.14.0-rc.0", 23, 25),
    Row("1.14.5", 23, 26),
    Row("1.15.0-rc.0", 24, 26),
    Row("1.17.0-rc.0", 25, 27),
    Row("1.18.4", 25, 28),
    Row("1.19.0-rc.0", 26, 28),
    Row("1.20.0-rc.4", 27, 29),
)

LAST_OF_EACH_LINE = (
    "1.12.3", "1.13.4", "1.14.5", "1.15.8", "1.16.3", "1.17.3", "1.18.4", "1.19.5", "1.20.3",
)  # fmt: skip
"""The last release of each minor version that was read; what came after may support more."""
