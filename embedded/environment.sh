#!/bin/sh
# Make .venv with everything that `make spec` and `make test` need, and say what is missing.
set -eu

python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "pytest-nixspec needs Python 3.11 or newer, and $python is none." >&2
  echo "Install one (Debian: apt-get install python3-venv), or name it: make spec PYTHON=python3.12" >&2
  exit 1
fi

echo "[prepare] Python environment in .venv"
if ! "$python" -m venv .venv 2>/dev/null; then
  # Debian keeps what venv needs in a package of its own.
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "$python cannot make virtual environments. Debian: apt-get install python3-venv" >&2
    exit 1
  fi
  echo "[prepare] installing python3-venv"
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
  "$python" -m venv .venv
fi

echo "[prepare] packages from PyPI (some hundred MB once installed; a minute or two)"
.venv/bin/python -m pip install -qq --disable-pip-version-check --editable '.[mlx,dev]'
touch .venv/ready
