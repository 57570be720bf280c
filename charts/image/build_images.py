#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the images of both programs. usage: build_images.py BUILD OUT; writes OUT/traffictap-images.tar and an SBOM per image."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import oci  # noqa: E402
import rootfs  # noqa: E402
import sbom  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE_LOCK = ROOT / "src/web/ui/package-lock.json"


def epoch():
    """Of every time in the images: SOURCE_DATE_EPOCH, else the last commit's, else 1980."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        done = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%ct"], text=True, capture_output=True, check=False)
        given = done.stdout.strip() or "315532800"
    return int(given)


def version(program):
    done = subprocess.run([program, "--version"], text=True, capture_output=True, check=True)
    return done.stdout.split()[-1]


def labels(name, number, moment):
    key = "org.opencontainers.image"
    what = {"traffictap-operator": "makes Istio's proxies send their access logs",
            "traffictap-collector": "joins both sides of every request and judges them"}
    return {f"{key}.title": name, f"{key}.version": number, f"{key}.created": oci.timestamp(moment),
            f"{key}.description": f"TrafficTap: {what[name]}", f"{key}.base.name": "scratch"}


def images(build, moment):
    """(oci.Image, SBOM) of each program."""
    programs = {name: pathlib.Path(build) / path for name, path in rootfs.PROGRAMS.items()}
    libraries = {name: rootfs.libraries_of(path) for name, path in programs.items()}
    every = sorted(set().union(*libraries.values()))
    architecture = subprocess.run(["dpkg", "--print-architecture"], text=True, capture_output=True, check=True).stdout.strip()
    shared = oci.layer(rootfs.base(every, sbom.packages_of(every) + ["ca-certificates"]), moment)
    for name, program in programs.items():
        number = version(program)
        # The layer with the libraries is the same in both images, and so are its packages.
        files = {rootfs.usr_path(library): library for library in every} | rootfs.authorities()
        bill = sbom.document(name, number, moment, files, PAGE_LOCK if name == "traffictap-collector" else None)
        own = oci.layer(rootfs.program_layer(name, build, bill), moment)
        yield oci.Image(f"{name}:{number}", architecture, [shared, own], [f"/usr/bin/{name}"],
                        f"{rootfs.USER}:{rootfs.USER}", labels(name, number, moment), moment), bill


def made(build):
    """(bytes of the archive, {name: bytes of its SBOM}) of both images."""
    both = list(images(build, epoch()))
    for image, _ in both:
        size = sum(len(one.content) for one in image.layers) / 1e6
        print(f"{image.reference}  {image.manifest().digest}  {size:.1f} MB")
    return oci.images_archive([image for image, _ in both]), {image.reference.split(":")[0]: bill for image, bill in both}


def main(build, out):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    archive, bills = made(build)
    for name, bill in bills.items():
        (out / f"{name}.spdx.json").write_bytes(bill)
    (out / "traffictap-images.tar").write_bytes(archive)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
