#!/usr/bin/env bash
# Installs the Debian packages that building and testing need. Quick when they are there already.
set -euo pipefail
packages=(
  cmake ninja-build ccache g++ pkg-config git openssl curl python3 python3-venv python3-pip npm
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libabsl-dev
  libboost-dev libboost-system-dev libboost-test-dev librdkafka-dev prometheus-cpp-dev
  libcli11-dev nlohmann-json3-dev libsimdjson-dev libre2-dev libyaml-cpp-dev libspdlog-dev
  libcpprest-dev libfmt-dev libzstd-dev zlib1g-dev libssl-dev libcurl4-openssl-dev clang libclang-rt-14-dev clang-format clang-tidy zstd kcat jq iproute2 skopeo
  iptables procps util-linux
)
# Only where the command is missing: a machine may have these from elsewhere.
command -v npm >/dev/null && packages=("${packages[@]/npm/}")
command -v java >/dev/null || packages+=(default-jre-headless)
command -v mvn >/dev/null || packages+=(maven)
missing=()
for package in ${packages[*]}; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "these Debian packages are missing and only root can install them: ${missing[*]}" >&2
  exit 1
fi
echo "installing ${#missing[@]} Debian packages"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
