#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints a folder with the npm packages of DIRECTORY/package-lock.json below it, fetched once per content and kept in the
# cache. usage: npm_modules.sh DIRECTORY NAME
set -euo pipefail
cache=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}
modules=$cache/$2-modules-$(cat "$1/package.json" "$1/package-lock.json" | sha256sum | cut -c1-16)
if [ ! -e "$modules/complete" ]; then
  mkdir -p "$cache"
  exec 9>"$cache/$2.lock"
  flock 9 # two installations at once would disturb each other
fi
if [ ! -e "$modules/complete" ]; then
  echo "fetching the npm packages of $2, once" >&2
  rm -rf "$modules"
  mkdir -p "$modules"
  cp "$1/package.json" "$1/package-lock.json" "$modules"
  (cd "$modules" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2 ||
    { echo "cannot install the npm packages of $2: is the npm registry reachable?" >&2; exit 1; }
  touch "$modules/complete"
fi
echo "$modules"
