#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The long forms of what `make test` does in seconds, one after the other; root. The last line counts them.
# usage: tests/nightly.sh BUILD
#   MINUTES=10           of each outage and each fuzz target; the soak takes three times as long
#   PARTS="memory fuzz"  these alone
set -uo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: tests/nightly.sh BUILD}
minutes=${MINUTES:-10}
seconds=$((60 * minutes))
passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# usage: part NAME COMMAND...
part() {
  local name=$1 start=$SECONDS word=ok
  shift
  [[ " ${PARTS:-$name} " == *" $name "* ]] || return 0
  echo "--- $name: $*"
  # A test that has another name by now would be none, and no test fails.
  if "$@" 2>&1 | tee "$log" && ! grep -qx '0 passed, 0 failed' "$log"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1)) word=FAIL
  fi
  echo "--- $name: $word ($((SECONDS - start)) s)"
}

# Kafka away from a collector in a cgroup of 512 MiB, at 1,000 records a second: memory alone, and with a spool.
part memory env SURVIVAL_SECONDS=$seconds TEST=outputs_that_are_away_for_long tests/integration/run.sh "$build"
part spool env SURVIVAL_SECONDS=$seconds TEST=what_was_spooled_arrives tests/kafka/run.sh "$build"
part streams env STREAMS=10000 TEST=a_thousand_streams tests/integration/run.sh "$build"
part simulation env SIMULATION_SEEDS=20000 "$build/tests/pipeline/pipeline_test" --run_test=simulation --report_level=short
part partitions env PARTITIONS_SEEDS=2000 "$build/tests/pipeline/pipeline_test" --run_test=partitions --report_level=short
# Faults of receivers, pairers and Kafka, with 200 seeds each.
part shuffle env SHUFFLE_SEEDS=200 "$build/tests/shuffle/shuffle_test" --run_test=shuffle_faults --report_level=short
part scale-out env FROZEN_SECONDS=60 TEST=stood_still tests/scale_out/run.sh "$build"
# Each of three brokers dies twice, the one that leads most partitions first.
part brokers env BROKER_KILLS=6 TEST=leaders_that_are_killed tests/scale_out/run.sh "$build"
# The broker of an exactly-once output's only replica dies: its pairer goes on without that output.
part leaderless env LEADERLESS=1 TEST=a_topic_without_a_leader tests/scale_out/run.sh "$build"
part fuzz env FUZZ_SECONDS=$seconds tests/fuzz/run.sh
# The bundle of a release, read by the Operator Lifecycle Manager's own validator, which takes minutes to build.
part olm env OLM=1 TEST=olm_test tests/release/run.sh "$build"
part api-server env API_AWAY_SECONDS=$((seconds / 2)) TEST=an_api_server_that_is_away tests/e2e/run.sh "$build"
# The programs for arm64, by Debian's cross compilers, under qemu; as long as any other build.
part arm64 env ARM64=1 TEST=arm64_test tests/release/run.sh "$build"
# What a tap's life is, on the istiod of each release of tests/mesh/istio_releases.txt that the Go registry serves. One that it does
# not is told and counted: nothing of that release was seen.
for minor in $(sed -nE 's/^([0-9]+\.[0-9]+)\..*/\1/p' tests/mesh/istio_releases.txt); do
  [[ " ${PARTS:-istio-$minor} " == *" istio-$minor "* ]] || continue
  tests/mesh/istio_release.sh "$minor" --served
  if [ $? = 3 ]; then
    echo "--- istio-$minor: skipped: the Go registry does not serve this release"
    skipped=$((skipped + 1))
    continue
  fi
  part "istio-$minor" env ISTIO="$minor" TEST=operator_test.Life tests/e2e/run.sh "$build"
done
# A mesh whose pods, Services and API server have IPv6 addresses alone.
part ipv6-mesh env MESH_FAMILY=6 tests/mesh/run.sh "$build"
part ipv6 env MESH_FAMILY=6 TEST=operator_test.Life tests/e2e/run.sh "$build"
# One whose pods and Services have addresses of both families.
part dual-mesh env MESH_FAMILY=dual tests/mesh/run.sh "$build"
part dual env MESH_FAMILY=dual TEST=operator_test.Life tests/e2e/run.sh "$build"
part soak tests/soak/run.sh "$build" --seed "$EPOCHSECONDS" --minutes $((3 * minutes))
# With AddressSanitizer and UBSan, in a build of their own.
part address env -u MAKEFLAGS -u BUILD make --no-print-directory test SAN=address
# And the units with ThreadSanitizer.
part thread env -u MAKEFLAGS -u BUILD make --no-print-directory test SAN=thread
echo "$passed passed, $failed failed$([ $skipped = 0 ] || echo ", $skipped skipped")"
[ $failed = 0 ]
