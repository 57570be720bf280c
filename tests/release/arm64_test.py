# SPDX-License-Identifier: Apache-2.0
"""A release for amd64 and arm64, whose programs for arm64 run under qemu; with ARM64=1 alone, since building them takes as long as
building everything else."""

import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import unittest

import archives
import artifacts
import yaml

ARCHITECTURES = ["amd64", "arm64"]
RECORDS = artifacts.ROOT / "tests/cli/print/golden/pair.ndjson"
QEMU = "qemu-aarch64-static"


def setUpModule():
    global out, folder, images
    if "TRAFFICTAP_ARM64_BUILD" not in os.environ:
        return
    out = artifacts.temporary() / "out"
    done = artifacts.make(out, builds=[os.environ["TRAFFICTAP_BUILD"], os.environ["TRAFFICTAP_ARM64_BUILD"]])
    assert done.returncode == 0, done.stderr
    name = f"kubectl-traffictap-{artifacts.number()}-linux-arm64"
    with tarfile.open(out / f"{name}.tar.gz") as archive:
        archives.unpack(archive, out.parent, "data")
    folder = out.parent / name
    with tarfile.open(out / f"traffictap-images-{artifacts.number()}.oci.tar") as archive:
        images = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}


def blob(descriptor):
    return images["blobs/" + descriptor["digest"].replace(":", "/")]


if "TRAFFICTAP_ARM64_BUILD" in os.environ:
    class Files(unittest.TestCase):
        def test_there_is_an_archive_with_its_bill_for_each_architecture(self):
            for architecture in ARCHITECTURES:
                name = f"kubectl-traffictap-{artifacts.number()}-linux-{architecture}"
                bill = json.loads((out / f"{name}.spdx.json").read_text())
                self.assertTrue((out / f"{name}.tar.gz").is_file())
                locators = [one["externalRefs"][0]["referenceLocator"] for one in bill["packages"] if "externalRefs" in one]
                self.assertEqual({locator.split("arch=")[1].split("&")[0] for locator in locators} - {"all"}, {architecture})

        def test_krew_finds_both(self):
            platforms = yaml.safe_load((out / "traffictap.yaml").read_text())["spec"]["platforms"]
            self.assertEqual([one["selector"]["matchLabels"]["arch"] for one in platforms], ARCHITECTURES)

        def test_every_image_is_an_index_of_both(self):
            for one in json.loads(images["index.json"])["manifests"]:
                manifests = json.loads(blob(one))["manifests"]
                self.assertEqual([m["platform"]["architecture"] for m in manifests], ARCHITECTURES)
                for manifest in manifests:
                    config = json.loads(blob(json.loads(blob(manifest))["config"]))
                    self.assertEqual(config["architecture"], manifest["platform"]["architecture"])
            # What knows no indexes gets one image of a name.
            tags = [tag for one in json.loads(images["manifest.json"]) for tag in one["RepoTags"]]
            self.assertEqual(len(tags), len(set(tags)))

        def test_every_library_is_for_arm64(self):
            for path in (folder / "lib").iterdir():
                told = subprocess.run(["readelf", "--file-header", path], text=True, capture_output=True, check=True).stdout
                self.assertIn("AArch64", told, path.name)

    class Program(unittest.TestCase):
        """By the launcher of the archive. The kernel does not start what is for arm64, so that the one line that does is given
        the emulator here."""

        @classmethod
        def setUpClass(cls):
            launcher = (folder / "kubectl-traffictap").read_text()
            cls.start = '  exec "$loader"'
            assert launcher.count(cls.start) == 1
            for name in ("kubectl-traffictap", "kubectl_complete-traffictap"):
                (folder / name).write_text(launcher.replace(cls.start, f'  exec {shutil.which(QEMU)} "$loader"'))

        def output(self, name, *args):
            done = subprocess.run([folder / name, *args], text=True, capture_output=True, timeout=120, check=False,
                                  env={"HOME": str(out.parent), "PATH": os.environ["PATH"]})
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        def test_tells_its_version(self):
            self.assertIn(artifacts.number(), self.output("kubectl-traffictap", "version"))

        def test_answers_kubectls_completion(self):
            self.assertRegex(self.output("kubectl_complete-traffictap", "ta"), r"^tap\t")

        def test_reads_recorded_files_as_the_one_for_this_machine_does(self):
            own = subprocess.run([pathlib.Path(os.environ["TRAFFICTAP_BUILD"], "src/cli/kubectl-traffictap"), "open", RECORDS],
                                 text=True, capture_output=True, check=True).stdout
            self.assertIn("shop/cart", own)
            self.assertEqual(self.output("kubectl-traffictap", "open", RECORDS), own)

        def test_wrote_its_own_man_page_while_it_was_built(self):
            page = pathlib.Path("src/cli/kubectl-traffictap.1")
            self.assertEqual(*(pathlib.Path(os.environ[name], page).read_text() for name in ("TRAFFICTAP_BUILD", "TRAFFICTAP_ARM64_BUILD")))

    class Images(unittest.TestCase):
        def test_run_from_their_own_root_alone(self):
            for one in json.loads(images["index.json"])["manifests"]:
                name = one["annotations"]["org.opencontainers.image.ref.name"].split(":")[0]
                arm64 = next(m for m in json.loads(blob(one))["manifests"] if m["platform"]["architecture"] == "arm64")
                root = artifacts.temporary()
                for layer in json.loads(blob(arm64))["layers"]:
                    packed = root.parent / f"{root.name}.tar.gz"
                    packed.write_bytes(blob(layer))
                    with tarfile.open(packed) as archive:
                        archives.unpack(archive, root, "tar")
                    packed.unlink()
                shutil.copy(shutil.which(QEMU), root / "qemu")
                done = subprocess.run(["chroot", root, "/qemu", f"/usr/bin/{name}", "--version"], text=True, capture_output=True,
                                      timeout=120, check=False)
                self.assertIn(artifacts.number(), done.stdout, done.stderr)
