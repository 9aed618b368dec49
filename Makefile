# `make spec` checks this repository's own specification, `make test` runs the tests.
# Both prepare the machine first; what is there already is kept.

PYTHON ?= python3
ARGS ?=

.PHONY: spec test nightly lint
spec: .venv/ready
	@.venv/bin/python -m embedded
	@.venv/bin/pytest --nixspec $(ARGS)

test: .venv/ready
	@.venv/bin/python -m embedded --every-nix
	@.venv/bin/pytest -n 2 --dist loadfile $(ARGS)

# 100,000 cases for each rule of versions, asked of the real Elixir and the real Nix.
nightly: .venv/ready
	@.venv/bin/python -m embedded --every-nix
	@.venv/bin/pytest --hypothesis-profile=nightly -n 2 tests/versions -k real $(ARGS)

lint: .venv/ready
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

.venv/ready: pyproject.toml embedded/environment.sh
	@PYTHON='$(PYTHON)' sh embedded/environment.sh
