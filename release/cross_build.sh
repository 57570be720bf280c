#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds programs for another architecture with Debian's cross compilers (installing them first: root).
# usage: [JOBS=2] release/cross_build.sh ARCH BUILD [TARGET...]; ARCH as Debian names it, all targets without one
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -lt 2 ]; then
  sed -n '3,4s/^# //p' "$0" >&2
  exit 2
fi
arch=$1 build=$2
shift 2
if [ "$arch" != arm64 ]; then
  echo "cannot build for $arch: Debian's cross compilers are set up for arm64 alone (cmake/cross.cmake)" >&2
  exit 2
fi
tests/install_deps.sh --cross
sysroot=$(release/sysroot.py "$arch")
# What was found in another set of packages would stay.
fresh=
if [ -e "$build/CMakeCache.txt" ] && ! grep -qxF "TRAFFICTAP_SYSROOT:PATH=$sysroot" "$build/CMakeCache.txt"; then
  fresh=--fresh
fi
mkdir -p "$(dirname "$build")"
cmake --preset release $fresh -B "$build" --toolchain "$PWD/cmake/cross.cmake" \
  -DTRAFFICTAP_ARCH:STRING="$arch" -DTRAFFICTAP_SYSROOT:PATH="$sysroot" >"$build.log" 2>&1 || {
  cat "$build.log" >&2
  exit 1
}
NINJA_STATUS="[%f of %t, %es] " ninja -j"${JOBS:-$(nproc)}" -C "$build" "$@"
