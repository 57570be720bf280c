# SPDX-License-Identifier: Apache-2.0
"""The chart as it is published, read by the real helm: from the file, and out of a registry."""

import base64
import json
import os
import pathlib
import re
import subprocess
import tarfile
import unittest
import xml.dom.minidom

import artifacts
import yaml
from registry import Registry

HELM = os.environ["TRAFFICTAP_HELM"]
HELM_3 = pathlib.Path(os.environ["TRAFFICTAP_RELEASE_TOOLS"], "helm3")
CHART = artifacts.ROOT / "charts/traffictap"


def helm(*args, program=HELM):
    home = artifacts.temporary()
    environment = {**os.environ, "HELM_CACHE_HOME": f"{home}/cache", "HELM_CONFIG_HOME": f"{home}/config", "HELM_DATA_HOME": f"{home}/data"}
    done = subprocess.run([program, *args], env=environment, text=True, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def members(package):
    with tarfile.open(package) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}


def setUpModule():
    global package, metadata
    package = artifacts.one("traffictap-*.tgz")
    metadata = yaml.safe_load(helm("show", "chart", package))


class Package(unittest.TestCase):
    def test_passes_the_strict_lint(self):
        self.assertNotIn("[INFO]", helm("lint", "--strict", package))

    def test_holds_what_helm_package_would_put_into_it(self):
        out = artifacts.temporary()
        helm("package", CHART, "--destination", out)
        theirs, = map(members, out.glob("*.tgz"))
        ours = members(package)
        self.assertEqual(set(ours) - set(theirs), {"traffictap/LICENSE", "traffictap/LICENSES/Apache-2.0.txt"})
        self.assertEqual(set(theirs) - set(ours), set())
        rewritten = {name for name in theirs if ours[name] != theirs[name]}
        self.assertEqual(rewritten, {"traffictap/Chart.yaml", "traffictap/values.yaml"})

    def test_renders_as_the_chart_of_the_tree_but_for_the_registry_that_it_was_made_for(self):
        ours = helm("template", "traffictap", package, "--namespace", "traffictap-system")
        tree = helm("template", "traffictap", CHART, "--namespace", "traffictap-system",
                    "--set", "image.registry=registry.example.com/tap")
        self.assertEqual(ours, tree)
        self.assertIn(f"image: registry.example.com/tap/traffictap-collector:{artifacts.number()}", ours.replace('"', ""))

    def test_is_linted_and_rendered_by_helm_3_as_by_helm_4(self):
        cluster = ("--kube-version", "1.35.0")  # helm 3 as built here takes a cluster to be of 1.20
        helm("lint", "--strict", *cluster, package, program=HELM_3)
        for options in ((), ("--set", "als.mtls=Certificates,collector.persistence.enabled=true,monitoring.rules.enabled=true")):
            asked = ("template", "traffictap", package, "--namespace", "traffictap-system", *cluster, *options)
            three, four = ({json.dumps(item, sort_keys=True) for item in yaml.safe_load_all(helm(*asked, program=program)) if item}
                           for program in (HELM_3, HELM))
            self.assertGreater(len(four), 20)
            self.assertEqual(three, four)

    def test_asks_without_a_registry_for_the_names_that_the_images_have_on_a_node_that_loaded_the_archive(self):
        ours = helm("template", "traffictap", package, "--set", "image.registry=")
        asked = set(re.findall(r"image: \"?(traffictap-\S+?)\"?$", ours, re.M))
        archive = members(artifacts.one("traffictap-images-*.oci.tar"))
        docker = {tag for image in json.loads(archive["manifest.json"]) for tag in image["RepoTags"]}
        containerd = {one["annotations"]["io.containerd.image.name"] for one in json.loads(archive["index.json"])["manifests"]}
        self.assertEqual(asked, docker)
        self.assertEqual({f"docker.io/library/{name}" for name in asked}, containerd)
        self.assertNotIn("imagePullPolicy: Always", ours)

    def test_says_who_made_it_under_which_licence_and_where_to_read_on(self):
        for key in ("home", "sources", "maintainers", "icon", "description", "keywords"):
            self.assertTrue(metadata[key], key)
        self.assertEqual(metadata["annotations"]["artifacthub.io/license"], "Apache-2.0")
        kind, _, picture = metadata["icon"].partition(";base64,")
        self.assertEqual(kind, "data:image/svg+xml")
        self.assertEqual(xml.dom.minidom.parseString(base64.b64decode(picture)).documentElement.tagName, "svg")

    def test_tells_artifact_hub_of_every_kind_with_a_sample_of_each_that_a_person_writes(self):
        kinds = {(one["kind"], one["version"], one["name"]) for one in yaml.safe_load(metadata["annotations"]["artifacthub.io/crds"])}
        ours = [yaml.safe_load(path.read_text()) for path in (artifacts.ROOT / "crds").glob("traffictap.io_*.yaml")]
        self.assertEqual(kinds, {(one["spec"]["names"]["kind"], one["spec"]["versions"][0]["name"], one["metadata"]["name"]) for one in ours})
        samples = {one["kind"] for one in yaml.safe_load(metadata["annotations"]["artifacthub.io/crdsExamples"])}
        self.assertEqual(samples, {"TrafficTap", "ClusterTrafficTap", "TapDestination"})

    def test_tells_artifact_hub_of_the_changes_and_the_images(self):
        changes = yaml.safe_load(metadata["annotations"]["artifacthub.io/changes"])
        self.assertTrue(all(isinstance(change, str) and "\n" not in change for change in changes))
        text = (artifacts.ROOT / "CHANGELOG.md").read_text()
        section = text[text.index(f"## {artifacts.number()} "):].split("\n## ")[0]
        self.assertEqual(len(changes), section.count("\n- "))
        images = {one["name"]: one["image"] for one in yaml.safe_load(metadata["annotations"]["artifacthub.io/images"])}
        self.assertEqual(images["traffictap-operator"], f"registry.example.com/tap/traffictap-operator:{artifacts.number()}")


class InARegistry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Registry()
        cls.addClassCleanup(cls.registry.close)

    def copy(self, archive, reference, name):
        source = f"oci-archive:{archive}:{reference}"
        done = subprocess.run(["skopeo", "copy", "--all", "--quiet", "--dest-tls-verify=false", source,
                               f"docker://{self.registry.address}/tap/{name}"], text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def raw(self, name):
        done = subprocess.run(["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{self.registry.address}/tap/{name}"],
                              text=True, capture_output=True, check=True)
        return json.loads(done.stdout)

    def test_the_chart_is_pulled_as_it_was_made(self):
        number, out = artifacts.number(), artifacts.temporary()
        self.copy(artifacts.one("traffictap-chart-*.oci.tar"), f"traffictap:{number}", f"charts/traffictap:{number}")
        helm("pull", f"oci://{self.registry.address}/tap/charts/traffictap", "--version", number, "--plain-http", "--destination", out)
        self.assertEqual(pathlib.Path(out, package.name).read_bytes(), package.read_bytes())

    def test_an_image_is_an_index_of_its_architectures(self):
        number = artifacts.number()
        for name in ("traffictap-operator", "traffictap-collector"):
            self.copy(artifacts.one("traffictap-images-*.oci.tar"), f"{name}:{number}", f"{name}:{number}")
            index = self.raw(f"{name}:{number}")
            self.assertEqual(index["mediaType"], "application/vnd.oci.image.index.v1+json")
            self.assertEqual([one["platform"] for one in index["manifests"]], [{"architecture": "amd64", "os": "linux"}])
