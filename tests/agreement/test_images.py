"""What Dockerfiles and the tags of images say."""

import pytest

from pytest_nixspec.agreement.images import dockerfile_claims, image_claims

GENERATED = """\
# syntax=docker/dockerfile:1
ARG ELIXIR_VERSION=1.17.3
ARG OTP_VERSION=27.1.2
ARG DEBIAN_VERSION=bookworm-20240904-slim

ARG BUILDER_IMAGE="hexpm/elixir:${ELIXIR_VERSION}-erlang-${OTP_VERSION}-debian-${DEBIAN_VERSION}"
ARG RUNNER_IMAGE="debian:${DEBIAN_VERSION}"

FROM ${BUILDER_IMAGE} AS builder
FROM ${RUNNER_IMAGE}
"""


def said(claims):
    return {claim.tool: str(claim.versions) for claim in claims if claim.alternatives}


def test_the_file_that_phoenix_generates_is_read():
    claims = dockerfile_claims(GENERATED, "Dockerfile", "exact")

    assert said(claims) == {"elixir": "== 1.17.3", "erl": "== 27.1.2"}
    assert {claim.place for claim in claims} == {"Dockerfile:9"}


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("elixir:1.17.3-otp-27-alpine", {"elixir": "== 1.17.3", "erl": "~> 27"}),
        ("elixir:1.17", {"elixir": "~> 1.17.0"}),
        ("elixir:1", {"elixir": "~> 1.0"}),
        ("docker.io/library/elixir:1.17.3", {"elixir": "== 1.17.3"}),
        ("hexpm/elixir:1.18.0-rc.0-erlang-27.2-alpine-3.20.3",
         {"elixir": "== 1.18.0-rc.0", "erl": "== 27.2"}),
        ("elixir:1.17.3@sha256:0123", {"elixir": "== 1.17.3"}),
        ("erlang:27.1.2-slim", {"erl": ">= 27.1.2 and < 27.1.3-a"}),
        ("erlang:27.3.4.2", {"erl": "== 27.3.4.2"}),
        ("erlang:28.0-rc2", {"erl": "== 28-rc.2"}),
        ("mirror.gcr.io/library/elixir:1.17.3", {"elixir": "== 1.17.3"}),
        ("public.ecr.aws/docker/library/elixir:1.17.3", {"elixir": "== 1.17.3"}),
        ("erlang:27", {"erl": "~> 27"}),
        ("node:22-alpine", {"node": "~> 22"}),
        ("postgres:16.4", {"psql": "== 16.4"}),
        ("debian:12", {}),
        ("registry.example.org:5000/elixir:1.0.0", {}),
        ("ghcr.io/someone/elixir:1.17.3", {}),
    ],
)  # fmt: skip
def test_a_tag_is_read(image, expected):
    assert said(image_claims(image, ("Dockerfile", 1), "exact")) == expected


@pytest.mark.parametrize("image", ["elixir", "elixir:latest", "elixir:alpine", "erlang:slim"])
def test_a_tag_without_a_version_is_unknown(image):
    (claim,) = image_claims(image, ("Dockerfile", 1), "exact")

    assert claim.alternatives == ()
    assert claim.remark == "its tag names no version"


def test_lines_go_on_behind_a_backslash_and_past_comments():
    text = "FROM --platform=linux/amd64 \\\n# a comment\n  elixir:1.17.3 AS x\n"

    (claim,) = dockerfile_claims(text, "Dockerfile", "exact")

    assert (claim.line, str(claim.versions)) == (1, "== 1.17.3")


@pytest.mark.parametrize(
    ("argument", "expected"),
    [("", {"elixir": "== 1.16.0"}), ("ARG V=1.17.3\n", {"elixir": "== 1.17.3"})],
)
def test_a_default_stands_where_a_variable_has_no_value(argument, expected):
    claims = dockerfile_claims(f"{argument}FROM elixir:${{V:-1.16.0}}\n", "Dockerfile", "exact")

    assert said(claims) == expected


def test_a_variable_without_a_value_is_unknown():
    (claim,) = dockerfile_claims("ARG V\nFROM elixir:$V\n", "Dockerfile", "exact")

    assert claim.alternatives == ()


def test_a_precision_widens_what_a_tag_names():
    claims = image_claims("elixir:1.17.3-otp-27", ("Dockerfile", 1), "minor")

    assert said(claims) == {"elixir": "~> 1.17.0", "erl": "~> 27"}


@pytest.mark.parametrize(
    "text",
    [
        "ARG V=1.17.3\nFROM elixir:$V\nARG V=1.16.3\nFROM elixir:$V\n",
        "ARG V=\nFROM elixir:${V:-1.17.3}\n",
        "FROM\telixir:1.17.3\n",
        "FROM \\\n\n  elixir:1.17.3\n",
        "FROM elixir:1.17.3 AS node\nFROM node\n",
        "FROM elixir:1.17.3\nRUN <<EOF\nFROM elixir:1.0.0\nEOF\n",
    ],
)
def test_a_dockerfile_is_read_as_docker_reads_it(text):
    claims = dockerfile_claims(text, "Dockerfile", "exact")

    assert {str(claim.versions) for claim in claims} == {"== 1.17.3"}


def test_a_tag_that_is_no_version_is_unknown():
    (claim,) = image_claims("elixir:1..2", ("Dockerfile", 1), "exact")

    assert claim.alternatives == ()
