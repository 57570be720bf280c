# SPDX-License-Identifier: Apache-2.0
"""What a release for another architecture stands on: the sysroot, as packages of Debian fill it, and what is read out of a program
that does not run here. ARM64=1 has the programs themselves built and run: see arm64_test.py."""

import os
import pathlib
import re
import struct
import subprocess
import sys
import unittest

import artifacts

sys.path[:0] = [str(artifacts.ROOT / "release"), str(artifacts.ROOT / "charts/image")]

import rootfs  # noqa: E402
import sbom  # noqa: E402
import sysroot  # noqa: E402
import system  # noqa: E402

BUILD = pathlib.Path(os.environ["TRAFFICTAP_BUILD"])
PROGRAMS = [*rootfs.PROGRAMS.values(), "src/cli/kubectl-traffictap"]


def package(folder, name, files, **fields):
    """A .deb for arm64. `files`: {path: text, or the target of a link as ("link", target)}."""
    tree = folder / name
    (tree / "DEBIAN").mkdir(parents=True)
    control = {"Package": name, "Version": "1.0-1", "Architecture": "arm64", "Maintainer": "nobody <nobody@example.com>",
               "Description": "for a test", **fields}
    (tree / "DEBIAN/control").write_text("".join(f"{key.replace('_', '-')}: {value}\n" for key, value in control.items()))
    for path, content in files.items():
        place = tree / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, tuple):
            place.symlink_to(content[1])
        else:
            place.write_text(content)
    deb = folder / f"{name}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, deb], check=True, stdout=subprocess.DEVNULL)
    return deb


class Sysroot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        debs, cls.root = artifacts.temporary(), artifacts.temporary() / "root"
        cls.root.mkdir()
        sysroot.unpack([
            package(debs, "libone1", {"lib/aarch64-linux-gnu/libone.so.1": "one", "usr/share/doc/libone1/copyright": "Free.\n",
                                      "usr/share/man/man3/one.3": "left out"},
                    Source="one (1.0)", Multi_Arch="same"),
            package(debs, "libone-dev", {"usr/lib/aarch64-linux-gnu/libone.so": ("link", "/lib/aarch64-linux-gnu/libone.so.1"),
                                         "usr/share/doc/libone-dev": ("link", "libone1")}, Source="one"),
            package(debs, "authorities", {"usr/share/ca-certificates/mozilla/b.crt": "B\n\n",
                                          "usr/share/ca-certificates/mozilla/a.crt": "A"})], cls.root)
        sysroot.write_authorities(cls.root)
        cls.system = system.System(str(cls.root))

    def test_has_what_packages_put_into_lib_where_debian_has_it_since_lib_is_a_link(self):
        self.assertEqual(os.readlink(self.root / "lib"), "usr/lib")
        self.assertEqual((self.root / "usr/lib/aarch64-linux-gnu/libone.so.1").read_text(), "one")

    def test_keeps_links_inside(self):
        link = self.root / "usr/lib/aarch64-linux-gnu/libone.so"
        self.assertFalse(os.path.isabs(os.readlink(link)))
        self.assertEqual(link.read_text(), "one")
        self.assertEqual(self.system.file("/usr/lib/aarch64-linux-gnu/libone.so"),
                         os.path.realpath(self.root / "usr/lib/aarch64-linux-gnu/libone.so.1"))

    def test_leaves_out_what_no_build_reads(self):
        self.assertFalse((self.root / "usr/share/man/man3/one.3").exists())

    def test_has_a_package_database_of_its_own(self):
        for path in ("/lib/aarch64-linux-gnu/libone.so.1", "/usr/lib/aarch64-linux-gnu/libone.so.1"):
            self.assertEqual(sbom.owner(path, self.system), "libone1")
        self.assertEqual(sbom.source_of("libone1", self.system), "one")
        self.assertEqual(sbom.licences("libone-dev", self.system), [])
        bill = sbom.Document("x", "1", 0, "APPLICATION", self.system)
        bill.add_debian("libone1", "CONTAINS")
        self.assertEqual(bill.packages[0]["externalRefs"][0]["referenceLocator"],
                         "pkg:deb/debian/libone1@1.0-1?arch=arm64&distro=debian-12")
        with self.assertRaisesRegex(RuntimeError, "no Debian package owns"):
            sbom.owner("/lib/aarch64-linux-gnu/libtwo.so.1", self.system)

    def test_has_the_certificate_authorities_in_one_file(self):
        self.assertEqual(pathlib.Path(self.system.file(rootfs.AUTHORITIES)).read_text(), "A\nB\n")

    def test_has_the_libraries_that_building_needs_in_the_versions_that_are_installed_here(self):
        table = (artifacts.ROOT / "tests/packages.txt").read_text()
        wanted = sysroot.wanted(table)
        self.assertLessEqual({"libgrpc++-dev", "zlib1g-dev", "ca-certificates"}, set(wanted))
        self.assertFalse({"g++", "chromium", "qemu-user-static"} & set(wanted))
        self.assertEqual(sysroot.preferences("libssl3 3.0.1-1\ngone \n"), "Package: libssl3\nPin: version 3.0.1-1\nPin-Priority: 1001\n")


class Programs(unittest.TestCase):
    def test_load_the_libraries_that_the_loader_itself_finds(self):
        for path in PROGRAMS:
            told = subprocess.run(["ldd", BUILD / path], text=True, capture_output=True, check=True).stdout
            self.assertEqual(system.System().libraries_of(BUILD / path), sorted(set(re.findall(r"(/\S+) \(0x", told))), path)

    def test_tell_their_architecture(self):
        for machine, said in ((183, ("arm64", "aarch64-linux-gnu")), (62, ("amd64", "x86_64-linux-gnu"))):
            self.assertEqual(system.machine_of(self.header(machine)), said)
        with self.assertRaisesRegex(RuntimeError, "RISC-V: releases are made for amd64, arm64"):
            system.machine_of(self.header(243))

    def header(self, machine):
        """The beginning of an ELF file."""
        file = artifacts.temporary() / "program"
        file.write_bytes(b"\x7fELF" + bytes([2, 1, 1]) + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0))
        return file


class Commands(unittest.TestCase):
    def test_a_release_is_of_one_build_for_each_architecture(self):
        build = artifacts.temporary()
        (build / "src/cli").mkdir(parents=True)
        (build / "src/cli/kubectl-traffictap").symlink_to(BUILD / "src/cli/kubectl-traffictap")
        (build / "CMakeCache.txt").write_text(f"CMAKE_PROJECT_VERSION:STATIC={artifacts.number()}\n")
        out = artifacts.temporary()
        self.assertRegex(artifacts.make(out, builds=[BUILD, build]).stderr, rf"{BUILD} and {build} are both of (amd64|arm64)")
        (build / "CMakeCache.txt").write_text("CMAKE_PROJECT_VERSION:STATIC=0.0.1\n")
        self.assertIn(f"{build} was made of version 0.0.1", artifacts.make(out, builds=[build]).stderr)

    def test_a_cross_build_is_refused_for_what_has_no_toolchain(self):
        for arguments, said in ((["riscv64", "x"], "cannot build for riscv64"), (["arm64"], "usage:")):
            done = subprocess.run([artifacts.ROOT / "release/cross_build.sh", *arguments], text=True, capture_output=True, check=False)
            self.assertEqual((done.returncode, said in done.stderr), (2, True), done.stderr)
