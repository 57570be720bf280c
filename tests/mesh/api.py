# SPDX-License-Identifier: Apache-2.0
"""A small client of the Kubernetes API: JSON over HTTPS with the mesh's administrator certificate."""

import http.client
import json
import pathlib
import socket
import ssl
import time
import urllib.parse

APPLY, MERGE = "application/apply-patch+yaml", "application/merge-patch+json"


class ApiError(Exception):
    def __init__(self, status, body):
        self.status = status
        try:
            parsed = json.loads(body)
            self.reason, message = parsed.get("reason", ""), parsed.get("message", "")
        except ValueError:
            self.reason, message = "", body.decode(errors="replace")
        super().__init__(f"{status} {self.reason}: {message}")


class _Connection(http.client.HTTPSConnection):
    """An HTTPS connection over a socket that somebody else opens, for instance inside of a namespace."""

    def __init__(self, host, port, context, open_socket, timeout):
        super().__init__(host, port, context=context, timeout=timeout)
        self._tls, self._open = context, open_socket

    def connect(self):
        plain = self._open((self.host, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def path_of(plural, namespace=None, name=None, subresource=None, group=None, version="v1"):
    parts = ["apis", group, version] if group else ["api", version]
    parts += ["namespaces", namespace] if namespace else []
    parts += [plural] + [p for p in (name, subresource) if p]
    return "/" + "/".join(parts)


class Api:
    """Calls are blocking and safe from any thread: each opens its own connection."""

    def __init__(self, pki, host, port=6443, open_socket=socket.create_connection):
        pki = pathlib.Path(pki)
        self.host, self.port, self.open_socket = host, port, open_socket
        self._authority = pki / "ca.crt"
        self.tls = self.anonymous_tls()
        self.tls.load_cert_chain(pki / "admin.crt", pki / "admin.key")

    def anonymous_tls(self):
        """Trusts the API server, and has no certificate of its own."""
        return ssl.create_default_context(cafile=self._authority)

    def _send(self, verb, path, body, content_type, timeout):
        connection = _Connection(self.host, self.port, self.tls, self.open_socket, timeout)
        payload = body if isinstance(body, (str, bytes)) or body is None else json.dumps(body)
        try:
            connection.request(verb, path, payload, {"Content-Type": content_type, "Accept": "application/json"})
            response = connection.getresponse()
            if response.status >= 400:
                raise ApiError(response.status, response.read())
            return connection, response
        except BaseException:
            connection.close()
            raise

    def request(self, verb, path, body=None, content_type="application/json", timeout=30):
        connection, response = self._send(verb, path, body, content_type, timeout)
        try:
            text = response.read()
        finally:
            connection.close()
        return json.loads(text) if text[:1] == b"{" else text.decode()

    def get(self, path, timeout=30):
        return self.request("GET", path, timeout=timeout)

    def find(self, path):
        """The object, or None where there is none."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def create(self, path, body):
        return self.request("POST", path, body)

    def apply(self, path, body, manager="mesh", validation="Warn"):
        """Server-side; `validation` of unknown fields: Ignore, Warn or Strict."""
        query = urllib.parse.urlencode({"fieldManager": manager, "force": "true", "fieldValidation": validation})
        return self.request("PATCH", f"{path}?{query}", body, APPLY)

    def merge(self, path, body):
        return self.request("PATCH", path, body, MERGE)

    def delete(self, path, grace_seconds=None, uid=None):
        options = {"kind": "DeleteOptions", "apiVersion": "v1"}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        if uid:
            options["preconditions"] = {"uid": uid}
        return self.request("DELETE", path, options)

    def watch(self, path, version):
        """Yields (type, object) until the server ends the watch. Raises ApiError for an ERROR event."""
        query = urllib.parse.urlencode({"watch": "true", "resourceVersion": version, "allowWatchBookmarks": "true"})
        connection, response = self._send("GET", f"{path}?{query}", None, "application/json", None)
        try:
            for line in response:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise ApiError(event["object"].get("code", 500), json.dumps(event["object"]).encode())
                yield event["type"], event["object"]
        finally:
            connection.close()

    def follow(self, path):
        """Yields (type, object) for ever: what is listed as ADDED, then what is watched; what vanished while the watch
        was broken comes as DELETED."""
        known = {}
        while True:
            try:
                listing = self.get(path)
                items = {item["metadata"]["uid"]: item for item in listing["items"]}
                for uid in known.keys() - items.keys():
                    yield "DELETED", known.pop(uid)
                for uid, item in items.items():
                    known[uid] = item
                    yield "ADDED", item
                for kind, item in self.watch(path, listing["metadata"]["resourceVersion"]):
                    if kind == "BOOKMARK":
                        continue
                    if kind == "DELETED":
                        known.pop(item["metadata"]["uid"], None)
                    else:
                        known[item["metadata"]["uid"]] = item
                    yield kind, item
            except (OSError, ApiError, http.client.HTTPException, ValueError):
                time.sleep(0.3)
