# SPDX-License-Identifier: Apache-2.0
"""Values that a pod's containers get from the pod itself and from the objects it names: their environment."""

import base64
import json
import os
import re

from mesh.api import path_of
from mesh.network import API_SERVICE, FAMILIES, NODE, addresses_of

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/mesh"
_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9}


class NotYet(Exception):
    """Something that the pod needs does not exist yet; a kubelet tries again."""


def field(pod, address, path):
    """The downward API's fieldRef."""
    meta, spec = pod["metadata"], pod["spec"]
    keyed = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if keyed:
        return meta.get(keyed[1], {}).get(keyed[2], "")
    if path in ("metadata.labels", "metadata.annotations"):
        values = meta.get(path.split(".")[1], {})
        return "\n".join(f"{key}={json.dumps(value)}" for key, value in sorted(values.items()))
    known = {
        "metadata.name": meta["name"],
        "metadata.namespace": meta["namespace"],
        "metadata.uid": meta["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.podIP": address,
        "status.podIPs": ",".join(addresses_of(address)),
        "status.hostIP": NODE,
        "status.hostIPs": ",".join(family.node for family in FAMILIES),
    }
    return known[path]


def _resource(container, name):
    """The downward API's resourceFieldRef with divisor 1; without a limit, what the machine has."""
    kind, resource = name.split(".", 1)
    text = container.get("resources", {}).get(kind, {}).get(resource)
    if resource == "cpu":
        if text is None:
            return os.cpu_count()
        return -(-int(text[:-1]) // 1000) if text.endswith("m") else int(float(text))
    if text is None:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    number, unit = re.fullmatch(r"(\d+)([A-Za-z]*)", text).groups()
    return int(number) * _UNITS.get(unit, 1)


def object_of(api, plural, namespace, name, optional):
    found = api.find(path_of(plural, namespace, name))
    if found is None and not optional:
        raise NotYet(f"{plural} {namespace}/{name} does not exist")
    return found


def contents_of(item):
    """The entries of a ConfigMap or Secret as bytes."""
    if item is None:
        return {}
    if item.get("kind") == "Secret":
        return {key: base64.b64decode(value) for key, value in (item.get("data") or {}).items()}
    binary = {key: base64.b64decode(value) for key, value in (item.get("binaryData") or {}).items()}
    return {key: value.encode() for key, value in (item.get("data") or {}).items()} | binary


def _env_value(api, pod, address, container, source):
    if "fieldRef" in source:
        return field(pod, address, source["fieldRef"]["fieldPath"])
    if "resourceFieldRef" in source:
        return str(_resource(container, source["resourceFieldRef"]["resource"]))
    for key, plural in (("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")):
        if key in source:
            wanted = source[key]
            item = object_of(api, plural, pod["metadata"]["namespace"], wanted["name"], wanted.get("optional"))
            value = contents_of(item).get(wanted["key"])
            return None if value is None else value.decode()
    raise ValueError(f"the mesh's kubelet does not know the source {', '.join(source)}")


def expand(text, environment):
    """Kubernetes' $(NAME); $$ stands for one $."""
    return re.sub(r"\$(\$|\(([A-Za-z0-9_.-]+)\))", lambda m: "$" if m[1] == "$" else environment.get(m[2], m[0]), text)


def environment(api, pod, address, container):
    out = {
        "PATH": SEARCH_PATH,
        "HOME": "/root",
        "HOSTNAME": pod["metadata"]["name"],
        "KUBERNETES_SERVICE_HOST": API_SERVICE,
        "KUBERNETES_SERVICE_PORT": "443",
    }
    for variable in container.get("env", []):
        value = variable.get("value", "")
        if "valueFrom" in variable:
            value = _env_value(api, pod, address, container, variable["valueFrom"])
        if value is not None:
            out[variable["name"]] = expand(value, out)
    return out
