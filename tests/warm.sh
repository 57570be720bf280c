#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches and builds, one after the other, what stages need besides our own programs; nothing where all is in the cache.
# run.sh does so beside its first stages, which mostly wait. A stage that comes to its turn earlier waits for what it needs.
set -uo pipefail
cd "$(dirname "$0")"
code=0
for requirements in */requirements.txt; do
  ./python_env.sh "$requirements" || code=1
done
for version in $(printf '%s\n' kafka/jars-*.lock | sed -E 's/.*jars-(.*)\.lock/\1/'); do
  kafka/fetch_kafka.sh "$version" || code=1
done
for build in mesh/build.sh chart/helm.sh docs/promtool/build.sh bench/otelcol/build.sh release/tools.sh; do
  "./$build" || code=1
done
exit $code
