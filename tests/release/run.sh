#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a release consists of, as its users would take it (root). usage: [OLM=1] tests/release/run.sh BUILD
set -euo pipefail
cd "$(dirname "$0")/../.."
TRAFFICTAP_BUILD=$(realpath "${1:-build}")
TRAFFICTAP_HELM=$(tests/chart/helm.sh)
TRAFFICTAP_RELEASE_TOOLS=$(tests/release/tools.sh)
export TRAFFICTAP_BUILD TRAFFICTAP_HELM TRAFFICTAP_RELEASE_TOOLS
if [ -n "${OLM:-}" ]; then
  TRAFFICTAP_OLM_VALIDATOR=$(tests/release/olm.sh)
  export TRAFFICTAP_OLM_VALIDATOR
fi
exec "$(tests/python_env.sh tests/release/requirements.txt)" tests/runner.py tests/release
