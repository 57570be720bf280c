# SPDX-License-Identifier: Apache-2.0
"""The root directory of a container that has an image of its own: its files, the pod's volumes and files over them, and
read-only where the Pod says so."""

import shlex
import shutil

from mesh.namespaces import run

PODS_OWN = ("etc/hosts", "etc/hostname", "etc/resolv.conf")
KERNELS = ("proc", "dev")


def make(sandbox, image_root, spec):
    """Unpacks and mounts it in the pod's mount namespace; returns the directory."""
    root = sandbox.directory / "containers" / spec["name"]
    shutil.copytree(image_root, root, symlinks=True)
    lines = [f"mount --bind {shlex.quote(str(root))} {shlex.quote(str(root))}"]
    for name in KERNELS:
        lines.append(_bind(f"/{name}", _place(root, name), recursive=True))
    for name in PODS_OWN:
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
        lines.append(_bind(sandbox.root / name, place))
    for mount in sorted(spec.get("volumeMounts", []), key=lambda m: len(m["mountPath"])):
        source = sandbox.root / "volumes" / mount["name"] / mount.get("subPath", "")
        place = _place(root, mount["mountPath"].lstrip("/"))
        lines.append(_bind(source, place, read_only=mount.get("readOnly", False)))
    if spec.get("securityContext", {}).get("readOnlyRootFilesystem"):
        lines.append(f"mount -o remount,bind,ro {shlex.quote(str(root))}")
    run("nsenter", f"--mount=/proc/{sandbox.pid}/ns/mnt", "bash", "-ec", "\n".join(lines))
    return root


def _place(root, path):
    place = root / path
    place.mkdir(parents=True, exist_ok=True)
    return place


def _bind(source, place, recursive=False, read_only=False):
    source, place = shlex.quote(str(source)), shlex.quote(str(place))
    line = f"mount --{'rbind' if recursive else 'bind'} {source} {place}"
    return f"{line}\nmount -o remount,bind,ro {place}" if read_only else line
