# SPDX-License-Identifier: Apache-2.0
"""A proxy that sends one entry and then holds its stream open. usage: idle_proxy.py IP PORT"""
import asyncio
import sys
import types

import proxy


async def main(ip, port):
    stream = proxy.Proxy(types.SimpleNamespace(ip=ip, als_port=int(port))).stream()
    await stream.write(proxy.message(proxy.entry("/frozen"), head=proxy.identifier()))
    await asyncio.sleep(300)


proxy.run(main(*sys.argv[1:]))
