# SPDX-License-Identifier: Apache-2.0
"""Who calls: the shop's client again and again, and a teller in a namespace of its own."""

import threading

TELLER = """
apiVersion: v1
kind: Namespace
metadata: {{name: {0}, labels: {{istio-injection: enabled}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: teller-v1, namespace: {0}}}
spec:
  selector: {{matchLabels: {{app: teller}}}}
  template:
    metadata: {{labels: {{app: teller, version: v1}}}}
    spec:
      containers: [{{name: app, image: shop, args: [client]}}]
"""


def teller(namespace):
    """The manifest of a namespace whose one pod can call."""
    return TELLER.format(namespace)


class Traffic:
    """A call of the shop's client again and again, in a `with` or from start() to stop(), so that what is started meanwhile
    sees one. {n} in the URL is the number of the call, `codes` are the answers."""

    def __init__(self, mesh, url, pause=0.2):
        self._mesh, self._url, self._pause, self.codes = mesh, url, pause, []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._call, daemon=True)

    def _call(self):
        while not self._ended.is_set():
            self.codes.append(self._mesh.call("shop/client", self._url.replace("{n}", str(len(self.codes)))).status)
            self._ended.wait(self._pause)

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._ended.set()
        self._thread.join()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
