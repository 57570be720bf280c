#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of tests/packages.txt that building and testing need, with --build only those of building, with
# --cross also those of building for another architecture. Quick when they are there.
set -euo pipefail
case ${1:-} in
  --build) end="# Testing" ;;
  --cross) end="# No such line" ;;
  *) end="# Cross building" ;;
esac
installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' | sed -n 's/ installed$//p')
missing=()
while read -r package unless program; do
  if [ "$unless" = unless ]; then
    command -v "$program" >/dev/null && continue
  fi
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done < <(sed -nE "/^$end/q;"'s/^([^#:]+):.*/\1/p' "$(dirname "$0")/packages.txt")
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "these Debian packages are missing and only root can install them: ${missing[*]}" >&2
  exit 1
fi
echo "installing ${#missing[@]} Debian packages"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
