#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The chart, the plain manifests and the images, with the real helm on a real mesh (root). usage: tests/chart/run.sh BUILD
set -euo pipefail
cd "$(dirname "$0")/../.."
TRAFFICTAP_BUILD=$(realpath "${1:-build}")
TRAFFICTAP_HELM=$(tests/chart/helm.sh)
export TRAFFICTAP_BUILD TRAFFICTAP_HELM
exec "$(tests/python_env.sh tests/chart/requirements.txt)" tests/runner.py tests/chart
