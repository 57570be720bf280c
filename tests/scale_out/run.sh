#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Receivers and pairers over Apache Kafka, on the loopback network and on a real mesh (root). usage: tests/scale_out/run.sh BUILD;
# TEST=… selects by name
set -euo pipefail
cd "$(dirname "$0")/../.."
TRAFFICTAP_BUILD=$(realpath "${1:-build}") COLLECTOR=$TRAFFICTAP_BUILD/src/collector/traffictap-collector
export TRAFFICTAP_BUILD COLLECTOR PYTHONPATH=tests/integration:tests/kafka:tests/e2e GRPC_ENABLE_FORK_SUPPORT=0 GRPC_VERBOSITY=NONE
exec "$(tests/python_env.sh tests/integration/requirements.txt)" tests/runner.py tests/scale_out
