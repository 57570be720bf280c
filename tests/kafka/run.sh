#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Kafka output against Apache Kafka. usage: tests/kafka/run.sh BUILD; TEST=… selects by name
set -euo pipefail
cd "$(dirname "$0")/../.."
COLLECTOR=$(realpath "${1:-build}/src/collector/traffictap-collector")
export COLLECTOR PYTHONPATH=tests/integration GRPC_ENABLE_FORK_SUPPORT=0 GRPC_VERBOSITY=NONE
exec "$(tests/python_env.sh tests/integration/requirements.txt)" tests/runner.py tests/kafka
