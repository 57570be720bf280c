# SPDX-License-Identifier: Apache-2.0
"""The chart that an installation is upgraded from: that of the last release before this commit, out of git's history."""

import atexit
import functools
import io
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile

import archives
import yaml
from installing import ROOT

# Before the first release: a commit whose chart gives the operator the rights that this one needs, and whose kinds take all
# of its tests/crds/accepted.yaml, as those of a release do.
PINNED = "e91227549dcdf1f877ef45eb6c2d8cd17bcb47bd"


def _git(*args):
    done = subprocess.run(["git", "-C", ROOT, *args], capture_output=True, check=False)
    if done.returncode == 0:
        return done.stdout
    shallow = subprocess.run(["git", "-C", ROOT, "rev-parse", "--is-shallow-repository"], text=True, capture_output=True, check=False)
    hint = ": this clone is shallow, `git fetch --unshallow --tags` brings what is missing" if "true" in shallow.stdout else ""
    raise RuntimeError(f"git {' '.join(args)} fails{hint}\n{done.stderr.decode()}")


@functools.lru_cache(None)
def commit():
    """The last release's tag, or PINNED."""
    here = _git("tag", "--points-at", "HEAD").decode().split()
    tags = _git("tag", "--merged", "HEAD", "--sort=-version:refname").decode().split()
    return next((tag for tag in tags if re.fullmatch(r"v\d+\.\d+\.\d+", tag) and tag not in here), PINNED)


@functools.lru_cache(None)
def tree():
    """A folder with its charts/traffictap and crds."""
    out = tempfile.mkdtemp(prefix="traffictap-previous-")
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit(), "charts/traffictap", "crds"))) as archive:
        archives.unpack(archive, out, "tar")
    return pathlib.Path(out)


def chart():
    return tree() / "charts/traffictap"


def documents(namespace):
    """Objects of its kinds with every field that they had. Those of namespaces are in this one. They attach nothing."""
    out = list(filter(None, yaml.safe_load_all(_git("show", f"{commit()}:tests/crds/accepted.yaml"))))
    for item in out:
        item["metadata"].setdefault("annotations", {})["traffictap.io/plan-only"] = "true"
        if "namespace" in item["metadata"]:
            item["metadata"]["namespace"] = namespace
    return out
