# SPDX-License-Identifier: Apache-2.0
"""The chart as it is published: a .tgz as helm package makes it, and the same as an OCI artifact. What Artifact Hub shows of
kinds, samples, images and changes is written into it from where it stands in the tree."""

import gzip
import pathlib
import re

import kinds
import oci
import rootfs
import yaml
import yaml_text

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHART = ROOT / "charts/traffictap"
CONFIG = "application/vnd.cncf.helm.config.v1+json"
CONTENT = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def _ignored(path, patterns):
    return any(path == pattern or (pattern.endswith("/") and path.startswith(pattern)) for pattern in patterns)


def files():
    """{path in the chart: bytes}, without what .helmignore names; links are followed, as helm does."""
    patterns = [line for line in (CHART / ".helmignore").read_text().splitlines() if line and not line.startswith("#")]
    out = {}
    folders = [CHART]
    while folders:
        for entry in sorted(folders.pop().iterdir()):
            path = str(entry.relative_to(CHART))
            if entry.is_dir():
                folders.append(entry)
            elif not _ignored(path, patterns):
                out[path] = entry.read_bytes()
    return out


def changes(number):
    """The changelog's entries of a version, a text each."""
    text = (ROOT / "CHANGELOG.md").read_text()
    section = re.search(rf"^## {re.escape(number)} .*?\n(.*?)(?=^## |\Z)", text, re.M | re.S).group(1)
    entries = re.findall(r"^- (.*(?:\n  .*)*)", section, re.M)
    return [re.sub(r"\]\((?!https?:)[^)]*\)", "]", re.sub(r"\s+", " ", entry)).replace("[", "").replace("]", "") for entry in entries]


def annotations(number, registry):
    """What is added to those of Chart.yaml."""
    out = {
        "artifacthub.io/changes": changes(number),
        "artifacthub.io/crds": kinds.described(),
        "artifacthub.io/crdsExamples": kinds.samples(),
    }
    if registry:
        out["artifacthub.io/images"] = [{"name": name, "image": f"{registry}/{name}:{number}"} for name in rootfs.PROGRAMS]
    return {key: yaml_text.text(value) for key, value in out.items()}


def _with_registry(values, registry):
    """values.yaml with another default of image.registry."""
    changed, times = re.subn(r'^(  registry: )""( *#.*)$', rf'\g<1>"{registry}"\2', values, flags=re.M)
    if times != 1:
        raise RuntimeError('values.yaml has no one line "  registry: """ to put the registry into')
    return changed


def package(epoch, registry=None):
    """(metadata as Chart.yaml has it, bytes of the .tgz). `registry`: where the images are pulled from by default."""
    inside = files()
    metadata = yaml.safe_load(inside["Chart.yaml"])
    metadata["annotations"] = {**metadata.get("annotations", {}), **annotations(metadata["version"], registry)}
    inside["Chart.yaml"] = yaml_text.text(metadata).encode()
    if registry:
        inside["values.yaml"] = _with_registry(inside["values.yaml"].decode(), registry).encode()
    inside["LICENSE"] = (ROOT / "LICENSE").read_bytes()
    inside["LICENSES/Apache-2.0.txt"] = pathlib.Path(rootfs.LICENCES, "Apache-2.0").read_bytes()
    members = {f"{metadata['name']}/{path}": rootfs.File(0o644, content) for path, content in inside.items()}
    return metadata, gzip.compress(oci.tar(members, epoch), 9, mtime=0)


def artifact(metadata, content, epoch):
    """The bytes of a tar with an OCI layout of the chart, as helm push would store it in a registry."""
    config = oci.json_blob(CONFIG, metadata)
    layer = oci.Blob(CONTENT, content)
    key = "org.opencontainers.image"
    manifest = oci.json_blob(oci.MANIFEST, {
        "schemaVersion": 2, "mediaType": oci.MANIFEST, "config": config.descriptor(), "layers": [layer.descriptor()],
        "annotations": {f"{key}.title": metadata["name"], f"{key}.version": metadata["version"],
                        f"{key}.description": metadata["description"], f"{key}.url": metadata["home"],
                        f"{key}.created": oci.timestamp(epoch), f"{key}.licenses": "Apache-2.0"}})
    reference = f"{metadata['name']}:{metadata['version']}"
    return oci.layout([manifest.descriptor(annotations={f"{key}.ref.name": reference})], [config, layer, manifest], epoch)
