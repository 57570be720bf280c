# SPDX-License-Identifier: Apache-2.0
"""TrafficTaps as scenarios speak of them: apply one, wait for what its status says, read what it wrote."""

from mesh.api import path_of
from mesh.processes import wait_until

GROUP, VERSION = "traffictap.io", "v1alpha1"


class Taps:
    def __init__(self, mesh, collector, namespace="shop"):
        self._mesh, self._collector, self.namespace = mesh, collector, namespace

    def path(self, name=None, namespace=None):
        return path_of("traffictaps", namespace or self.namespace, name, group=GROUP, version=VERSION)

    def apply(self, name, namespace=None, wait="Ready", **spec):
        """As `kubectl apply --server-side`, without its process; the tap writes to a file of its own unless it says otherwise.
        Waits for a condition."""
        namespace = namespace or self.namespace
        spec.setdefault("targets", [{"kind": "Namespace"}])
        spec.setdefault("pairing", {"window": "2s"})
        spec.setdefault("outputs", [{"name": "disk", "type": "File", "file": {"path": f"{name}.jsonl"}}])
        tap = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": "TrafficTap",
            "metadata": {"name": name, "namespace": namespace},
            "spec": spec,
        }
        self._mesh.api.apply(self.path(name, namespace), tap, manager="kubectl", validation="Strict")
        if wait:
            self.wait(name, wait, namespace=namespace)

    def get(self, name, namespace=None):
        return self._mesh.api.get(self.path(name, namespace))

    def status(self, name, namespace=None):
        return self.get(name, namespace).get("status", {})

    def condition(self, name, kind, namespace=None):
        """{"status", "reason", "message"} of what the operator says of the tap's newest generation, or {}."""
        tap = self.get(name, namespace)
        for condition in tap.get("status", {}).get("conditions", []):
            if condition["type"] == kind and condition.get("observedGeneration") == tap["metadata"]["generation"]:
                return condition
        return {}

    def wait(self, name, kind, status="True", reason=None, seconds=90, namespace=None):
        def there():
            found = self.condition(name, kind, namespace)
            if found.get("status") == status and reason in (None, found.get("reason")):
                return True
            raise AssertionError(f"it is {found or 'not there'}")

        wait_until(there, f"{name} is {kind}={status} {reason or ''}", seconds)
        return self.condition(name, kind, namespace)

    def delete(self, name, namespace=None):
        self._mesh.api.delete(self.path(name, namespace))

    def delete_all(self, patches=True):
        """`patches`: waits until they are gone too; not where the operator gives them a grace time."""
        for tap in self._mesh.api.get(path_of("traffictaps", group=GROUP, version=VERSION))["items"]:
            self.delete(tap["metadata"]["name"], tap["metadata"]["namespace"])
        if patches:
            wait_until(lambda: not self.patches(), "the patches are gone", 90)

    def patches(self, namespace=None):
        """Names of the objects that the operator has in the mesh, "KIND/NAMESPACE/NAME"."""
        return sorted(self.patch_specs(namespace))

    def patch_specs(self, namespace=None):
        """{"KIND/NAMESPACE/NAME": spec} of the objects that the operator has in the mesh."""
        out = {}
        for kind, plural, group, version in (
            ("EnvoyFilter", "envoyfilters", "networking.istio.io", "v1alpha3"),
            ("Telemetry", "telemetries", "telemetry.istio.io", "v1"),
        ):
            for item in self._mesh.api.get(path_of(plural, namespace, group=group, version=version))["items"]:
                if any(m.get("manager") == "traffictap-operator" for m in item["metadata"].get("managedFields", [])):
                    out[f"{kind}/{item['metadata']['namespace']}/{item['metadata']['name']}"] = item["spec"]
        return out

    def file(self, name):
        """Where the tap's own file output is: File outputs stay in a directory of the tap's namespace."""
        return f"{self.namespace}/{name}.jsonl"

    def matching(self, name, **conditions):
        return self._collector.records.matching(self.file(name), **conditions)

    def records(self, name, seconds=60, count=1, **conditions):
        """The records of the tap's own file that match, once there are enough."""
        return self._collector.records.wait_for(self.file(name), seconds, count, **conditions)
