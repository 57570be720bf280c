#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The soak's own tests: its oracle, its schedule, and a run of some seconds. usage: tests/soak/run.sh BUILD; TEST=… selects by name
# With --seed N [--minutes M]: a soak, as `make soak` starts it.
set -euo pipefail
cd "$(dirname "$0")/../.."
COLLECTOR=$(realpath "${1:-build}/src/collector/traffictap-collector")
export COLLECTOR GRPC_ENABLE_FORK_SUPPORT=0 GRPC_VERBOSITY=NONE
export PYTHONPATH=tests/soak:tests/integration:tests/kafka:tests/shop PYTHONDONTWRITEBYTECODE=1
python=$(tests/python_env.sh tests/integration/requirements.txt)
# Its small disks are mounted where nobody else sees them, and are gone with it.
alone=()
[ "$(id -u)" != 0 ] || alone=(unshare --mount --propagation private)
if [ $# -gt 1 ]; then exec "${alone[@]}" "$python" tests/soak/soak.py "${@:2}"; fi
exec "${alone[@]}" "$python" tests/runner.py tests/soak
