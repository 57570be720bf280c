#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the documents as a site. usage: build.sh OUT
set -euo pipefail
out=$(realpath -m -- "${1:?usage: build.sh OUT}")
cd "$(dirname "$0")"
modules=$(../cmake/npm_modules.sh . docs)
# Below the packages, where their names resolve.
work=$(mktemp -d "$modules/build-XXXXXX")
trap 'rm -rf "$work"' EXIT
cp -r .vitepress ./*.md images public recipes reference "$work"
(cd "$work" && ../node_modules/.bin/vitepress build --outDir "$work/site" >"$work/log" 2>&1) || { cat "$work/log" >&2; exit 1; }
rm -rf "$out"
mkdir -p "$(dirname "$out")"
mv "$work/site" "$out"
