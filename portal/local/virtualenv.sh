#!/bin/sh
# Prepare .venv:  virtualenv.sh run|dev
# Finds a Python that will do (or takes the one of PY) and leaves the rest to virtualenv.py.
set -eu
wanted=$1
script=portal/local/virtualenv.py

# Nearly always there is nothing to do, and the environment's own Python says so fastest.
if [ -x .venv/bin/python ] && .venv/bin/python -I -S "$script" check "$wanted" 2>/dev/null; then
    exit 0
fi

suits() { "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
makes_environments() { "$1" -I -c 'import ensurepip, venv' >/dev/null 2>&1; }

new_enough=
for python in "${PY:-python3}" ${PY:+-} python3.14 python3.13 python3.12 python3.11; do
    [ "$python" != - ] || break # PY names the only one to try
    suits "$python" || continue
    new_enough=$python
    makes_environments "$python" || continue
    exec "$python" -I "$script" install "$wanted"
done

if [ -n "$new_enough" ]; then
    echo "$new_enough comes without its venv module: install it (apt-get install python3-venv), then try again." >&2
elif [ -n "${PY:-}" ]; then
    echo "PY=$PY is no Python 3.11 or newer." >&2
else
    echo "Python 3.11 or newer is needed: install it (apt-get install python3 python3-venv), or name one with PY=/path/to/python." >&2
fi
exit 1
