# SPDX-License-Identifier: Apache-2.0
"""No proxy speaks for another: collectors on the mesh, real proxies that they believe, and one that they don't (S4). And
what the sidecar that one of these collectors has does to streams that nobody reads."""

import http.client
import json
import pathlib
import unittest

from forger import Forger
from installation import shared_mesh
from mesh import namespaces
from mesh.processes import wait_until

HERE = pathlib.Path(__file__).parent
MODES = ("sidecar", "certificates")
CATALOG = "URI=spiffe://cluster.local/ns/shop/sa/catalog"
# What a client with a certificate of its own may send as its x-forwarded-client-cert.
FORMS = {
    "none": "",
    "one whole element": f'By=spiffe://cluster.local/ns/bound/sa/default;Hash=ab;Subject="";{CATALOG}',
    "a quote left open": f'{CATALOG};Subject="',
    "a quote in the middle of a value": f'{CATALOG};DNS=a"b',
    "an escaped quote at the end": f'{CATALOG};Subject="\\"',
    "two elements, the last one open": f'{CATALOG},By="',
}
REASONS = ("NoIdentity", "IdentityMismatch")


def setUpModule():
    global mesh
    mesh = shared_mesh()
    mesh.apply(HERE / "identity.yaml")
    mesh.wait_ready("bound", 3)
    mesh.wait_ready("thief", 1)
    for pod in mesh.pods("shop", "catalog"):
        wait_until(lambda p=pod: "to-certificates" in mesh.envoy_admin(p, "/config_dump?resource=dynamic_listeners"),
                   f"{pod.name} is attached", 20)


def tearDownModule():
    mesh.kubectl("delete", "--wait=false", "-f", HERE / "identity.yaml")


def records(mode):
    lines = mesh.log(f"bound/{mode}", "collector").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def paths(mode):
    return [record["request"]["path"] for record in records(mode)]


def metrics(mode):
    """{"name{labels}": value}, from inside of the pod: its metrics port may be behind the sidecar."""
    pod = mesh.pod(f"bound/{mode}")
    connection = http.client.HTTPConnection("127.0.0.1", 9812)
    connection.sock = namespaces.connect(mesh.pod_pid(pod), ("127.0.0.1", 9812), 5)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    return {key: float(value) for key, value in (line.rsplit(" ", 1) for line in lines if line and line[0] != "#")}


def refused(mode, reason):
    for key, value in metrics(mode).items():
        if key.startswith("traffictap_als_streams_refused_total") and f'"{reason}"' in key:
            return int(value)
    raise AssertionError(f"there is no counter for {reason}")


def recorded(mode, path):
    """Calls the shop's catalog until the collector of the mode has it: a connection from before the attachment is silent."""
    def there():
        mesh.call("shop/client", f"http://catalog{path}")
        return path in paths(mode)

    wait_until(there, f"{mode} has {path}", 60)


def forger_in(which, mode, ip, **options):
    """Claims to be a pod of the shop's catalog, to the collector of that mode."""
    node = {
        "id": "sidecar~10.1.1.1~catalog-v1-forged.shop~shop.svc.cluster.local",
        "cluster": "catalog.shop",
        "metadata": {"NAMESPACE": "shop", "NAME": "catalog-v1-forged", "WORKLOAD_NAME": "catalog-v1",
                     "SERVICE_ACCOUNT": "catalog"},
    }
    return Forger(mesh, which, f"{mode}.bound.svc.cluster.local", ip, 9811, node, **options)


class Identity(unittest.TestCase):
    def test_a_real_sidecar_is_believed_in_both_modes(self):
        before = {(mode, reason): refused(mode, reason) for mode in MODES for reason in REASONS}
        for mode in MODES:
            recorded(mode, "/honest")
            for reason in REASONS:
                self.assertEqual(refused(mode, reason), before[mode, reason], f"{mode} {reason}")

    def test_a_foreign_certificate_that_claims_to_be_the_shops_is_refused(self):
        for mode in MODES:
            before = refused(mode, "IdentityMismatch")
            with forger_in("thief/thief", mode, mesh.address_of(mode, "bound")) as forger:
                self.assertEqual(forger.call("/forged"), 200)
                wait_until(lambda m=mode, b=before: refused(m, "IdentityMismatch") > b, f"{mode} refuses it", 20)
            self.assertNotIn("/forged", paths(mode))

    def test_no_header_that_a_client_writes_makes_it_somebody_else(self):
        for mode in ("sidecar", "sanitized"):
            for number, (form, header) in enumerate(FORMS.items()):
                # A sidecar that appends leaves two elements; one that replaces leaves the thief's own alone.
                reason = "NoIdentity" if header and mode == "sidecar" else "IdentityMismatch"
                before, path = refused(mode, reason), f"/written-{number}"
                ip = mesh.pod(f"bound/{mode}").ip
                with self.subTest(mode=mode, form=form), forger_in(
                        "thief/thief", mode, ip, certificates="/etc/mesh-certs", header=header) as forger:
                    self.assertEqual(forger.call(path), 200)
                    wait_until(lambda m=mode, r=reason, b=before: refused(m, r) > b, f"{mode} refuses {form}", 20)
                    self.assertNotIn(path, paths(mode))

    def test_a_pod_outside_of_the_mesh_gets_nowhere(self):
        for mode in MODES:
            before = refused(mode, "NoIdentity")
            with forger_in("shop/legacy", mode, mesh.pod(f"bound/{mode}").ip) as forger:
                forger.call("/outside")
                recorded(mode, f"/after-{mode}")
            self.assertNotIn("/outside", paths(mode))
            self.assertEqual(refused(mode, "NoIdentity"), before, "it did not even reach the stream")


class Sidecar(unittest.TestCase):
    TAP, ASIDE = "/etc/taps/everything.yaml", "/etc/taps/everything.aside"

    def move(self, before, after):
        mesh.exec("bound/sidecar", "mv", before, after)

    def ended(self):
        name = "traffictap_als_streams_ended_total"
        return sum(value for key, value in metrics("sidecar").items() if key.startswith(name))

    def all_paused(self):
        mesh.call("shop/client", "http://catalog/nobody-asks")  # a stream is paused with the next message on it
        now = metrics("sidecar")
        return now["traffictap_als_streams"] == now["traffictap_als_streams_paused"] > 0

    def test_streams_through_the_collectors_own_sidecar_are_paused_and_read_on(self):
        recorded("sidecar", "/while-a-tap-is-there")
        ended = self.ended()
        self.move(self.TAP, self.ASIDE)
        try:
            wait_until(self.all_paused, "no stream is read", 30)
        finally:
            self.move(self.ASIDE, self.TAP)
        recorded("sidecar", "/when-it-is-there-again")
        self.assertEqual(self.ended(), ended, "a stream has ended over it")


if __name__ == "__main__":
    unittest.main()
