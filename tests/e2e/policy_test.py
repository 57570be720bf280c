# SPDX-License-Identifier: Apache-2.0
"""What the API server says of every rule of the schemas, who may tap what, and what TrafficTap's own accounts may do."""
import re
import unittest

from installation import RIGHTS, ROOT, create_crds, shared_mesh
from mesh.api import ApiError, path_of
from mesh.processes import wait_until

DOCUMENTS = ROOT / "tests/crds"
TAP = "apiVersion: traffictap.io/v1alpha1\nkind: {kind}\nmetadata: {{name: one{namespace}}}\nspec: {{}}\n"
ACCOUNTS = [
    ("traffictap-operator", "shop"),
    ("traffictap-operator", "traffictap-system"),
    ("traffictap-operator", "istio-system"),
    ("traffictap-collector", "traffictap-system"),
    ("traffictap-collector", "kube-system"),
]


def kubectl(*args, stdin=None):
    """(whether it went well, what it says)."""
    try:
        return True, mesh.kubectl(*args, stdin=stdin)
    except RuntimeError as error:
        return False, str(error)


def documents(name):
    return (DOCUMENTS / name).read_text().split("---\n")[1:]


def offer(document, user=None):
    identity = ["--as", user] if user else []
    return kubectl("create", "--dry-run=server", "--validate=strict", *identity, "-f", "-", stdin=document)


def post(document):
    """As offer, without a kubectl for each: (whether it is taken, what the API server says)."""
    kind = re.search(r"^kind: (\w+)$", document, re.M)[1]
    namespace = "shop" if kind == "TrafficTap" else None
    path = path_of(f"{kind.lower()}s", namespace, group="traffictap.io", version="v1alpha1")
    try:
        query = "?dryRun=All&fieldValidation=Strict"
        return True, mesh.api.request("POST", path + query, document, "application/yaml")
    except ApiError as error:
        return False, str(error)


def tap(kind="TrafficTap", namespace="shop"):
    return TAP.format(kind=kind, namespace=f", namespace: {namespace}" if kind == "TrafficTap" else "")


def setUpModule():
    global mesh
    mesh = shared_mesh()
    create_crds(mesh)
    kubectl("create", "namespace", "traffictap-system")
    mesh.apply(ROOT / "crds/admission")
    mesh.apply(RIGHTS)
    grant("tina", "traffictap-tapper", "shop")
    grant("tina", "traffictap-tapper", "istio-system")
    kubectl("create", "clusterrole", "tap-maker", "--verb=create",
            "--resource=traffictaps.traffictap.io,clustertraffictaps.traffictap.io")
    grant("max", "tap-maker")
    grant("ada", "traffictap-admin")
    # A policy is in force some moments after it was written.
    wait_until(lambda: not offer(tap(), "max")[0], "the policy is in force", 30)


def tearDownModule():
    kubectl("delete", "-f", ROOT / "crds/admission")


def grant(user, role, namespace=None):
    name = f"{user}-{role}"
    if namespace:
        kubectl("create", "rolebinding", name, "-n", namespace, "--clusterrole", role, "--user", user)
    else:
        kubectl("create", "clusterrolebinding", name, "--clusterrole", role, "--user", user)


def rights(account, namespace):
    """What the account may do there, beside what every account may; one line per resource."""
    known, text = kubectl(
        "auth", "can-i", "--list", "--no-headers", "-n", namespace,
        "--as", f"system:serviceaccount:traffictap-system:{account}",
        "--as-group", "system:serviceaccounts", "--as-group", "system:authenticated",
    )
    assert known, text
    own = [line for line in text.splitlines() if line.strip() and not line.startswith((" ", "selfsubject"))]
    return sorted(" ".join(line.replace("[]", "").split()) for line in own)


class Documents(unittest.TestCase):
    def test_every_field_is_taken(self):
        for document in documents("accepted.yaml"):
            taken, text = post(document)
            self.assertTrue(taken, f"{text}\n{document}")

    def test_every_rule_is_enforced(self):
        for document in documents("refused.yaml"):
            taken, text = post(document)
            self.assertFalse(taken, f"is taken:\n{document}")
            self.assertRegex(text, "is invalid|unknown field", document)


class WhoMayTap(unittest.TestCase):
    def assertRefused(self, answer, words):
        taken, text = answer
        self.assertFalse(taken, text)
        self.assertIn(words, text)

    def test_a_tapper_taps_in_her_namespace(self):
        self.assertTrue(*offer(tap(), "tina"))

    def test_a_tapper_has_no_right_in_another_namespace(self):
        self.assertRefused(offer(tap(namespace="default"), "tina"), "cannot create resource")

    def test_who_may_create_taps_but_not_tap_pods_is_refused(self):
        self.assertRefused(offer(tap(), "max"), "max may not tap pods in namespace shop")

    def test_a_tap_of_the_cluster_needs_the_right_in_every_namespace(self):
        self.assertRefused(offer(tap("ClusterTrafficTap"), "max"), "may not tap pods in every namespace")
        self.assertRefused(offer(tap("ClusterTrafficTap"), "tina"), "cannot create resource")
        self.assertTrue(*offer(tap("ClusterTrafficTap"), "ada"))

    def test_the_root_namespace_is_closed_until_its_administrator_opens_it(self):
        for user in ("tina", "ada"):
            self.assertRefused(offer(tap(namespace="istio-system"), user), "root namespace")
        kubectl("label", "namespace", "istio-system", "traffictap.io/allow-taps=true")
        try:
            wait_until(lambda: offer(tap(namespace="istio-system"), "tina")[0], "the namespace is open", 30)
        finally:
            kubectl("label", "namespace", "istio-system", "traffictap.io/allow-taps-")


class OwnRights(unittest.TestCase):
    def test_are_exactly_those_of_the_list(self):
        text = "".join(
            f"{account} in {namespace}:\n" + "".join(f"  {line}\n" for line in rights(account, namespace))
            for account, namespace in ACCOUNTS
        )
        frozen = (DOCUMENTS / "can-i.txt").read_text()
        self.assertEqual(text, frozen[frozen.index("\n") + 1:])

    def test_name_no_wildcard(self):
        self.assertNotIn("*", RIGHTS.read_text())
