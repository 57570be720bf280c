# SPDX-License-Identifier: Apache-2.0
"""The container images: what is in them, that they are made alike twice, that real tools read them, and that the programs
run out of their root file systems."""

import hashlib
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import images
from images import PROGRAMS, contained
from installing import ROOT


def setUpModule():
    global directory, archive, roots
    directory, archive, roots = images.made()


def output(line):
    done = subprocess.run([str(x) for x in line], text=True, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def bill(name):
    """The SBOM inside of the image."""
    return json.loads((roots[name] / f"usr/share/doc/traffictap/{name}.spdx.json").read_text())


class Image(unittest.TestCase):
    def test_runs_as_nobody_in_particular(self):
        for name in PROGRAMS:
            config = archive.config(name)["config"]
            self.assertEqual(config["User"], "65532:65532")
            self.assertEqual(config["Entrypoint"], [f"/usr/bin/{name}"])
            self.assertEqual(config["Labels"]["org.opencontainers.image.title"], name)

    def test_stands_behind_an_index_that_says_for_which_machines_it_is(self):
        architecture = output(["dpkg", "--print-architecture"]).strip()
        for name, index in archive.indexes().items():
            self.assertEqual([one["platform"] for one in index["manifests"]], [{"os": "linux", "architecture": architecture}])
            self.assertEqual(index["annotations"], archive.manifests()[name]["annotations"])

    def test_has_no_shell_and_nothing_that_gives_rights(self):
        for name in PROGRAMS:
            programs = {p.name for p in (roots[name] / "usr/bin").iterdir()}
            self.assertEqual(programs, {name})
            for member in archive.members(name):
                self.assertEqual((member.uid, member.gid), (0, 0), member.name)
                self.assertFalse(member.mode & 0o6000, member.name)
                self.assertFalse(member.isfile() and member.mode & 0o022, member.name)

    def test_is_the_same_when_it_is_made_again(self):
        first = pathlib.Path(directory, images.ARCHIVE)
        with tempfile.TemporaryDirectory() as again:
            second = images.build(again).read_bytes()
        self.assertEqual(hashlib.sha256(first.read_bytes()).hexdigest(), hashlib.sha256(second).hexdigest())

    def test_shares_the_layer_of_libraries_and_is_small(self):
        layers = [archive.manifests()[name]["layers"] for name in PROGRAMS]
        self.assertEqual(layers[0][0], layers[1][0])
        for name in PROGRAMS:
            self.assertLess(sum(one["size"] for one in archive.manifests()[name]["layers"]), 25e6)

    def test_is_read_by_skopeo_and_as_docker_load_reads_it(self):
        for name, manifest in archive.manifests().items():
            version = archive.config(name)["config"]["Labels"]["org.opencontainers.image.version"]
            source = f"oci-archive:{directory}/{images.ARCHIVE}:{name}:{version}"
            told = json.loads(output(["skopeo", "inspect", source]))
            self.assertEqual(told["Layers"], [one["digest"] for one in manifest["layers"]])
            copy = f"{directory}/{name}.docker"
            output(["skopeo", "copy", "--quiet", source, f"docker-archive:{copy}:{name}:{version}"])
            output(["skopeo", "inspect", f"docker-archive:{copy}"])
            output(["skopeo", "inspect", f"docker-archive:{directory}/{images.ARCHIVE}:{name}:{version}"])


class Programs(unittest.TestCase):
    def test_run_out_of_the_image(self):
        for name in PROGRAMS:
            self.assertRegex(output(contained(roots[name], f"/usr/bin/{name}", "--version")), r"\d+\.\d+\.\d+")

    def test_load_no_library_that_the_bill_does_not_name(self):
        for name in PROGRAMS:
            told = output(contained(roots[name], "/lib64/ld-linux-x86-64.so.2", "--list", f"/usr/bin/{name}"))
            loaded = {path for path in re.findall(r"(/\S+) \(0x", told)}
            self.assertGreater(len(loaded), 20)
            listed = {one["fileName"].lstrip("."): one for one in bill(name)["files"]}
            for path in loaded:
                inside = path if path.startswith("/usr/") else f"/usr{path}"
                content = (roots[name] / inside[1:]).read_bytes()
                sums = {c["algorithm"]: c["checksumValue"] for c in listed[inside]["checksums"]}
                self.assertEqual(sums["SHA256"], hashlib.sha256(content).hexdigest(), path)


class Licences(unittest.TestCase):
    def test_ours_and_those_of_the_libraries_are_there_in_full(self):
        for name in PROGRAMS:
            texts = roots[name] / "usr/share/common-licenses"
            apache = (texts / "Apache-2.0").read_text()
            self.assertIn("TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION", apache)
            for own in ("LICENSE", "NOTICE"):
                self.assertEqual((roots[name] / "usr/share/doc/traffictap" / own).read_text(), (ROOT / own).read_text())
            for notice in (roots[name] / "usr/share/doc").rglob("copyright"):
                for wanted in re.findall(r"/usr/share/common-licenses/([A-Z][\w.-]*\w)", notice.read_text(errors="replace")):
                    self.assertTrue((texts / wanted).is_file(), f"{notice} refers to {wanted}")


class BillOfMaterials(unittest.TestCase):
    def test_has_every_file_that_is_not_ours(self):
        ours = {"etc/passwd", "etc/group", "etc/nsswitch.conf"}
        for name in PROGRAMS:
            files = {m.name for m in archive.members(name) if m.isfile()} - ours
            texts = ("usr/share/doc/", "usr/share/common-licenses/")
            strangers = {f for f in files if not f.startswith(texts) and f != f"usr/bin/{name}"}
            self.assertEqual(strangers, {one["fileName"][2:] for one in bill(name)["files"]})

    def test_has_versions_and_licences_as_dpkg_has_them(self):
        for name in PROGRAMS:
            debian = [p for p in bill(name)["packages"] if p.get("supplier") == "Organization: Debian"]
            self.assertGreater(len(debian), 15)
            versions = dict(line.split(" ") for line in output(
                ["dpkg-query", "--show", "--showformat=${Package} ${Version}\n", *[p["name"] for p in debian]]).splitlines())
            known = {one["licenseId"] for one in bill(name)["hasExtractedLicensingInfos"]}
            for package in debian:
                self.assertEqual(package["versionInfo"], versions[package["name"]])
                self.assertTrue(package["licenseDeclared"])
                self.assertLessEqual(set(re.findall(r"LicenseRef-[\w.-]+", package["licenseDeclared"])), known)

    def test_every_relation_leads_somewhere(self):
        for name in PROGRAMS:
            document = bill(name)
            there = {one["SPDXID"] for part in ("packages", "files") for one in document[part]} | {"SPDXRef-DOCUMENT"}
            ends = {r[end] for r in document["relationships"] for end in ("spdxElementId", "relatedSpdxElement")}
            self.assertEqual(ends, there)

    def test_of_the_collector_names_what_the_page_is_bundled_from(self):
        names = {p["name"] for p in bill("traffictap-collector")["packages"]}
        self.assertLessEqual({"preact", "@preact/signals", "@dagrejs/dagre"}, names)
