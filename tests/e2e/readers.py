# SPDX-License-Identifier: Apache-2.0
"""People who read live records with certificates of their own, and whoever knocks at the collector's port."""

import http.client
import json
import ssl
import subprocess

from installation import API
from mesh import namespaces, pki
from mesh.network import NODE, host_port

ROOT_PATH = "/apis/tap.traffictap.io/v1alpha1"


def path(namespace, resource="pairs", query=""):
    """`namespace` None: all of them."""
    limited = f"/namespaces/{namespace}" if namespace else ""
    return f"{ROOT_PATH}{limited}/{resource}" + (f"?{query}" if query else "")


def lines(text):
    """(records, controls) of a stream's lines."""
    parsed = [json.loads(line) for line in text.splitlines() if line.strip()]
    return [x for x in parsed if "type" not in x], [x for x in parsed if "type" in x]


def https(mesh, port, certificate=None, authority=None, timeout=10):
    """A connection to a port of the node; without `authority` it believes whoever answers."""
    context = ssl.create_default_context(cafile=authority)
    context.check_hostname = bool(authority)
    context.verify_mode = ssl.CERT_REQUIRED if authority else ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(*certificate)
    connection = http.client.HTTPSConnection(NODE, port, context=context, timeout=timeout)
    plain = namespaces.connect(mesh.node_pid, (NODE, port), timeout)
    connection.sock = context.wrap_socket(plain, server_hostname=NODE)
    return connection


def knock(mesh, where, certificate=None, headers=None):
    """(status, text) of a call to the collector's own port, (0, why) where it breaks off."""
    try:
        connection = https(mesh, API, certificate)
        connection.request("GET", where, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    except OSError as error:
        return 0, str(error)
    except http.client.HTTPException as error:
        return 0, repr(error)


class Reader:
    """A user with a client certificate and a kubeconfig."""

    def __init__(self, mesh, name, groups=()):
        self._mesh, self.name = mesh, name
        self.certificate = pki.sign_user(mesh.state / "pki", name, groups)
        self.authority = mesh.state / "pki/ca.crt"
        self.kubeconfig = mesh.state / f"kubeconfig-{name}"
        crt, key = self.certificate
        cluster = {"server": f"https://{host_port(NODE, 6443)}", "certificate-authority": str(self.authority)}
        user = {"client-certificate": str(crt), "client-key": str(key)}
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "mesh",
            "clusters": [{"name": "mesh", "cluster": cluster}], "users": [{"name": name, "user": user}],
            "contexts": [{"name": "mesh", "context": {"cluster": "mesh", "user": name}}]}))

    def kubectl(self, *args):
        """(whether it went well, what it says)."""
        try:
            return True, self._mesh.kubectl("--kubeconfig", self.kubeconfig, *args)
        except RuntimeError as error:
            return False, str(error)

    def read(self, where):
        """The text of a path, as kubectl prints it."""
        well, text = self.kubectl("get", "--raw", where)
        if not well:
            raise AssertionError(text)
        return text

    def open(self, where, headers=None, timeout=90):
        """The response to a GET, to be read as it comes."""
        connection = https(self._mesh, 6443, self.certificate, self.authority, timeout)
        connection.request("GET", where, headers=headers or {})
        return connection.getresponse()

    def follow(self, where):
        """kubectl in the background; its standard output are the stream's lines."""
        args = [self._mesh.binaries() + "/kubectl", "--kubeconfig", self.kubeconfig, "get", "--raw", where]
        return self._mesh.run_on_node(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
