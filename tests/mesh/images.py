"""What stands in for container images: an image's name gives what is started, out of directories of this machine."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Image:
    entrypoint: tuple


IMAGES = {
    "proxyv2": Image(("/opt/mesh/pilot-agent",)),
    "shop": Image(("/usr/bin/python3", "-u", "/opt/shop/app.py")),
    "traffictap-operator": Image(("/opt/traffictap/operator/traffictap-operator",)),
    "traffictap-collector": Image(("/opt/traffictap/src/collector/traffictap-collector",)),
}


def image_of(reference):
    """registry/path/NAME:tag -> the Image called NAME."""
    name = reference.rsplit("/", 1)[-1].split("@")[0].split(":")[0]
    if name not in IMAGES:
        raise KeyError(f"the mesh has no image called {name}: it knows {', '.join(sorted(IMAGES))}")
    return IMAGES[name]
