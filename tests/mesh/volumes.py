# SPDX-License-Identifier: Apache-2.0
"""A pod's volumes: files that are written once, when the pod starts, and where its containers see them."""

import os
import pathlib

from mesh.api import path_of
from mesh.pod_fields import contents_of, field, object_of


def _items(contents, source):
    if "items" not in source:
        return contents
    return {item["path"]: contents[item["key"]] for item in source["items"] if item["key"] in contents}


def _source_files(api, pod, address, kind, source):
    """{path: bytes} of one volume source."""
    meta = pod["metadata"]
    if kind == "configMap":
        return _items(
            contents_of(object_of(api, "configmaps", meta["namespace"], source["name"], source.get("optional"))), source
        )
    if kind == "secret":
        name = source.get("secretName") or source["name"]
        return _items(contents_of(object_of(api, "secrets", meta["namespace"], name, source.get("optional"))), source)
    if kind == "downwardAPI":
        return {i["path"]: field(pod, address, i["fieldRef"]["fieldPath"]).encode() for i in source["items"]}
    if kind == "serviceAccountToken":
        return {source["path"]: token(api, pod, source.get("audience"), source.get("expirationSeconds", 3600)).encode()}
    if kind == "projected":
        out = {}
        for part in source["sources"]:
            for inner, value in part.items():
                out |= _source_files(api, pod, address, inner, value)
        return out
    if kind == "emptyDir":
        return {}
    raise ValueError(f"the mesh's kubelet does not know volumes of kind {kind}")


def token(api, pod, audience, seconds):
    """A token of the pod's ServiceAccount, bound to the pod as a kubelet's request binds it."""
    meta = pod["metadata"]
    account = pod["spec"].get("serviceAccountName", "default")
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {
            "audiences": [audience] if audience else [],
            "expirationSeconds": seconds,
            "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": meta["name"], "uid": meta["uid"]},
        },
    }
    path = path_of("serviceaccounts", meta["namespace"], account, "token")
    return api.create(path, request)["status"]["token"]


def files_of(api, pod, address):
    """{volume name: {path: bytes}} of all the pod's volumes. Raises NotYet while something they name is missing."""
    out = {}
    for volume in pod["spec"].get("volumes", []):
        kind = next((key for key in volume if key != "name"), "emptyDir")
        out[volume["name"]] = _source_files(api, pod, address, kind, volume.get(kind) or {})
    return out


def write(root, files):
    """Into /volumes/NAME of the pod. Everybody may write there: it is the pod's own, and Envoy is not root."""
    for volume, contents in files.items():
        base = root / "volumes" / volume
        base.mkdir(exist_ok=True)
        base.chmod(0o777)
        for path, value in contents.items():
            target = base / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(value)


def mount(root, containers):
    """Links every mount path of the containers to its volume; paths inside of other mounts come after them."""
    mounts = [m for container in containers for m in container.get("volumeMounts", [])]
    for one in sorted(mounts, key=lambda m: len(m["mountPath"])):
        _link(root, one)


def _link(root, mount_spec):
    path = mount_spec["mountPath"].rstrip("/").replace("/var/run/", "/run/")
    target = pathlib.Path("/volumes") / mount_spec["name"] / mount_spec.get("subPath", "")
    place = pathlib.Path(f"{root}{path}")
    parent = pathlib.Path(os.path.realpath(place.parent))
    if not parent.is_relative_to(root):  # under another volume's link, which is absolute inside of the pod
        parent = pathlib.Path(f"{root}{os.readlink(place.parent)}")
    parent.mkdir(parents=True, exist_ok=True)
    link = parent / place.name
    if link.is_symlink():
        return
    if link.is_dir():
        link.rmdir()
    link.symlink_to(target)
