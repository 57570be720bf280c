#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzz targets with clang and runs each for FUZZ_SECONDS (60). The last line counts them.
set -uo pipefail
cd "$(dirname "$0")/../.."
seconds=${FUZZ_SECONDS:-60}
cache=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}
build=build-fuzz
targets=(als_decoder forwarded_cert grpc_session tap_yaml tap_cache kube_watch filter_words records spool half_block checkpoint)

fail() { echo "fuzz: $*" >&2; echo "0 passed, ${#targets[@]} failed"; exit 1; }

command -v clang++ >/dev/null || fail "clang++ is missing: run make deps"
echo "fuzz: building ${targets[*]} with $(clang++ --version | head -1)"
# Faults show in one's own code only where that is instrumented, so all of it is built for this.
cmake --preset fuzz -B $build >$build.log 2>&1 || { cat $build.log >&2; fail "cmake failed"; }
ninja -j"${JOBS:-$(nproc)}" -C $build "${targets[@]/%/_fuzz}" >>$build.log 2>&1 || { tail -40 $build.log >&2; fail "the build failed"; }

# The decoder's seeds are text here and bytes there.
seed() {
  local target=$1 into=$2 protos
  case $target in
    als_decoder)
      protos=$(sed -n 's/^ENVOY_PROTO_DIR:[A-Z]*=//p' $build/CMakeCache.txt)
      [ -n "$protos" ] || protos=$(ls -d "$cache"/envoy-protos-* | head -1)
      for text in tests/fuzz/seeds/$target/*.textproto; do
        protoc --encode=envoy.service.accesslog.v3.StreamAccessLogsMessage -I "$protos" \
          envoy/service/accesslog/v3/als.proto <"$text" >"$into/$(basename "$text" .textproto)" || return 1
      done ;;
    *) cp tests/fuzz/seeds/$target/* "$into"/ ;;
  esac
}

passed=0
failed=0
mkdir -p $build/faults
for target in "${targets[@]}"; do
  seeds=$build/seeds/$target
  corpus=$cache/fuzz/$target
  rm -rf "$seeds"
  mkdir -p "$seeds" "$corpus"
  seed "$target" "$seeds" || { echo "fuzz: $target: the seeds cannot be made" >&2; failed=$((failed + 1)); continue; }
  log=$build/$target.log
  echo "fuzz: $target: $seconds s from $(ls "$seeds" | wc -l) seeds and $(ls "$corpus" | wc -l) inputs of earlier runs"
  if UBSAN_OPTIONS=print_stacktrace=1 $build/tests/fuzz/${target}_fuzz "$corpus" "$seeds" -max_total_time="$seconds" \
      -max_len=65536 -timeout=10 -rss_limit_mb=2048 -artifact_prefix=$build/faults/$target- -print_final_stats=1 >"$log" 2>&1; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    covered=$(grep -oE 'cov: [0-9]+' "$log" | tail -1)
    echo "fuzz: $target: $runs runs, ${covered:-cov: ?} edges, $(ls "$corpus" | wc -l) inputs kept: no fault"
    passed=$((passed + 1))
  else
    tail -40 "$log" >&2
    echo "fuzz: $target: FAULT, its input is in $build/faults/"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
