#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes the chart's defaults as plain manifests. usage: manifests.sh HELM DIRECTORY
set -euo pipefail
helm=$1 out=$2
chart=$(cd "$(dirname "$0")" && pwd)/traffictap
render() { # file, what it holds, options of helm template
  {
    echo "# $2: written by make manifests from charts/traffictap, not by hand."
    "$helm" template traffictap "$chart" --namespace traffictap-system --skip-tests \
      --set crds.install=false,uninstall.removePatches=false "${@:3}" 2> >(grep -v "found symbolic link" >&2)
  } >"$out/$1.new"
  mv "$out/$1.new" "$out/$1"
}
rights=() others=()
for template in "$chart"/templates/*.yaml; do
  name=templates/$(basename "$template")
  case $name in
    templates/rbac-*) rights+=(-s "$name") ;;
    templates/crds.yaml | templates/uninstall.yaml | templates/monitoring.yaml) ;;
    templates/receivers.yaml | templates/pairers.yaml | templates/reader.yaml) ;; # not there unless shuffle.enabled
    *) others+=(-s "$name") ;;
  esac
done
render rbac.yaml "Accounts and rights" "${rights[@]}"
render traffictap.yaml "Everything else" "${others[@]}"
