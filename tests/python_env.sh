#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of a Python that has the packages of a requirements file, made once per content.
# usage: python_env.sh FILE
set -euo pipefail
key=$(sha256sum "$1" | cut -c1-16)
dir=${TRAFFICTAP_CACHE:-$HOME/.cache/traffictap}/python-$key
if [ ! -e "$dir/ready" ]; then
  mkdir -p "$(dirname "$dir")"
  exec 9>"$dir.lock"
  flock 9 # two at once would disturb each other
fi
if [ ! -e "$dir/ready" ]; then
  rm -rf "$dir"
  python3 -m venv "$dir" >&2
  "$dir/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: -r "$1" >&2 ||
    { echo "cannot fetch the packages of $1: is the Python package registry reachable?" >&2; exit 1; }
  touch "$dir/ready"
fi
echo "$dir/bin/python3"
