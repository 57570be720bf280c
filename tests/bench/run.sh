#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Proves that the programs of `make bench` run and count right; measures nothing. usage: run.sh BUILD
exec python3 "$(dirname "$0")/smoke.py" --build "$1"
