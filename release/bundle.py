# SPDX-License-Identifier: Apache-2.0
"""The archive of kubectl-traffictap: the program, its loader and its libraries in one folder, which runs on any Linux."""

import gzip
import pathlib

import oci
import rootfs
import sbom

HERE = pathlib.Path(__file__).parent
PROGRAM = "kubectl-traffictap"


def folder(number, architecture):
    """What the archive unpacks to, and how it is called but for the ending."""
    return f"{PROGRAM}-{number}-linux-{architecture}"


def archive(build, number, epoch):
    """(folder in it, bytes, SBOM) of the archive of a system.Build. It has neither links nor owners: krew refuses the former."""
    program, own = build.folder / "src/cli" / PROGRAM, build.system
    name = folder(number, build.architecture_of(f"src/cli/{PROGRAM}"))
    libraries = own.libraries_of(program)
    inside = {f"lib/{pathlib.PurePosixPath(library).name}": library for library in libraries}
    bill = sbom.document(PROGRAM, number, epoch, inside, own, purpose="APPLICATION")
    launcher = rootfs.read(HERE / "launcher.sh", 0o755)
    files = {
        PROGRAM: launcher,
        "kubectl_complete-traffictap": launcher,
        "README": rootfs.read(HERE / "INSTALL.txt"),
        f"lib/{PROGRAM}": rootfs.stripped(program, own),
        **{path: rootfs.read(own.file(library), 0o755) for path, library in inside.items()},
        f"share/man/man1/{PROGRAM}.1": rootfs.read(program.with_suffix(".1")),
        f"share/doc/traffictap/{PROGRAM}.spdx.json": rootfs.File(0o644, bill),
        **rootfs.notices(sbom.packages_of(libraries, own), own),
    }
    members = rootfs.with_directories({f"{name}/{path}": file for path, file in files.items()})
    return name, gzip.compress(oci.tar(members, epoch), 9, mtime=0), bill
