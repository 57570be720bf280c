#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints a directory like that of build.sh, but with istiod, pilot-agent, templates and kinds of a release of Istio: the one of
# MINOR in istio_releases.txt, built by its own go.mod and go.sum (minutes once, then cached).
# usage: tests/mesh/istio_release.sh MINOR BINARIES; BINARIES is what build.sh prints
#        tests/mesh/istio_release.sh MINOR --served; ends with 3 where the Go registry refuses to serve it
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
minor=$1 binaries=$2
read -r version module sum < <(grep "^${minor//./\\.}\\." "$here/istio_releases.txt") || {
  echo "tests/mesh/istio_releases.txt has no release of Istio $minor" >&2
  exit 1
}
cache=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}
if [ "$binaries" = --served ]; then
  go=$("$here/fetch_go.sh")
  cd /
  ls "$cache/mesh-istio-$version-"*/complete >/dev/null 2>&1 && exit
  # Any other failure, such as no network, is none to pass over.
  told=$(GOTOOLCHAIN=local GOFLAGS=-mod=mod "$go" list -m "istio.io/istio@$module" 2>&1) && exit
  ! grep -qE ': (403|404|410) |unknown revision' <<<"$told" || exit 3
  exit 0
fi
key=$(cat "$here/istio_release.sh" <(echo "$binaries $version $module $sum") | sha256sum | cut -c1-12)
out=$cache/mesh-istio-$version-$key
if [ ! -e "$out/complete" ]; then
  exec 9>"$cache/mesh.lock"
  flock 9
fi
if [ ! -e "$out/complete" ]; then
  go=$("$here/fetch_go.sh")
  export CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  echo "building istiod $version" >&2
  # Its sum is held to ours; those of what it needs are in its own go.sum.
  told=$(cd "$scratch" && GONOSUMDB=istio.io/istio "$go" mod download -json "istio.io/istio@$module") || {
    echo "the Go registry does not serve istio.io/istio $module, which is Istio $version: $(jq -r .Error <<<"$told" | tail -n 1)" >&2
    exit 1
  }
  if [ "$(jq -r .Sum <<<"$told")" != "$sum" ]; then
    echo "istio.io/istio $module has the sum $(jq -r .Sum <<<"$told"), and not $sum" >&2
    exit 1
  fi
  # What lies in the module cache cannot be written to, and is built as part of another module alone.
  cp -r --no-preserve=mode "$(jq -r .Dir <<<"$told")" "$scratch/istio"
  rm -rf "$out"
  mkdir -p "$out/istio" "$out/crds"
  (cd "$scratch/istio" && nice "$go" build -trimpath -ldflags "-s -w -X istio.io/istio/pkg/version.buildVersion=$version" \
    -o "$out/" ./pilot/cmd/pilot-discovery ./pilot/cmd/pilot-agent >&2)
  discovery=$scratch/istio/manifests/charts/istio-control/istio-discovery
  install -m 644 "$discovery/files/"{injection-template,gateway-injection-template,kube-gateway,waypoint}.yaml \
    "$discovery/values.yaml" "$out/istio/"
  install -m 644 "$scratch/istio/tools/packaging/common/envoy_bootstrap.json" "$out/istio/envoy_bootstrap_tmpl.json"
  # The kinds of the Gateway API stay those of the mesh, the newest.
  cp "$binaries"/crds/* "$out/crds/"
  install -m 644 "$scratch/istio/manifests/charts/base/files/crd-all.gen.yaml" "$out/crds/istio.yaml"
  for program in etcd kube-apiserver kube-controller-manager kubectl envoy; do
    ln "$binaries/$program" "$out/" 2>/dev/null || cp "$binaries/$program" "$out/"
  done
  touch "$out/complete"
fi
echo "$out"
