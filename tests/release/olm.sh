#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of OLM's own validator of bundles, built from its pinned Go module (some minutes once, then cached).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}
out=$cache/olm-$(cat "$here"/olm/{go.mod,go.sum,tools.go} | sha256sum | cut -c1-12)/operator-verify
if [ ! -x "$out" ]; then
  mkdir -p "$(dirname "$out")"
  exec 9>"$cache/olm.lock"
  flock 9
fi
if [ ! -x "$out" ]; then
  go=$("$here/../mesh/fetch_go.sh")
  echo "building OLM's validator" >&2
  (cd "$here/olm" && CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local \
    nice "$go" build -trimpath -ldflags "-s -w" -o "$out.new" github.com/operator-framework/api/cmd/operator-verify >&2)
  mv "$out.new" "$out"
fi
echo "$out"
