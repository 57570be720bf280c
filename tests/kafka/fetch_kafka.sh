#!/usr/bin/env bash
# Prints the folder of Apache Kafka's jars, fetching them from Maven Central into the cache where they are missing.
# jars.lock names every jar with its SHA-256; "fetch_kafka.sh --lock" writes it anew after pom.xml was changed.
set -euo pipefail
cd "$(dirname "$0")"
key=$({ cat pom.xml jars.lock 2>/dev/null || true; } | sha256sum | cut -c1-16)
dir=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}/kafka-$key
if [ "${1:-}" = --lock ] || [ ! -e "$dir/ready" ]; then
  rm -rf "$dir"
  mkdir -p "$dir"
  # Plugin and pom by version: what Maven resolves must not change by itself.
  mvn --batch-mode --quiet -f pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DincludeScope=runtime "-DoutputDirectory=$dir" >&2 ||
    { echo "cannot fetch Apache Kafka: is Maven Central reachable?" >&2; exit 1; }
  if [ "${1:-}" = --lock ]; then
    (cd "$dir" && sha256sum -- *.jar) >jars.lock
    rm -rf "$dir"
    exec ./fetch_kafka.sh
  fi
  (cd "$dir" && sha256sum --quiet --check --strict) <jars.lock >&2 ||
    { echo "the jars of Apache Kafka are not those of tests/kafka/jars.lock" >&2; exit 1; }
  [ "$(ls "$dir"/*.jar | wc -l)" = "$(wc -l <jars.lock)" ] ||
    { echo "more jars came than tests/kafka/jars.lock names" >&2; exit 1; }
  touch "$dir/ready"
fi
echo "$dir"
