#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# End-to-end tests on a real mesh (tests/mesh). usage: tests/e2e/run.sh BUILD; ends with "N passed, N failed".
# Files that mostly wait, for leases, for the API server's own periods and for watches that are silent, run beside the others, on
# a mesh of their own.
set -uo pipefail
export TRAFFICTAP_BUILD=${1:-build}
folder=$(dirname "$0")
waiting=open_streams_test,registration_test,silence_test,two_operators_test
if [ -n "${TEST:-}${WITHOUT:-}${FILES:-}" ]; then exec python3 "$folder/../runner.py" "$folder"; fi

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
last='^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$'

# Adds a run's last line to the totals. Without one it broke off. usage: add LOG
passed=0 failed=0 skipped=0
add() {
  if [[ $(grep -E "$last" "$1" | tail -n 1) =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
  else
    failed=$((failed + 1))
  fi
}

FILES=$waiting python3 "$folder/../runner.py" "$folder" >"$logs/waiting" 2>&1 </dev/null &
beside=$!
WITHOUT=$waiting python3 "$folder/../runner.py" "$folder" 2>&1 | tee "$logs/others" | grep --line-buffered -vE "$last"
wait "$beside"
grep -vE "$last" "$logs/waiting"
add "$logs/others"
add "$logs/waiting"
echo "$passed passed, $failed failed$([ $skipped = 0 ] || echo ", $skipped skipped")"
[ $failed = 0 ]
