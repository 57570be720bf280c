#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of OLM's own validator of bundles, built from its pinned Go module (some minutes once, then cached).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/../go_program.sh" olm "$here/olm" github.com/operator-framework/api/cmd/operator-verify
