#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a folder with the libraries of Debian 12 for another architecture: what a cross build compiles and links against.

The packages are those of "Libraries" in tests/packages.txt and what they depend on, in the versions that this machine has
for its own architecture, or the newest ones where Debian no longer serves these. They are unpacked into the cache, once per
set of packages, and nothing of this machine's package database is touched. The folder has a package database of its own,
which dpkg-query reads with --admindir. Its links are all relative, so that they stay inside.

usage: sysroot.py ARCHITECTURE, as Debian names it; TRAFFICTAP_CACHE is where the folder is made"""

import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
# What no build and no release reads.
LEFT_OUT = ("./usr/share/man/*", "./usr/share/locale/*", "./usr/share/info/*", "./usr/share/lintian/*")
CONFIGURATION = """\
APT::Architecture "{architecture}";
APT::Architectures "{architecture}";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "{folder}/none";
Dir::Etc::preferences "{folder}/preferences";
Dir::Etc::preferencesparts "{folder}/none";
"""


def run(*args, **more):
    """What a program prints; what it says of an error goes to our own standard error."""
    return subprocess.run([str(arg) for arg in args], text=True, stdout=subprocess.PIPE, check=True, **more).stdout


def wanted(table):
    """The packages of "Libraries" in the text of tests/packages.txt, and the certificate authorities that images have."""
    libraries = re.search(r"^# Libraries\.$(.*?)^# ", table, re.M | re.S).group(1)
    return [*re.findall(r"^([^#\s:]+):", libraries, re.M), "ca-certificates"]


def preferences(installed):
    """The text by which apt takes the versions that are installed. `installed`: "PACKAGE VERSION" lines."""
    pairs = [line.split() for line in installed.splitlines()]
    return "\n".join("Package: {}\nPin: version {}\nPin-Priority: 1001\n".format(*pair) for pair in pairs if len(pair) == 2)


class Apt:
    """apt for another architecture, with all that it keeps below one folder."""

    def __init__(self, folder, architecture):
        self._folder = pathlib.Path(folder)
        for name in ("state/lists/partial", "cache/archives/partial", "none"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        (self._folder / "status").touch()
        (self._folder / "preferences").write_text(preferences(run(
            "dpkg-query", "--show", "--showformat=${Package} ${Version}\n")))
        # Debian's own sources, as this machine has them.
        sources = run("apt-get", "indextargets", "--format", "deb [signed-by=" + KEYS + "] $(SITE) $(RELEASE) $(COMPONENT)",
                      "Created-By: Packages", "Origin: Debian")
        (self._folder / "sources.list").write_text("".join(f"{line}\n" for line in sorted(set(sources.splitlines()))))
        configuration = self._folder / "apt.conf"
        configuration.write_text(CONFIGURATION.format(architecture=architecture, folder=self._folder))
        self._environment = {**os.environ, "APT_CONFIG": str(configuration), "LC_ALL": "C"}

    def _get(self, *args):
        return run("apt-get", "-qq", *args, env=self._environment)

    def update(self):
        self._get("update")

    def resolved(self, packages):
        """The lines "PACKAGE VERSION" of all that the packages need."""
        told = self._get("--simulate", "install", *packages)
        return sorted(re.sub(r"^Inst (\S+) \((\S+) .*$", r"\1 \2", line) for line in told.splitlines() if line.startswith("Inst "))

    def download(self, resolved):
        """The .deb files of the lines, and no others."""
        archives = self._folder / "cache/archives"
        shutil.rmtree(archives)
        (archives / "partial").mkdir(parents=True)
        self._get("--download-only", "--yes", "install", *(line.replace(" ", "=") for line in resolved))
        return sorted(archives.glob("*.deb"))


def unpack(debs, folder):
    """Unpacks the packages with a package database, as Debian has it since /lib is a link."""
    folder, database = pathlib.Path(folder), pathlib.Path(folder, "var/lib/dpkg")
    for name in ("usr/bin", "usr/sbin", "usr/lib", "etc/ssl/certs", "var/lib/dpkg/info", "var/lib/dpkg/updates"):
        (folder / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib"):
        (folder / name).symlink_to(f"usr/{name}")
    status = []
    for deb in debs:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as packed:
            paths = run("tar", "--extract", "--verbose", "--keep-directory-symlink", "--no-same-owner", "--directory", folder,
                        *(f"--exclude={pattern}" for pattern in LEFT_OUT), stdin=packed.stdout).split("\n")
        if packed.returncode:
            raise RuntimeError(f"{deb} is no Debian package")
        control = run("dpkg-deb", "--field", deb)
        name = re.search(r"^Package: (\S+)$", control, re.M).group(1)
        status.append(re.sub(r"\A(Package: .*\n)", r"\1Status: install ok installed\n", control))
        (database / f"info/{name}.list").write_text("".join(f"{path.removeprefix('.').rstrip('/') or '/.'}\n" for path in paths if path))
    (database / "status").write_text("\n".join(status))
    keep_links_inside(folder)


def keep_links_inside(folder):
    """Makes absolute links relative: on this machine they would lead to its own files."""
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_symlink() and os.path.isabs(target := os.readlink(path)):
            path.unlink()
            path.symlink_to(os.path.relpath(f"{folder}{target}", os.path.realpath(path.parent)))


def write_authorities(folder):
    """The bundle that update-ca-certificates would write: all of Mozilla's, as the package has them."""
    each = sorted(pathlib.Path(folder, "usr/share/ca-certificates").rglob("*.crt"))
    pathlib.Path(folder, BUNDLE).write_text("".join(path.read_text().rstrip("\n") + "\n" for path in each))


def made(cache, architecture):
    """The folder, made first where it is missing."""
    cache = pathlib.Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "sysroot.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        apt = Apt(cache / f"apt-{architecture}", architecture)
        apt.update()
        resolved = apt.resolved(wanted((ROOT / "tests/packages.txt").read_text()))
        key = hashlib.sha256("\n".join([pathlib.Path(__file__).read_text(), architecture, *resolved]).encode()).hexdigest()[:12]
        folder = cache / f"sysroot-{architecture}-{key}"
        if not folder.exists():
            print(f"unpacking {len(resolved)} packages of Debian for {architecture}", file=sys.stderr)
            scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=cache))
            scratch.chmod(0o755)
            unpack(apt.download(resolved), scratch)
            write_authorities(scratch)
            scratch.rename(folder)
    return folder


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(made(os.environ.get("TRAFFICTAP_CACHE") or pathlib.Path.home() / ".cache/traffictap", sys.argv[1]))
