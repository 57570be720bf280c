#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Documents, dashboards and alert rules against the real programs. usage: tests/docs/run.sh BUILD; TEST=… selects by name
set -euo pipefail
cd "$(dirname "$0")/../.."
TRAFFICTAP_BUILD=$(realpath "${1:-build}")
export TRAFFICTAP_BUILD
python=$(tests/python_env.sh tests/docs/requirements.txt)
exec "$python" tests/runner.py tests/docs
