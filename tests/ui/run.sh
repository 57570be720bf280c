#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The web page's units and the page itself in a real Chromium. usage: tests/ui/run.sh BUILD; TEST=… selects by name
set -uo pipefail
cd "$(dirname "$0")/../.."
COLLECTOR=$(realpath "${1:-build}/src/collector/traffictap-collector")
UI_MODULES=$(src/web/ui/build.sh --modules) || { echo "0 passed, 1 failed"; exit 1; }
export COLLECTOR UI_MODULES
report=$(mktemp)
trap 'rm -f "$report"' EXIT

"$UI_MODULES/node_modules/.bin/vitest" run --config "$PWD/tests/ui/vitest.config.mjs" --root "$PWD/tests/ui" ${TEST:+-t "$TEST"} \
  --reporter=default --reporter=json --outputFile.json="$report"
good=$(jq -r .numPassedTests "$report") bad=$(jq -r .numFailedTests "$report")
[ -n "$good" ] || { good=0 bad=1; }

last=$(timeout 600 node tests/ui/page_test.mjs | tee /dev/stderr | tail -n 1)
if [[ "$last" =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
  good=$((good + BASH_REMATCH[1])) bad=$((bad + BASH_REMATCH[2]))
else
  bad=$((bad + 1))
fi
echo "$good passed, $bad failed"
[ "$bad" = 0 ]
