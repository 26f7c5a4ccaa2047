#!/bin/sh
# What the province and the country's publisher do once the court has handed in, for practice: next-edition.sh FOLDER,
# a folder that rehearse.sh made, with xinzheng on the PATH. FOLDER/country.xzb is then what the country's lenders get.
set -eu
cd "$1"
export XINZHENG_KEY_PASSPHRASE_FROM="file:$PWD/passphrase"
step() { name=$1; shift; xinzheng trust-list ceremony "$name" --config next.toml --work work --published public "$@"; }

cp incoming/420683/issuer.json incoming/420683/key.json work/courts/420683/
awk '/^\[/ { mine = /^\[provinces\.42\]/ } mine && /^version = / { $3++ } { print }' trust-list.toml > next.toml
step draft --role province-42
step sign --role province-42 --share province-42-1
step assemble --role province-42
mv next.toml trust-list.toml

xinzheng trust-list publish --config trust-list.toml --repository public --take work --take incoming
xinzheng trust-list bundle --config trust-list.toml --repository public --out country.xzb
