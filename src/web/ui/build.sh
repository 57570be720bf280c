#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the page and writes it as C++ source. The result stays in the cache under the hash of everything it is made
# of, so npm is needed only when that changed. usage: build.sh OUT.cc, or build.sh --modules to print where the
# page's packages are
set -euo pipefail
out=$(realpath -m -- "${1:?usage: build.sh OUT.cc, or --modules}")
cd "$(dirname "$0")"
cache=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}
mkdir -p "$cache"
if [ "$1" = --modules ]; then
  exec ../../../cmake/npm_modules.sh . ui
fi
inputs=(package.json package-lock.json vite.config.ts tsconfig.json index.html embed.mjs build.sh src/*)
built=$cache/ui-$(sha256sum "${inputs[@]}" | sha256sum | cut -c1-16).cc
if [ ! -e "$built" ]; then
  modules=$(../../../cmake/npm_modules.sh . ui)
  # Below the packages, where their names resolve.
  work=$(mktemp -d "$modules/build-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cp -r index.html vite.config.ts tsconfig.json embed.mjs src "$work"
  (cd "$work" && ../node_modules/.bin/tsc --noEmit && ../node_modules/.bin/vite build --logLevel warn &&
    node embed.mjs dist "$work/page.cc") >&2
  mv "$work/page.cc" "$built"
fi
cmp -s "$built" "$out" || cp "$built" "$out"
