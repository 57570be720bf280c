#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes everything that is published of a version, from programs that are built already: run it by `make release`.

The same commit gives the same bytes: every time in what is written is SOURCE_DATE_EPOCH or the last commit's."""

import argparse
import hashlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "charts/image")]

import build_images  # noqa: E402
import bundle  # noqa: E402
import chart  # noqa: E402
import krew  # noqa: E402
import olm  # noqa: E402
import system  # noqa: E402
import version  # noqa: E402


UNNUMBERED = ("SHA256SUMS", "traffictap.yaml")


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def read_builds(folders, number):
    """{architecture: system.Build}, sorted."""
    builds = {}
    for build in map(system.Build.read, folders):
        architecture = build.architecture_of(f"src/cli/{bundle.PROGRAM}")
        if architecture in builds:
            sys.exit(f"{builds[architecture].folder} and {build.folder} are both of {architecture}")
        if build.version != number:
            sys.exit(f"{build.folder} was made of version {build.version}, and the sources are of {number}")
        builds[architecture] = build
    return dict(sorted(builds.items()))


def artifacts(builds, number, registry, url):
    """{file name: bytes} of all but the checksums."""
    epoch = build_images.epoch()
    out, archives = {}, {}

    # The plugin of kubectl: an archive for any Linux of each architecture, what is in it, and how krew installs it.
    for architecture, build in builds.items():
        folder, archive, bill = bundle.archive(build, number, epoch)
        out[f"{folder}.tar.gz"], out[f"{folder}.spdx.json"] = archive, bill
        archives[architecture] = (folder, sha256(archive))

    # The chart: for helm install FILE, and for a registry.
    metadata, packed = chart.package(epoch, registry)
    out[f"traffictap-{number}.tgz"] = packed
    out[f"traffictap-chart-{number}.oci.tar"] = chart.artifact(metadata, packed, epoch)
    out["traffictap.yaml"] = krew.manifest(number, metadata["home"], url or f"{metadata['home']}/releases/v{number}",
                                           archives).encode()

    # The bundle of the Operator Lifecycle Manager, and what it does not install.
    out.update(olm.artifacts(number, epoch, registry, list(builds)))

    # The images of operator and collector, and what is in each.
    images, bills = build_images.made(builds.values())
    out[f"traffictap-images-{number}.oci.tar"] = images
    out.update({f"{name}-{number}-linux-{architecture}.spdx.json": bill for (name, architecture), bill in bills.items()})
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", nargs="+", help="the folders that make build and release/cross_build.sh have filled")
    parser.add_argument("out", help="a folder for what is made; files of another version in it are a fault")
    parser.add_argument("--registry", help="where the images will be: the chart's default for image.registry")
    parser.add_argument("--url", help="where the archive will be: krew fetches it from there")
    given = parser.parse_args()

    tree = version.read()
    torn = version.faults(tree)
    if torn:
        sys.exit("the version does not hold together:\n" + "\n".join(torn))
    out = pathlib.Path(given.out)
    out.mkdir(parents=True, exist_ok=True)
    number = version.version(tree)
    strangers = [path.name for path in out.iterdir() if number not in path.name and path.name not in UNNUMBERED]
    if strangers:
        sys.exit(f"{out} holds what is not of {number}: {', '.join(sorted(strangers))}")
    made = artifacts(read_builds(given.build, number), number, given.registry, given.url)
    made["SHA256SUMS"] = "".join(f"{sha256(content)}  {name}\n" for name, content in sorted(made.items())).encode()
    for name, content in sorted(made.items()):
        (out / name).write_bytes(content)
        print(f"{len(content) / 1e6:8.2f} MB  {out / name}")
    if not tree.tags_here:
        print(f"not a release yet: this commit has no tag v{number}")


if __name__ == "__main__":
    main()
