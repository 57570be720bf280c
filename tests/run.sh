#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every stage of the tests and ends with "N passed, N failed". usage: tests/run.sh BUILD [address|thread]
# A stage is the unit tests or a folder with a run.sh, whose own last line counts in the same words. A failing stage
# stops nothing. What root runs must not be skipped: a skipped test counts as a failure then. With thread only the unit
# tests run, with address integration as well.
#   ONLY=units,kafka   these stages alone
#   TEST=retry         of each stage what has this in its name (of the unit tests: modules)
set -uo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: tests/run.sh BUILD [address|thread]} sanitizer=${2:-}
logs=$build/test-logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0

selected() {
  [ -z "${ONLY:-}" ] || [[ ",$ONLY," == *",$1,"* ]]
}

# Adds to the totals and prints the stage's line. usage: report NAME PASSED FAILED SKIPPED SECONDS
report() {
  passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
  printf '%-18s %s passed, %s failed%s  (%s s)\n' "$1" "$2" "$3" "$([ "$4" = 0 ] || echo ", $4 skipped")" "$5"
}

# The number in front of a phrase of Boost's report, 0 without one. usage: cases LOG PHRASE
cases() {
  sed -nE "s/^ *([0-9]+) test cases? out of [0-9]+ $2.*/\1/p" "$1" | head -n 1 | grep . || echo 0
}

unit() {
  local name log=$logs/unit-$2.log start=$SECONDS good bad code
  name=units/$2
  timeout -k 5 300 "$1" --log_level=error --report_level=short --color_output=no >"$log" 2>&1 </dev/null
  code=$?
  good=$(cases "$log" passed)
  bad=$(($(cases "$log" failed) + $(cases "$log" aborted) + $(cases "$log" timed)))
  # It died, or a sanitizer spoke at its end: a failure that Boost could not count.
  if [ $code != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  # No case at all is no success either.
  if [ $code = 0 ] && [ "$good" = 0 ]; then bad=1; fi
  if [ "$bad" != 0 ]; then
    echo "--- $1 ended with $code ---"
    cat "$log"
  fi
  report "$name" "$good" "$bad" "$(cases "$log" skipped)" $((SECONDS - start))
}

# Units of src/kube are held against the mesh's API server, which root's later stages need as well. From nothing its programs
# take minutes to build, which the other units need not wait for. usage: units all|others|kube
units() {
  local executable name found=0
  for executable in $(find "$build/tests" -name '*_test' -type f -executable | sort); do
    name=$(basename "$executable" _test)
    [[ "$name" == *"${TEST:-}"* ]] || continue
    found=1
    if [ "$name" = kube ]; then
      [ "$1" != others ] || continue
      [ "$(id -u)" != 0 ] || tests/mesh/build.sh >/dev/null || report mesh-programs 0 1 0 $SECONDS
    elif [ "$1" = kube ]; then
      continue
    fi
    unit "$executable" "$name"
  done
  if [ $found = 0 ] && [ -z "${TEST:-}" ] && [ "$1" != kube ]; then
    echo "no unit test is built in $build"
    report units 0 1 0 0
  fi
}

# usage: folder NAME
folder() {
  local log=$logs/$1.log start=$SECONDS last code
  timeout -k 30 "${STAGE_SECONDS:-1500}" "tests/$1/run.sh" "$build" </dev/null 2>&1 | tee "$log" | sed -E '/^[0-9]+ passed, [0-9]+ failed/d; s/^/  /'
  code=${PIPESTATUS[0]}
  last=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1)
  if [[ "$last" =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    local good=${BASH_REMATCH[1]} bad=${BASH_REMATCH[2]} not_run=${BASH_REMATCH[4]:-0}
    [ "$code" != 0 ] && [ "$bad" = 0 ] && bad=1
    report "$1" "$good" "$bad" "$not_run" $((SECONDS - start))
  else
    echo "--- tests/$1/run.sh ended with $code and no count; its log: $log ---"
    report "$1" 0 1 0 $((SECONDS - start))
  fi
}

# usage: folders NAME...
folders() {
  local stage
  for stage in "$@"; do
    if [ -x "tests/$stage/run.sh" ] && selected "$stage"; then folder "$stage"; fi
  done
}

export TEST=${TEST:-}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:abort_on_error=0}
export LSAN_OPTIONS=${LSAN_OPTIONS:-print_suppressions=0:suppressions=$PWD/tests/lsan.supp}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/tests/tsan.supp}

# e2e takes as long as half of the others, and most of it waits. So these run beside it, in two rows that end at about the
# same time; what measures the machine's own speed comes afterwards, alone.
with_e2e="e2e otlp"
beside="chart docs kafka mesh release scale_out"
first=" tidy integration "
after=" "
for stage in $(ls -d tests/*/run.sh | cut -d/ -f2); do
  [[ " $beside $first $with_e2e fuzz " == *" $stage "* ]] || after+="$stage " # fuzz is a program of its own: make fuzz
done
warming=
if [ -z "$sanitizer" ] && [ -z "${ONLY:-}" ]; then
  nice -n 19 tests/warm.sh >"$logs/warm.log" 2>&1 </dev/null &
  warming=$!
fi

if selected units; then units "$([ -z "$sanitizer" ] && echo others || echo all)"; fi
if [ "$sanitizer" = address ]; then
  # A library of gRPC's leaves 390 bytes at the end, and a test puts a library of its own in front of the sanitizer's. What
  # bounds the memory of a process is left out: it is several times as much.
  export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0:verify_asan_link_order=0" WITHOUT=survival_test.Memory,bursts_are_dropped,a_thousand_streams
  folders integration
fi
if [ -z "$sanitizer" ]; then
  folders $first
  if selected units; then units kube; fi
  rm -f "$logs/beside.totals"
  (
    passed=0 failed=0 skipped=0
    folders $beside
    echo "$passed $failed $skipped" >"$logs/beside.totals"
  ) >"$logs/beside.log" 2>&1 &
  lane=$!
  folders $with_e2e
  wait "$lane"
  cat "$logs/beside.log"
  # Without a count it broke off, and what it did not run counts as a failure.
  read -r good bad not_run 2>/dev/null <"$logs/beside.totals" || good=0 bad=1 not_run=0
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + not_run))
  folders $after
fi
# A stage has failed by now if this did.
[ -z "$warming" ] || wait "$warming" || echo "not all that the tests need could be fetched or built: $logs/warm.log"
if [ $((passed + failed + skipped)) = 0 ]; then
  echo "no test is called ONLY=${ONLY:-} TEST=${TEST:-}"
  failed=1
fi
if [ "$(id -u)" = 0 ] && [ $skipped != 0 ]; then
  echo "$skipped tests were skipped, and as root none may be"
  failed=$((failed + skipped)) skipped=0
fi
echo "logs: $logs"
echo "$passed passed, $failed failed$([ $skipped = 0 ] || echo ", $skipped skipped")"
[ $failed = 0 ]
