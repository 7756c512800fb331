#!/usr/bin/env bash
# Makes build/venv, the Python environment with real JAX, against which the tests compare. Nothing to do: returns at once.
set -euo pipefail
cd "$(dirname "$0")/../.."

wanted=(jax==0.10.2 numpy flatbuffers absl-py)
stamp=build/venv/.complete
[ -f $stamp ] && [ "$(cat $stamp)" = "${wanted[*]}" ] && exit 0

# JAX 0.10.2 wants Python 3.11 or newer.
python=
for candidate in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if command -v "$candidate" > /dev/null &&
        "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "the tests need Python 3.11 or newer with venv" >&2
    exit 1
fi
echo "making build/venv with ${wanted[*]}"
rm -rf build/venv
mkdir -p build
"$python" -m venv build/venv
build/venv/bin/pip install --quiet --disable-pip-version-check "${wanted[@]}"
echo "${wanted[*]}" > $stamp
