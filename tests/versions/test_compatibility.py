"""Which OTP an Elixir supports, and which three OTPs it meets."""

import pytest

from pytest_nixspec import Version
from pytest_nixspec.verdict import Outcome
from pytest_nixspec.versions.compatibility import one_otp, supports


def verdict(elixir, otp):
    return supports(Version.parse(elixir), Version.parse(otp, "otp"))


@pytest.mark.parametrize(
    ("elixir", "oldest", "newest"),
    [
        ("1.12.0", 22, 24), ("1.13.3", 22, 24), ("1.13.4", 22, 25), ("1.14.0-rc.0", 23, 25),
        ("1.14.4", 23, 25), ("1.14.5", 23, 26), ("1.15.8", 24, 26), ("1.16.3", 24, 26),
        ("1.17.0-rc.0", 25, 27), ("1.17.3", 25, 27), ("1.18.3", 25, 27), ("1.18.4", 25, 28),
        ("1.19.5", 26, 28), ("1.20.0-rc.3", 26, 28), ("1.20.0-rc.4", 27, 29), ("1.20.3", 27, 29),
    ],
)  # fmt: skip
def test_support_begins_and_ends_where_elixirs_own_pages_say(elixir, oldest, newest):
    assert verdict(elixir, f"{oldest}.3.4").passed
    assert verdict(elixir, str(newest)).passed
    assert verdict(elixir, str(oldest - 1)).outcome is Outcome.FAILED
    assert verdict(elixir, f"{newest + 1}.0-rc1").outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("elixir", "why"),
    [
        ("1.20.4", "knows no release after 1.20.3 of that line"),
        ("1.18.5", "knows no release after 1.18.4 of that line"),
        ("1.21.0-dev", "knows no release after 1.20.3"),
        ("2.0.0", "knows no release after 1.20.3"),
        ("1.11.4", "the table begins at 1.12.0"),
    ],
)
def test_what_the_table_does_not_know_is_unknown(elixir, why):
    assert verdict(elixir, "27").outcome is Outcome.UNKNOWN
    assert why in verdict(elixir, "27").reason


def test_a_pair_that_does_not_fit_names_one_that_does():
    assert verdict("1.17.3", "28").remedy == "Take OTP 27, or Elixir 1.18.4 or later for OTP 28."
    assert verdict("1.16.3", "23").remedy == "Take OTP 24, or an Elixir 1.14 for OTP 23."
    assert "no Elixir of the table" in verdict("1.20.3", "30").remedy


def test_one_otp_is_a_pass_whatever_its_patch_release():
    assert one_otp("1.18.3", "27", "27.3.4", "27.2").passed


@pytest.mark.parametrize(
    ("compiled", "running", "on_path", "said"),
    [
        ("28", "27.3", "27.3", "compiled with OTP 28 and runs on the older 27, "
                               "which cannot load its modules: `corrupt atom table`"),
        ("27", "27.3", "28.1", "older 27, which cannot load what erlc and rebar3 compile"),
        ("25", "27.3", "25.2", "which cannot load what Elixir compiles on the newer 27: "
                               "`features_not_allowed`"),
        ("26", "25.3", "25.3", "compiled with OTP 26 and runs on the older 25"),
    ],
)  # fmt: skip
def test_a_mismatch_is_explained_with_the_failure_it_causes(compiled, running, on_path, said):
    found = one_otp("1.18.3", compiled, running, on_path)

    assert found.outcome is Outcome.FAILED
    assert said in found.reason
    assert found.evidence == (
        f"compiled with OTP {compiled}",
        f"runs on OTP {running}",
        f"`erl` on PATH is OTP {on_path}",
    )


def test_an_elixir_compiled_with_an_older_otp_that_it_supports_passes():
    assert one_otp("1.14.5", "25", "26.2", "26.2").passed


def test_one_otp_that_elixir_does_not_support_fails_and_one_unknown_to_us_is_unknown():
    assert one_otp("1.17.3", "28", "28.0", "28.0").outcome is Outcome.FAILED
    assert one_otp("1.20.4", "29", "29.0", "29.0").outcome is Outcome.UNKNOWN


def test_the_suffix_of_asdf_is_no_pre_release():
    assert verdict("1.18.4-otp-27", "28").passed
