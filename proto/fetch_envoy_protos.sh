#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the directory that holds Envoy's protos, fetching it first where the cache has none.
# usage: fetch_envoy_protos.sh CACHE_DIR
set -euo pipefail
cache=$1
lock=$(dirname "$(readlink -f "$0")")/envoy_protos.lock
package=$(sed -n 's/^package //p' "$lock")
integrity=$(sed -n 's/^integrity sha512-//p' "$lock")
out=$cache/envoy-protos-$(sha256sum "$lock" | cut -c1-16)

if [ ! -e "$out/.complete" ]; then
  echo "-- Fetching Envoy's protos, once: npm package $package" >&2
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack --silent "$package" >/dev/null) ||
    { echo "cannot fetch npm package $package: is the npm registry reachable?" >&2; exit 1; }
  tarball=("$work"/*.tgz)
  seen=$(openssl dgst -sha512 -binary "${tarball[0]}" | base64 -w0)
  [ "$seen" = "$integrity" ] ||
    { echo "npm package $package has checksum $seen, expected $integrity: not used" >&2; exit 1; }
  tar -xzf "${tarball[0]}" -C "$work"
  mkdir -p "$work/protos"
  sed -n 's/^file \([0-9a-f]*\) \(.*\)$/\1  \2/p' "$lock" > "$work/sums"
  (cd "$work/package/deps" && sha256sum --check --quiet "$work/sums") ||
    { echo "a proto of $package differs from envoy_protos.lock" >&2; exit 1; }
  while read -r _ file; do
    root=${file%%/*}
    mkdir -p "$work/protos/$(dirname "${file#"$root"/}")"
    cp "$work/package/deps/$file" "$work/protos/${file#"$root"/}"
  done < "$work/sums"
  touch "$work/protos/.complete"
  mkdir -p "$cache"
  rm -rf "$out"
  mv "$work/protos" "$out"
fi
echo "$out"
