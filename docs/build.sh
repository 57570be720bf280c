#!/usr/bin/env bash
# Builds the documents as a site. npm's packages stay in the cache under the hash of their lock. usage: build.sh OUT
set -euo pipefail
out=$(realpath -m -- "${1:?usage: build.sh OUT}")
cd "$(dirname "$0")"
cache=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}
modules=$cache/docs-modules-$(cat package.json package-lock.json | sha256sum | cut -c1-16)
mkdir -p "$cache"
exec 9>"$cache/docs.lock"
flock 9 # two installations at once would disturb each other
if [ ! -e "$modules/complete" ]; then
  rm -rf "$modules"
  mkdir -p "$modules"
  cp package.json package-lock.json "$modules"
  (cd "$modules" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2 ||
    { echo "cannot install the site's packages: is the npm registry reachable?" >&2; exit 1; }
  touch "$modules/complete"
fi
flock -u 9
# Below the packages, where their names resolve.
work=$(mktemp -d "$modules/build-XXXXXX")
trap 'rm -rf "$work"' EXIT
cp -r .vitepress ./*.md images recipes reference "$work"
(cd "$work" && ../node_modules/.bin/vitepress build --outDir "$work/site" >"$work/log" 2>&1) || { cat "$work/log" >&2; exit 1; }
rm -rf "$out"
mkdir -p "$(dirname "$out")"
mv "$work/site" "$out"
