#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Receivers and pairers over Apache Kafka. usage: tests/scale_out/run.sh BUILD; TEST=… selects by name
set -euo pipefail
cd "$(dirname "$0")/../.."
COLLECTOR=$(realpath "${1:-build}/src/collector/traffictap-collector")
export COLLECTOR PYTHONPATH=tests/integration:tests/kafka GRPC_ENABLE_FORK_SUPPORT=0 GRPC_VERBOSITY=NONE
exec "$(tests/python_env.sh tests/integration/requirements.txt)" tests/runner.py tests/scale_out
