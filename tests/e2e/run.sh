#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# End-to-end tests on a real mesh (tests/mesh). usage: tests/e2e/run.sh BUILD; ends with "N passed, N failed".
# The processors are idle for most of them. So the files that wait longest (for a lease, a drain, a watch that falls silent, a mesh
# of their own) are run beside the others, on another mesh; their lines come when both are through.
set -uo pipefail
export TRAFFICTAP_BUILD=${1:-build}
here=$(dirname "$0")
waiting="connections grace open_streams silence two_operators waypoint"
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
trap 'cat "$logs/beside.lines"; exit 1' TERM # the stage took too long: what the others have said

# Without the closing line: the last one is the sum. usage: run LOG OPTION...
run() {
  # shellcheck disable=SC2086 # a list of names
  python3 "$here/../runner.py" "$here" "$2" $waiting 2>&1 | tee "$1" | grep --line-buffered -vE '^[0-9]+ passed, [0-9]+ failed'
}

run "$logs/beside" --only >"$logs/beside.lines" &
run "$logs/own" --but
wait
cat "$logs/beside.lines"
passed=0 failed=0 skipped=0
for log in "$logs/own" "$logs/beside"; do
  last=$(tail -n 1 "$log")
  if [[ "$last" =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
  else
    echo "it broke off without a count: $last"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed$([ $skipped = 0 ] || echo ", $skipped skipped")"
[ $failed = 0 ]
