# SPDX-License-Identifier: Apache-2.0
"""What stands in for container images: an image's name gives what is started, out of directories of this machine, or out
of the image's own file system where the mesh has been given one."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Image:
    entrypoint: tuple


IMAGES = {
    "proxyv2": Image(("/opt/mesh/pilot-agent",)),
    "shop": Image(("/usr/bin/python3", "-u", "/opt/shop/app.py")),
    "shop-rpc": Image(("/opt/python/bin/python3", "-u", "/opt/shop/rpc.py")),
    "traffictap-operator": Image(("/opt/traffictap/operator/traffictap-operator",)),
    "traffictap-collector": Image(("/opt/traffictap/src/collector/traffictap-collector",)),
}


UNPACKED = {name: Image((f"/usr/bin/{name}",)) for name in ("traffictap-operator", "traffictap-collector")}


def name_of(reference):
    """registry/path/NAME:tag -> NAME"""
    return reference.rsplit("/", 1)[-1].split("@")[0].split(":")[0]


def image_of(reference, unpacked=False):
    """The Image that a reference names. `unpacked`: it runs in its own file system."""
    name, known = name_of(reference), UNPACKED if unpacked else IMAGES
    if name not in known:
        raise KeyError(f"the mesh has no image called {name}: it knows {', '.join(sorted(known))}")
    return known[name]
