#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the directory with the mesh's programs, building them from their pinned Go modules first where it is missing
# (about 11 minutes on 2 cores the first time). Envoy comes from the sample shop's fetcher.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}
envoy=$("$here/../shop/fetch_envoy.sh")
key=$(cat "$here"/build/*/{go.mod,go.sum,tools.go} "$here/build.sh" <(echo "$envoy") | sha256sum | cut -c1-12)
out=$cache/mesh-$key/bin
if [ ! -e "$out/complete" ]; then
  exec 9>"$cache/mesh.lock"
  flock 9 # two builds at once would only be slower
fi
if [ ! -e "$out/complete" ]; then
  go=$("$here/fetch_go.sh")
  export CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local
  mkdir -p "$out/crds" "$out/istio"
  build() { # directory ldflags package...
    echo "building ${*:3}" >&2
    (cd "$here/build/$1" && "$go" build -trimpath -ldflags "-s -w $2" -o "$out/" "${@:3}" >&2)
  }
  module() { (cd "$here/build/$1" && "$go" list -m -f '{{.Dir}}' "$2"); }
  version=$(cd "$here/build/kubernetes" && "$go" list -m -f '{{.Version}}' k8s.io/kubernetes)
  stamp=k8s.io/component-base/version
  minor=$(cut -d. -f2 <<<"$version")
  build kubernetes "-X $stamp.gitVersion=$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=$minor" \
    k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kubectl}
  build istio "" istio.io/istio/pilot/cmd/{pilot-discovery,pilot-agent}
  build etcd "" go.etcd.io/etcd/server/v3
  mv "$out/v3" "$out/etcd" 2>/dev/null || mv "$out/server" "$out/etcd"
  istio=$(module istio istio.io/istio)
  charts=$istio/manifests/charts
  discovery=$charts/istio-control/istio-discovery
  install -m 644 "$discovery/files/"{injection-template,gateway-injection-template,kube-gateway,waypoint}.yaml \
    "$discovery/values.yaml" "$out/istio/"
  install -m 644 "$istio/tools/packaging/common/envoy_bootstrap.json" "$out/istio/envoy_bootstrap_tmpl.json"
  install -m 644 "$charts/base/files/crd-all.gen.yaml" "$out/crds/istio.yaml"
  for file in "$(module istio sigs.k8s.io/gateway-api)"/config/crd/standard/gateway.networking.k8s.io_*.yaml; do
    install -m 644 "$file" "$out/crds/"
  done
  ln -f "$envoy" "$out/envoy" 2>/dev/null || cp "$envoy" "$out/envoy"
  touch "$out/complete"
fi
echo "$out"
