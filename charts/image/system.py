# SPDX-License-Identifier: Apache-2.0
"""The system that programs were built for: this machine, or the sysroot of a cross build (release/sysroot.py). Paths are those
that the system itself has; `file` is where one is here."""

import dataclasses
import os
import pathlib
import re
import subprocess

# Of the machine that an ELF file is for, as readelf names it: Debian's name, which is Go's too, and the GNU one.
MACHINES = {"Advanced Micro Devices X86-64": ("amd64", "x86_64-linux-gnu"), "AArch64": ("arm64", "aarch64-linux-gnu")}


def _readelf(*args):
    return subprocess.run(["readelf", *args], text=True, capture_output=True, check=True).stdout


def machine_of(program):
    """(Debian's name, GNU's name) of the architecture that a program is for."""
    told = re.search(r"Machine: +(.+)$", _readelf("--file-header", program), re.M).group(1)
    if told not in MACHINES:
        raise RuntimeError(f"{program} is for {told}: releases are made for {', '.join(name for name, _ in MACHINES.values())}")
    return MACHINES[told]


@dataclasses.dataclass(frozen=True)
class System:
    root: str = ""  # the sysroot; empty for this machine

    def file(self, path):
        """Where the file is here, with no link left."""
        return os.path.realpath(f"{self.root}{path}")

    def dpkg(self, *args):
        """What dpkg-query says of the system's packages."""
        where = [f"--admindir={self.root}/var/lib/dpkg"] if self.root else []
        return subprocess.run(["dpkg-query", *where, *args], text=True, capture_output=True, check=True).stdout

    def strip(self, program):
        """The program that strips one of the system."""
        return f"{machine_of(program)[1]}-strip" if self.root else "strip"

    def libraries_of(self, program):
        """The shared libraries that the dynamic loader finds for a program, itself included, as paths that it looks at. It is
        not asked, since that of another architecture does not run here."""
        folders = [f"{folder}/{machine_of(program)[1]}" for folder in ("/lib", "/usr/lib")]
        loader = re.search(r"program interpreter: (/[^\]]+)\]", _readelf("--program-headers", "--wide", program)).group(1)
        found, files = {pathlib.PurePosixPath(loader).name: loader}, [program]
        while files:
            wanted = set(re.findall(r"\(NEEDED\) .*\[(.+)\]$", _readelf("--dynamic", "--wide", *files), re.M)) - set(found)
            found.update({name: self._find(name, folders, program) for name in sorted(wanted)})
            files = [self.file(found[name]) for name in sorted(wanted)]
        return sorted(found.values())

    def _find(self, name, folders, program):
        for folder in folders:
            if os.path.exists(f"{self.root}{folder}/{name}"):
                return f"{folder}/{name}"
        raise RuntimeError(f"{program} needs a library that is not here: {name}")


@dataclasses.dataclass(frozen=True)
class Build:
    """A folder that CMake has filled."""

    folder: pathlib.Path
    system: System
    version: str

    @staticmethod
    def read(folder):
        folder = pathlib.Path(folder)
        cache = dict(re.findall(r"^(\w+):\w+=(.*)$", (folder / "CMakeCache.txt").read_text(), re.M))
        return Build(folder, System(cache.get("TRAFFICTAP_SYSROOT", "")), cache["CMAKE_PROJECT_VERSION"])

    def architecture_of(self, path):
        """That of a program in the folder."""
        return machine_of(self.folder / path)[0]
