#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of the OpenTelemetry Collector, built from its pinned Go modules first where it is missing (4 minutes on
# 2 cores).
set -euo pipefail
cd "$(dirname "$0")"
cache=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}
out=$cache/otelcol-$(sha256sum go.mod go.sum main.go | sha256sum | cut -c1-16)
if [ ! -x "$out/otelcol" ]; then
  mkdir -p "$out"
  exec 9>"$cache/otelcol.lock"
  flock 9
fi
if [ ! -x "$out/otelcol" ]; then
  echo "building the OpenTelemetry Collector" >&2
  go=$(../../mesh/fetch_go.sh)
  "$go" build -trimpath -o "$out/otelcol.part" . >&2
  mv "$out/otelcol.part" "$out/otelcol"
fi
echo "$out/otelcol"
