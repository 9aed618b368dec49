# `make spec` checks this repository's own specification, `make test` runs the tests.
# Both prepare the machine first; what is there already is kept.

PYTHON ?= python3
ARGS ?=

.PHONY: spec test lint
spec: .venv/ready
	@.venv/bin/python -m embedded
	@.venv/bin/pytest --nixspec $(ARGS)

test: .venv/ready
	@.venv/bin/python -m embedded --every-nix
	@.venv/bin/pytest $(ARGS)

lint: .venv/ready
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

.venv/ready: pyproject.toml embedded/environment.sh
	@PYTHON='$(PYTHON)' sh embedded/environment.sh
