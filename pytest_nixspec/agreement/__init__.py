"""Who says which version: mix.exs, .tool-versions, mise.toml, workflows, Dockerfiles, shells."""

from pytest_nixspec.agreement.claim import Claim, Precision, brought
from pytest_nixspec.agreement.judge import Agreement, agree
from pytest_nixspec.agreement.sources import environment_claims, project_claims

__all__ = [
    "Agreement",
    "Claim",
    "Precision",
    "agree",
    "brought",
    "environment_claims",
    "project_claims",
]
