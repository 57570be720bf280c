# SPDX-License-Identifier: Apache-2.0
"""The images as they are written, and their root file systems as a container engine would unpack them."""

import atexit
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

import archives
from installing import ROOT

PROGRAMS = ("traffictap-operator", "traffictap-collector")
ARCHIVE = "traffictap-images.tar"


def build(out):
    """Makes the images of TRAFFICTAP_BUILD; returns the archive's path."""
    script = ROOT / "charts/image/build_images.py"
    subprocess.run([sys.executable, script, os.environ["TRAFFICTAP_BUILD"], out], check=True, stdout=subprocess.DEVNULL)
    return pathlib.Path(out) / ARCHIVE


_made = []


def made():
    """The images of this run and their root file systems, {name: directory}: made by the first that asks."""
    if not _made:
        directory = tempfile.mkdtemp(prefix="traffictap-images-")
        atexit.register(shutil.rmtree, directory, ignore_errors=True)
        archive = Archive(build(directory))
        _made.append((pathlib.Path(directory), archive, {n: archive.unpack(n, f"{directory}/{n}") for n in PROGRAMS}))
    return _made[0]


class Archive:
    """Reads an OCI archive by the image specification alone."""

    def __init__(self, path):
        with tarfile.open(path) as archive:
            self.files = {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}

    def json(self, path):
        return json.loads(self.files[path])

    def blob(self, descriptor):
        return self.files["blobs/" + descriptor["digest"].replace(":", "/")]

    def indexes(self):
        """{name: the index of its architectures}"""
        out = {}
        for one in self.json("index.json")["manifests"]:
            reference = one["annotations"]["org.opencontainers.image.ref.name"]
            out[reference.split(":")[0]] = json.loads(self.blob(one))
        return out

    def manifests(self):
        """{name: manifest} of this machine's architecture, which is the only one."""
        return {name: json.loads(self.blob(*index["manifests"])) for name, index in self.indexes().items()}

    def config(self, name):
        return json.loads(self.blob(self.manifests()[name]["config"]))

    def members(self, name):
        for descriptor in self.manifests()[name]["layers"]:
            with tarfile.open(fileobj=io.BytesIO(self.blob(descriptor))) as layer:
                yield from layer

    def unpack(self, name, directory):
        """The image's root file system, layer upon layer."""
        for descriptor in self.manifests()[name]["layers"]:
            with tarfile.open(fileobj=io.BytesIO(self.blob(descriptor))) as layer:
                archives.unpack(layer, directory, "tar")
        return pathlib.Path(directory)


def contained(root, *args):
    """A command line that runs in the root file system as a container does: read-only, as the image's user, without rights,
    in namespaces of its own, with a /tmp of its own."""
    script = ('mount --bind "$0" "$0" && mount -t tmpfs tmpfs "$0/tmp" && mount -o remount,bind,ro "$0" && '
              'ip link set lo up && exec setpriv --no-new-privs chroot --groups= --userspec=65532:65532 "$0" "$@"')
    return ["unshare", "--mount", "--net", "bash", "-ec", script, str(root), *args]
