#!/usr/bin/env bash
# Makes or refreshes a Python environment. Usage: tools/environment.sh FOLDER [SET]
# SET names a file in requirements/; without it the folder holds the project itself and everything that its work needs.
# PYTHON names the interpreter to build on; without it the first one of version 3.11 or newer is taken.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?folder of the environment}
set=${2:-dev}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    echo "xinzheng needs Python 3.11 or newer; set PYTHON=/path/to/python. 信证需要 Python 3.11 或更新版本。" >&2
    return 1
}

python=$(find_python)
wanted=$("$python" -c 'import sys; print(sys.version)'; cat "requirements/$set.txt")
if [ "$set" = dev ]; then
    wanted+=$(cat ./*/pyproject.toml)
fi
stamp=$(printf '%s' "$wanted" | "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')
if [ -f "$folder/.stamp" ] && [ "$(cat "$folder/.stamp")" = "$stamp" ]; then
    exit 0
fi
echo "Making the Python environment in $folder (once) …" >&2
rm -rf "$folder"
if ! "$python" -m venv "$folder" >/dev/null 2>&1; then
    rm -rf "$folder"
    # Debian keeps ensurepip in a package of its own.
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
    fi
    "$python" -m venv "$folder"
fi
pip=("$folder/bin/python" -m pip --disable-pip-version-check -qq)
# The file is complete, so nothing is resolved: pip must not look for a newer release on behalf of an extra.
"${pip[@]}" install --require-hashes --no-deps --only-binary :all: -r "requirements/$set.txt"
if [ "$set" = dev ]; then
    "${pip[@]}" install --no-deps --no-build-isolation -e schemas -e verifier -e keys -e issuer
fi
"${pip[@]}" check
printf '%s' "$stamp" >"$folder/.stamp"
