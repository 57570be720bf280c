#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# End-to-end tests on a real mesh (tests/mesh). usage: tests/e2e/run.sh BUILD; ends with "N passed, N failed".
set -euo pipefail
export TRAFFICTAP_BUILD=${1:-build}
exec python3 "$(dirname "$0")/../runner.py" "$(dirname "$0")"
