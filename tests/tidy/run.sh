#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the tree's own rules, and that each of them fails on a planted fault.
exec python3 "$(dirname "$0")/../runner.py" "$(dirname "$0")"
