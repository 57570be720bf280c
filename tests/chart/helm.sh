#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of the real helm, built from the Go module that build/helm/go.mod pins (two minutes once, then cached).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/../go_program.sh" helm "$here/build/helm" helm.sh/helm/v4/cmd/helm
