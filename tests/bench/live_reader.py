# SPDX-License-Identifier: Apache-2.0
"""Reads a live stream until so many records have come, and prints how many a gap left out.
usage: live_reader.py HOST PORT TOKEN RECORDS"""
import http.client
import json
import sys


def main():
    host, port, token, wanted = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    connection = http.client.HTTPConnection(host, port, timeout=60)
    connection.request("GET", "/api/v1/pairs?follow=true", headers={"Authorization": f"Bearer {token}", "Accept": "application/x-ndjson"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {answer.read(1000)}")
    print("reading", flush=True)
    seen = missed = 0
    while seen + missed < wanted:
        line = answer.readline()
        if not line:
            raise RuntimeError(f"the stream ended after {seen} records")
        if line.startswith(b'{"type":'):
            missed += json.loads(line).get("droppedCount", 0)
        elif line.startswith(b"{"):
            seen += 1
    print(missed, flush=True)


main()
