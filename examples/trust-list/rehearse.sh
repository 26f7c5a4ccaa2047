#!/bin/sh
# The whole first ceremony in one folder, for practice: rehearse.sh FOLDER, from the project's folder, with xinzheng on
# the PATH. On a real day every share is at a place and a machine of its own.
set -eu
examples=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
cp "$examples/trust-list.toml" .
umask 077
echo "the passphrase of this rehearsal" > passphrase
export XINZHENG_KEY_PASSPHRASE_FROM="file:$PWD/passphrase"
step() { name=$1; shift; xinzheng trust-list ceremony "$name" --config trust-list.toml --work work "$@"; }

for share in root-1 root-2 root-3 targets-1 snapshot-1 timestamp-1 province-42-1; do
  medium=$share
  case $share in snapshot-1 | timestamp-1) medium=publisher ;; esac
  mkdir -p "media/$medium"
  step keys --share "$share"
done

XINZHENG_KEY_PASSPHRASE_FROM='' xinzheng init --data court --config "$examples/../zaoyang/court.toml"
XINZHENG_KEY_PASSPHRASE_FROM='' xinzheng bundle --data court --contribution incoming/420683
mkdir -p work/courts/420683
cp incoming/420683/issuer.json incoming/420683/key.json work/courts/420683/

step draft --role root
step sign --role root --share root-1
step sign --role root --share root-3
step assemble --role root
for role in targets province-42; do
  step draft --role "$role"
  step sign --role "$role" --share "$role-1"
  step assemble --role "$role"
done

xinzheng trust-list publish --config trust-list.toml --repository public --take work --take incoming
