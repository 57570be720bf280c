#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the images of both programs, for the architectures of all builds. usage: build_images.py BUILD... OUT; writes
OUT/traffictap-images.tar and an SBOM per image and architecture."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import oci  # noqa: E402
import rootfs  # noqa: E402
import sbom  # noqa: E402
import system  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE_LOCK = ROOT / "src/web/ui/package-lock.json"


def epoch():
    """Of every time in the images: SOURCE_DATE_EPOCH, else the last commit's, else 1980."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        done = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%ct"], text=True, capture_output=True, check=False)
        given = done.stdout.strip() or "315532800"
    return int(given)


def labels(name, number, moment):
    key = "org.opencontainers.image"
    what = {"traffictap-operator": "makes Istio's proxies send their access logs",
            "traffictap-collector": "joins both sides of every request and judges them"}
    return {f"{key}.title": name, f"{key}.version": number, f"{key}.created": oci.timestamp(moment),
            f"{key}.description": f"TrafficTap: {what[name]}", f"{key}.base.name": "scratch"}


def images(build, moment):
    """(oci.Image, SBOM) of each program of a system.Build."""
    number, own_system = build.version, build.system
    every = sorted(set().union(*(own_system.libraries_of(build.folder / path) for path in rootfs.PROGRAMS.values())))
    architecture = build.architecture_of(rootfs.PROGRAMS["traffictap-operator"])
    packages = sbom.packages_of(every, own_system) + ["ca-certificates"]
    shared = oci.layer(rootfs.base(every, packages, own_system, architecture), moment)
    for name in rootfs.PROGRAMS:
        # The layer with the libraries is the same in both images, and so are its packages.
        files = {rootfs.usr_path(library): library for library in every} | rootfs.authorities()
        bill = sbom.document(name, number, moment, files, own_system, PAGE_LOCK if name == "traffictap-collector" else None)
        own = oci.layer(rootfs.program_layer(name, build, bill), moment)
        yield oci.Image(f"{name}:{number}", architecture, [shared, own], [f"/usr/bin/{name}"],
                        f"{rootfs.USER}:{rootfs.USER}", labels(name, number, moment), moment), bill


def made(builds):
    """(bytes of the archive, {(name, architecture): bytes of its SBOM}) of both images. `builds`: of an architecture each."""
    every = [made_of for build in builds for made_of in images(build, epoch())]
    for image, _ in every:
        size = sum(len(one.content) for one in image.layers) / 1e6
        print(f"{image.reference}  {image.architecture}  {image.manifest().digest}  {size:.1f} MB")
    bills = {(image.reference.split(":")[0], image.architecture): bill for image, bill in every}
    if len(bills) != len(every):
        raise RuntimeError("two builds are of the same architecture")
    return oci.images_archive([image for image, _ in every]), bills


def main(folders, out):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    archive, bills = made([system.Build.read(folder) for folder in folders])
    for (name, architecture), bill in bills.items():
        (out / f"{name}-linux-{architecture}.spdx.json").write_bytes(bill)
    (out / "traffictap-images.tar").write_bytes(archive)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1:-1], sys.argv[-1])
