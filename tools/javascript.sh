#!/usr/bin/env bash
# Makes or refreshes the folder with the JavaScript implementations. Usage: tools/javascript.sh FOLDER
# Without Node.js 20 or newer nothing is made, and what needs the folder says so.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?folder of the packages}

if ! command -v npm >/dev/null || ! node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)'; then
    echo "No Node.js 20 or newer: the JavaScript implementations are left out." >&2
    rm -rf "$folder"
    exit 0
fi
stamp=$(cat interop/javascript/package-lock.json | cksum)
if [ -f "$folder/.stamp" ] && [ "$(cat "$folder/.stamp")" = "$stamp" ]; then
    exit 0
fi
echo "Getting the JavaScript packages into $folder (once) …" >&2
rm -rf "$folder"
mkdir -p "$folder"
cp interop/javascript/package.json interop/javascript/package-lock.json interop/javascript/.npmrc "$folder"
npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent
printf '%s' "$stamp" >"$folder/.stamp"
