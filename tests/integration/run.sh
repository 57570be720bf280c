#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The collector with real Envoys and under faults. usage: tests/integration/run.sh BUILD; TEST=… selects by name
set -euo pipefail
cd "$(dirname "$0")/../.."
COLLECTOR=$(realpath "${1:-build}/src/collector/traffictap-collector")
export COLLECTOR GRPC_ENABLE_FORK_SUPPORT=0 GRPC_VERBOSITY=NONE
exec "$(tests/python_env.sh tests/integration/requirements.txt)" tests/runner.py tests/integration
