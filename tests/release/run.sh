#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a release consists of, as its users would take it (root). usage: [OLM=1] [ARM64=1] tests/release/run.sh BUILD
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
if [ -n "${ARM64:-}" ]; then
  TRAFFICTAP_ARM64_BUILD=$TRAFFICTAP_BUILD-arm64
  release/cross_build.sh arm64 "$TRAFFICTAP_ARM64_BUILD" traffictap-operator traffictap-collector kubectl-traffictap >&2
  export TRAFFICTAP_ARM64_BUILD
fi
exec "$(tests/python_env.sh tests/release/requirements.txt)" tests/runner.py tests/release
