# SPDX-License-Identifier: Apache-2.0
"""The bundle for the Operator Lifecycle Manager: by the rules of its format and of its catalogue, and with nothing of the
chart's plain manifests left out. OLM=1 has OLM's own validator read it too: to build that takes minutes."""

import base64
import gzip
import io
import json
import os
import re
import subprocess
import tarfile
import unittest

import archives
import artifacts
import yaml
from registry import Registry

BASE = artifacts.ROOT / "charts/kustomize/base"
NAMESPACE = "traffictap-system"
# The kinds that OLM takes in a bundle besides the ClusterServiceVersion and the kinds themselves (its documents: packaging
# additional objects alongside an operator).
TAKEN = {"ClusterRole", "ClusterRoleBinding", "ConfigMap", "PodDisruptionBudget", "PriorityClass", "PrometheusRule", "Role",
         "RoleBinding", "Secret", "Service", "ServiceAccount", "ServiceMonitor", "VerticalPodAutoscaler"}
CATEGORIES = {"AI/Machine Learning", "Application Runtime", "Big Data", "Cloud Provider", "Database", "Developer Tools",
              "Integration & Delivery", "Logging & Tracing", "Monitoring", "Networking", "OpenShift Optional", "Security", "Storage",
              "Streaming & Messaging"}
CAPABILITIES = {"Basic Install", "Seamless Upgrades", "Full Lifecycle", "Deep Insights", "Auto Pilot"}
KEY = "operators.operatorframework.io.bundle"


def documents(text):
    return list(filter(None, yaml.safe_load_all(text)))


def name_of(item):
    return item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]


def grants(objects):
    """{account: its rules in the whole cluster and in its own namespace} by the bindings of plain manifests."""
    rules = {name_of(item): item["rules"] for item in objects if item["kind"] in ("Role", "ClusterRole")}
    out = {}
    for item in objects:
        if "roleRef" in item and item["metadata"].get("namespace") in (None, NAMESPACE):
            account = item["subjects"][0]["name"]
            out.setdefault(account, []).extend(rules[item["roleRef"]["kind"], item["metadata"].get("namespace"), item["roleRef"]["name"]])
    return out


def setUpModule():
    global folder, files, csv, manifests, plain, beside
    folder = artifacts.temporary()
    with tarfile.open(artifacts.one("traffictap-olm-bundle-*.tar.gz")) as archive:
        archives.unpack(archive, folder, "data")
    folder, = folder.iterdir()
    files = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    manifests = {path: yaml.safe_load(text) for path, text in files.items() if path.startswith("manifests/")}
    csv, = (item for item in manifests.values() if item["kind"] == "ClusterServiceVersion")
    plain = [item for path in ("namespace", "rbac", "traffictap") for item in documents((BASE / f"{path}.yaml").read_text())]
    beside = documents(artifacts.one("traffictap-olm-[0-9]*.yaml").read_text())


