#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Otlp output against the OpenTelemetry Collector. usage: tests/otlp/run.sh BUILD; TEST=… selects by name
set -euo pipefail
cd "$(dirname "$0")/../.."
COLLECTOR=$(realpath "${1:-build}/src/collector/traffictap-collector")
export COLLECTOR PYTHONPATH=tests/integration:tests/bench
exec python3 tests/runner.py tests/otlp
