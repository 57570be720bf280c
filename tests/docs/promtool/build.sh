#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of Prometheus' promtool, built from its pinned Go module first where it is missing (3 minutes on 2 cores).
set -euo pipefail
cd "$(dirname "$0")"
cache=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}
out=$cache/promtool-$(cat go.mod go.sum tools.go build.sh | sha256sum | cut -c1-12)
if [ ! -x "$out/promtool" ]; then
  mkdir -p "$cache"
  exec 9>"$cache/promtool.lock"
  flock 9
fi
if [ ! -x "$out/promtool" ]; then
  echo "building promtool" >&2
  go=$(../../mesh/fetch_go.sh)
  mkdir -p "$out"
  # Without service discovery, which is most of it and needs the clients of every cloud.
  CGO_ENABLED=0 GOTOOLCHAIN=local "$go" build -buildvcs=false -trimpath -tags remove_all_sd -ldflags "-s -w" \
    -o "$out/promtool.part" github.com/prometheus/prometheus/cmd/promtool >&2
  mv "$out/promtool.part" "$out/promtool"
fi
echo "$out/promtool"