class Format(unittest.TestCase):
    def test_metadata_says_how_to_read_it_and_so_do_the_labels_of_its_image(self):
        annotations = yaml.safe_load(files["metadata/annotations.yaml"])["annotations"]
        self.assertEqual(annotations, {
            f"{KEY}.mediatype.v1": "registry+v1", f"{KEY}.manifests.v1": "manifests/", f"{KEY}.metadata.v1": "metadata/",
            f"{KEY}.package.v1": "traffictap", f"{KEY}.channels.v1": "alpha", f"{KEY}.channel.default.v1": "alpha"})
        self.assertEqual(dict(re.findall(r"^LABEL (\S+)=(.+)$", files["bundle.Dockerfile"], re.M)), annotations)

    def test_has_only_kinds_that_olm_takes_and_lets_olm_choose_the_namespace(self):
        for path, item in manifests.items():
            if item["kind"] not in ("ClusterServiceVersion", "CustomResourceDefinition"):
                self.assertIn(item["kind"], TAKEN, path)
            self.assertNotIn("namespace", item["metadata"], path)

    def test_of_the_catalogue_are_name_version_words_and_picture(self):
        number, spec, said = artifacts.number(), csv["spec"], csv["metadata"]["annotations"]
        self.assertEqual(csv["metadata"]["name"], f"traffictap.v{number}")
        self.assertEqual(spec["version"], number)
        self.assertLessEqual(set(said["categories"].split(",")), CATEGORIES)
        self.assertIn(said["capabilities"], CAPABILITIES)
        self.assertRegex(said["createdAt"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertLess(len(said["description"]), 135)  # more of it a catalogue cuts off
        self.assertEqual(said["olm.skipRange"], f"<{number}")
        for link in spec["links"]:
            self.assertRegex(link["url"], r"^https://\S+$")
            self.assertTrue(link["name"])
        picture, = spec["icon"]
        self.assertEqual(picture["mediatype"], "image/svg+xml")
        self.assertIn(b"<svg", base64.b64decode(picture["base64data"]))
        for key in ("displayName", "description", "maturity", "keywords"):
            self.assertTrue(spec[key], key)
        self.assertTrue(spec["provider"]["name"])
        self.assertIn(f"traffictap-olm-{number}.yaml", spec["description"])
        least = re.search(r'kubeVersion: ">=([\d.]+)', (artifacts.ROOT / "charts/traffictap/Chart.yaml").read_text())[1]
        self.assertEqual(spec["minKubeVersion"], least)

    def test_owns_its_kinds_each_with_an_example(self):
        kinds = {(item["metadata"]["name"], item["spec"]["names"]["kind"], item["spec"]["versions"][0]["name"]): path
                 for path, item in manifests.items() if item["kind"] == "CustomResourceDefinition"}
        owned = csv["spec"]["customresourcedefinitions"]["owned"]
        self.assertEqual({(one["name"], one["kind"], one["version"]) for one in owned}, set(kinds))
        self.assertTrue(all(one["description"] and one["displayName"] for one in owned))
        for path in kinds.values():
            self.assertEqual(files[path], (artifacts.ROOT / "crds" / path.removeprefix("manifests/")).read_text())
        examples = json.loads(csv["metadata"]["annotations"]["alm-examples"])
        self.assertEqual({(one["kind"], one["apiVersion"]) for one in examples},
                         {(kind, f"traffictap.io/{version}") for _, kind, version in kinds})

    def test_is_installed_for_all_namespaces_alone(self):
        modes = {one["type"]: one["supported"] for one in csv["spec"]["installModes"]}
        self.assertEqual(modes, {"OwnNamespace": False, "SingleNamespace": False, "MultiNamespace": False, "AllNamespaces": True})

    def test_names_every_image_where_it_will_be(self):
        images = {one["name"]: one["image"] for one in csv["spec"]["relatedImages"]}
        self.assertEqual(images, {name: f"registry.example.com/tap/{name}:{artifacts.number()}"
                                  for name in ("traffictap-operator", "traffictap-collector")})
        used = {container["image"] for one in csv["spec"]["install"]["spec"]["deployments"]
                for container in one["spec"]["template"]["spec"]["containers"]}
        self.assertEqual(used, set(images.values()))
        self.assertIn(csv["metadata"]["annotations"]["containerImage"], used)


class Contents(unittest.TestCase):
    def test_every_plain_manifest_is_in_the_bundle_or_in_what_is_applied_before_it(self):
        """What OLM makes itself out of the ClusterServiceVersion is compared below."""
        made = {("Deployment", None), ("ServiceAccount", None), ("Role", NAMESPACE), ("RoleBinding", NAMESPACE), ("ClusterRoleBinding", None)}
        for item in plain:
            kind, namespace, name = name_of(item)
            places = [item == one for one in beside]
            places += [{**item, "metadata": {**item["metadata"], "namespace": None}} == {**one, "metadata": {**one["metadata"], "namespace": None}}
                       for one in manifests.values()]
            if (kind, namespace) in made or (kind, None) in made or (kind == "ClusterRole" and name == "traffictap-operator"):
                self.assertEqual(places.count(True), 0, name_of(item))
            else:
                self.assertEqual(places.count(True), 1, name_of(item))

    def test_accounts_may_do_what_the_chart_lets_them(self):
        install = csv["spec"]["install"]["spec"]
        given = {}
        for one in install["clusterPermissions"] + install["permissions"]:
            given.setdefault(one["serviceAccountName"], []).extend(one["rules"])
        self.assertEqual(given, grants(plain))
        self.assertEqual({one["spec"]["template"]["spec"]["serviceAccountName"] for one in install["deployments"]}, set(given))

    def test_deployments_are_the_charts_in_whatever_namespace_they_are(self):
        ours = {item["metadata"]["name"]: item for item in plain if item["kind"] == "Deployment"}
        deployments = csv["spec"]["install"]["spec"]["deployments"]
        self.assertEqual({one["name"] for one in deployments}, set(ours))
        for one in deployments:
            self.assertNotIn(NAMESPACE, json.dumps(one))
            container, = one["spec"]["template"]["spec"]["containers"]
            values = {variable["name"]: variable.get("value", NAMESPACE) for variable in container["env"]}
            asked = set(re.findall(r"\$\((\w+)\)", " ".join(container["args"])))
            self.assertLessEqual(asked, set(values))
            theirs, = ours[one["name"]]["spec"]["template"]["spec"]["containers"]
            values["POD_NAMESPACE"], values["POD_NAME"] = NAMESPACE, "$(POD_NAME)"
            self.assertEqual([re.sub(r"\$\((\w+)\)", lambda found: values[found[1]], arg) for arg in container["args"]], theirs["args"])
            for key in set(theirs) - {"args", "env", "image"}:
                self.assertEqual(container[key], theirs[key], key)


class Image(unittest.TestCase):
    def test_holds_the_folder_and_is_taken_by_a_registry(self):
        registry = Registry()
        self.addCleanup(registry.close)
        number = artifacts.number()
        target = f"docker://{registry.address}/tap/traffictap-olm-bundle:{number}"
        source = f"oci-archive:{artifacts.one('traffictap-olm-bundle-*.oci.tar')}:traffictap-olm-bundle:{number}"
        subprocess.run(["skopeo", "copy", "--all", "--quiet", "--dest-tls-verify=false", source, target], check=True)
        out = artifacts.temporary()
        subprocess.run(["skopeo", "copy", "--quiet", "--src-tls-verify=false", target, f"dir:{out}"], check=True)
        manifest = json.loads((out / "manifest.json").read_text())
        config = json.loads((out / manifest["config"]["digest"].split(":")[1]).read_text())
        self.assertEqual(config["config"]["Labels"], yaml.safe_load(files["metadata/annotations.yaml"])["annotations"])
        layer, = manifest["layers"]
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress((out / layer["digest"].split(":")[1]).read_bytes()))) as archive:
            inside = {member.name: archive.extractfile(member).read().decode() for member in archive if member.isfile()}
        self.assertEqual(inside, {path: text for path, text in files.items() if path != "bundle.Dockerfile"})


if "TRAFFICTAP_OLM_VALIDATOR" in os.environ:
    class OwnValidator(unittest.TestCase):
        def test_of_olm_has_nothing_against_it(self):
            line = [os.environ["TRAFFICTAP_OLM_VALIDATOR"], "manifests", "--operatorhub_validate", "--object_validate", folder]
            done = subprocess.run(line, text=True, capture_output=True, check=False)
            self.assertEqual((done.returncode, re.findall(r"level=(?:error|fatal).*", done.stderr + done.stdout)), (0, []))
