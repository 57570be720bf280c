#!/usr/bin/env bash
# Builds the page and writes it as C++ source. The result stays in the cache under the hash of everything it is made
# of, so npm is needed only when that changed. usage: build.sh OUT.cc
set -euo pipefail
out=$(realpath -m "${1:?usage: build.sh OUT.cc}")
cd "$(dirname "$0")"
cache=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}
inputs=(package.json package-lock.json vite.config.ts tsconfig.json index.html embed.mjs build.sh src/*)
key=$(sha256sum "${inputs[@]}" | sha256sum | cut -c1-16)
modules=$cache/ui-modules-$(cat package.json package-lock.json | sha256sum | cut -c1-16)
built=$cache/ui-$key.cc

if [ ! -e "$built" ]; then
  mkdir -p "$cache"
  exec 9>"$cache/ui.lock"
  flock 9  # two builds at once would disturb each other
  if [ ! -e "$modules/complete" ]; then
    rm -rf "$modules"
    mkdir -p "$modules"
    cp package.json package-lock.json "$modules"
    (cd "$modules" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2 ||
      { echo "cannot install the page's packages: is the npm registry reachable?" >&2; exit 1; }
    touch "$modules/complete"
  fi
  # Below the packages, where their names resolve.
  work=$(mktemp -d "$modules/build-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cp -r index.html vite.config.ts tsconfig.json embed.mjs src "$work"
  (cd "$work" && ../node_modules/.bin/tsc --noEmit && ../node_modules/.bin/vite build --logLevel warn &&
    node embed.mjs dist "$work/page.cc") >&2
  mv "$work/page.cc" "$built"
fi
cmp -s "$built" "$out" || cp "$built" "$out"
