#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the directory that holds the protos of the Otlp output, fetching them from Maven Central first where the cache
# has none. --lock writes the checksums of otlp_protos.lock anew after an artifact line was changed.
# usage: fetch_otlp_protos.sh CACHE_DIR [--lock]
set -euo pipefail
cache=$1
lock=$(dirname "$(readlink -f "$0")")/otlp_protos.lock
out=$cache/otlp-protos-$(sha256sum "$lock" | cut -c1-16)

# The files that the lock names, below $1/protos.
fetch() {
  mkdir -p "$1/jars" "$1/all" "$1/protos"
  sed -n 's/^artifact //p' "$lock" | while read -r artifact; do
    # The plugin by version too: what Maven resolves must not change by itself.
    (cd "$1" && mvn --batch-mode --quiet --no-transfer-progress -Dstyle.color=never \
      org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy "-Dartifact=$artifact" \
      "-DoutputDirectory=$1/jars" >&2 </dev/null) ||
      { echo "cannot fetch $artifact: is Maven Central reachable?" >&2; exit 1; }
  done
  for jar in "$1"/jars/*.jar; do
    python3 -m zipfile -e "$jar" "$1/all"
  done
  sed -n 's/^file [0-9a-f]* //p' "$lock" | while read -r file; do
    mkdir -p "$1/protos/$(dirname "$file")"
    cp "$1/all/$file" "$1/protos/$file"
  done
}

if [ "${2:-}" = --lock ] || [ ! -e "$out/.complete" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  echo "-- Fetching OpenTelemetry's protos from Maven Central, once: this takes a minute" >&2
  fetch "$work"
  cd "$work/protos"
  if [ "${2:-}" = --lock ]; then
    sums=$(sed -n 's/^file [0-9a-f]* //p' "$lock" | xargs sha256sum | sed 's/^\([0-9a-f]*\)  /file \1 /')
    sed -i '/^file /d' "$lock"
    echo "$sums" >>"$lock"
    exit
  fi
  sed -n 's/^file \([0-9a-f]*\) \(.*\)$/\1  \2/p' "$lock" | sha256sum --check --quiet --strict >&2 ||
    { echo "a proto differs from otlp_protos.lock" >&2; exit 1; }
  touch .complete
  mkdir -p "$cache"
  rm -rf "$out"
  mv "$work/protos" "$out"
fi
echo "$out"
