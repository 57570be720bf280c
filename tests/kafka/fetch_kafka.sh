#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the folder of Apache Kafka's jars, fetching them from Maven Central into the cache where they are missing.
# jars-VERSION.lock names every jar with its SHA-256; --lock writes it anew after pom.xml was changed.
# usage: fetch_kafka.sh VERSION [--lock]
set -euo pipefail
cd "$(dirname "$0")"
version=$1 lock=jars-$1.lock
key=$({ cat pom.xml "$lock" 2>/dev/null || true; } | sha256sum | cut -c1-16)
dir=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}/kafka-$version-$key
if [ ! -e "$dir/ready" ]; then
  mkdir -p "$(dirname "$dir")"
  exec 9>"$dir.lock"
  flock 9
fi
if [ "${2:-}" = --lock ] || [ ! -e "$dir/ready" ]; then
  rm -rf "$dir"
  mkdir -p "$dir"
  # The plugin by version too: what Maven resolves must not change by itself.
  mvn --batch-mode --quiet --no-transfer-progress -Dstyle.color=never -f pom.xml "-Dkafka.version=$version" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DincludeScope=runtime "-DoutputDirectory=$dir" >&2 ||
    { echo "cannot fetch Apache Kafka $version: is Maven Central reachable?" >&2; exit 1; }
  if [ "${2:-}" = --lock ]; then
    (cd "$dir" && sha256sum -- *.jar) >"$lock"
    rm -rf "$dir"
    exec ./fetch_kafka.sh "$version"
  fi
  (cd "$dir" && sha256sum --quiet --check --strict) <"$lock" >&2 ||
    { echo "the jars of Apache Kafka are not those of tests/kafka/$lock" >&2; exit 1; }
  [ "$(find "$dir" -name '*.jar' | wc -l)" = "$(wc -l <"$lock")" ] ||
    { echo "more jars came than tests/kafka/$lock names" >&2; exit 1; }
  touch "$dir/ready"
fi
echo "$dir"
