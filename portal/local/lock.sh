#!/bin/sh
# Lock the dependencies of pyproject.toml with hashes and without addresses, for every platform at once.
set -eu
python=$1
shift
tools=.build/lock-tools
if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    [ -x "$tools/bin/python" ] || "$python" -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv
    uv="$tools/bin/uv"
fi
compile="pip compile --quiet --universal --generate-hashes --no-config --no-header"
"$uv" $compile "$@" --extra local pyproject.toml --output-file requirements.txt
"$uv" $compile "$@" --extra local --extra dev pyproject.toml --constraint requirements.txt --output-file requirements-dev.txt
