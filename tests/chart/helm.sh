#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of the real helm, built from the Go module that build/helm/go.mod pins (two minutes once, then cached).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}
key=$(cat "$here"/build/helm/{go.mod,go.sum,tools.go} | sha256sum | cut -c1-12)
out=$cache/helm-$key/helm
if [ ! -x "$out" ]; then
  mkdir -p "$cache/helm-$key"
  exec 9>"$cache/helm.lock"
  flock 9
fi
if [ ! -x "$out" ]; then
  go=$("$here/../mesh/fetch_go.sh")
  echo "building helm" >&2
  (cd "$here/build/helm" && CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local \
    nice "$go" build -trimpath -ldflags "-s -w" -o "$out.new" helm.sh/helm/v4/cmd/helm >&2)
  mv "$out.new" "$out"
fi
echo "$out"
