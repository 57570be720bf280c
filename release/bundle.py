# SPDX-License-Identifier: Apache-2.0
"""The archive of kubectl-traffictap: the program, its loader and its libraries in one folder, which runs on any Linux."""

import gzip
import os
import pathlib
import re
import subprocess

import oci
import rootfs
import sbom

HERE = pathlib.Path(__file__).parent
PROGRAM = "kubectl-traffictap"
# Go's name of an architecture, as krew and image indexes use it, by the machine that an ELF file is for.
ARCHITECTURES = {"Advanced Micro Devices X86-64": "amd64", "AArch64": "arm64"}


def architecture_of(program):
    told = subprocess.run(["readelf", "--file-header", program], text=True, capture_output=True, check=True).stdout
    return ARCHITECTURES[re.search(r"Machine: +(.+)$", told, re.M).group(1)]


def folder(number, architecture):
    """What the archive unpacks to, and how it is called but for the ending."""
    return f"{PROGRAM}-{number}-linux-{architecture}"


def archive(build, number, epoch):
    """(name, bytes, SBOM) of the archive. It has neither links nor owners: krew refuses the former."""
    program = pathlib.Path(build) / "src/cli" / PROGRAM
    name = folder(number, architecture_of(program))
    libraries = rootfs.libraries_of(program)
    inside = {f"lib/{pathlib.PurePosixPath(library).name}": library for library in libraries}
    bill = sbom.document(PROGRAM, number, epoch, inside, purpose="APPLICATION")
    launcher = rootfs.read(HERE / "launcher.sh", 0o755)
    files = {
        PROGRAM: launcher,
        "kubectl_complete-traffictap": launcher,
        "README": rootfs.read(HERE / "INSTALL.txt"),
        f"lib/{PROGRAM}": rootfs.stripped(program),
        **{path: rootfs.read(os.path.realpath(library), 0o755) for path, library in inside.items()},
        f"share/man/man1/{PROGRAM}.1": rootfs.read(program.with_suffix(".1")),
        f"share/doc/traffictap/{PROGRAM}.spdx.json": rootfs.File(0o644, bill),
        **rootfs.notices(sbom.packages_of(libraries)),
    }
    members = rootfs.with_directories({f"{name}/{path}": file for path, file in files.items()})
    return f"{name}.tar.gz", gzip.compress(oci.tar(members, epoch), 9, mtime=0), bill
