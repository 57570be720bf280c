#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of a program of the Go module that FOLDER pins, built first where it is missing (minutes once, then cached).
# usage: tests/go_program.sh NAME FOLDER PACKAGE; NAME is that of its place in the cache
set -euo pipefail
name=$1 folder=$2 package=$3
tests=$(cd "$(dirname "$0")" && pwd)
cache=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}
out=$cache/$name-$(cat "$folder"/{go.mod,go.sum,tools.go} | sha256sum | cut -c1-12)/$(basename "$package")
if [ ! -x "$out" ]; then
  mkdir -p "$(dirname "$out")"
  exec 9>"$cache/$name.lock"
  flock 9
fi
if [ ! -x "$out" ]; then
  go=$("$tests/mesh/fetch_go.sh")
  echo "building $(basename "$package")" >&2
  (cd "$folder" && CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local \
    nice "$go" build -trimpath -ldflags "-s -w" -o "$out.new" "$package" >&2)
  mv "$out.new" "$out"
fi
echo "$out"
