# SPDX-License-Identifier: Apache-2.0
"""The bundle with which the Operator Lifecycle Manager installs TrafficTap (format registry+v1): as a folder, as an image, and
beside it what OLM does not install. All of it is made of the chart's plain manifests."""

import copy
import gzip
import json
import pathlib
import re

import kinds
import oci
import rootfs
import yaml
import yaml_text

ROOT = pathlib.Path(__file__).resolve().parents[1]
BASE = ROOT / "charts/kustomize/base"
PACKAGE, CHANNEL, NAMESPACE, ISTIO = "traffictap", "alpha", "traffictap-system", "istio-system"
# Of the kinds that OLM takes in a bundle, those that we have.
TAKEN = ("Service", "PodDisruptionBudget", "ClusterRole")
DESCRIPTION = """\
Shows the requests of an Istio mesh as they happen: what the client saw and what the server saw of each, joined into one
record with a verdict on which side is to blame.

The operator makes the proxies of what a `TrafficTap` names send their access logs. The collector joins them and writes the
records to files, Kafka, OpenTelemetry or standard output, and shows them live to `kubectl traffictap`. No pod is restarted, but HTTP
connections of tapped proxies drain when a tap starts and after it has ended.

**Before the operator is installed**, apply `traffictap-olm-{number}.yaml` of the same release: it has what OLM does not install,
such as roles in the namespaces of Istio and Kubernetes, network policies and the policy on who may tap. It is made for
namespace `traffictap-system`.
"""
BESIDE = """\
# What the Operator Lifecycle Manager does not install of TrafficTap {number}: apply it before the operator. Replace
# traffictap-system where the operator is installed in another namespace. If Istio's root namespace is not istio-system, replace
# that too, and set ISTIO_ROOT_NAMESPACE in the Subscription's config.env.
"""


def _objects():
    for name in ("namespace", "rbac", "traffictap"):
        yield from filter(None, yaml.safe_load_all((BASE / f"{name}.yaml").read_text()))


def _in_csv(item):
    """Whether OLM makes the object out of the ClusterServiceVersion."""
    own = item["metadata"].get("namespace") == NAMESPACE
    return item["kind"] in ("Deployment", "ServiceAccount", "ClusterRoleBinding") or (item["kind"] in ("Role", "RoleBinding") and own)


def _image(reference, registry):
    return f"{registry}/{reference}" if registry else reference


def _deployment(item, registry):
    """As the ClusterServiceVersion has it: it learns from its pod in which namespace it was installed, and of Istio's from a
    variable that a Subscription can set."""
    spec = copy.deepcopy(item["spec"])
    for container in spec["template"]["spec"]["containers"]:
        container["image"] = _image(container["image"], registry)
        container["args"] = [arg.replace(NAMESPACE, "$(POD_NAMESPACE)").replace(ISTIO, "$(ISTIO_ROOT_NAMESPACE)")
                             for arg in container["args"]]
        container["env"] = [
            {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            *([{"name": "ISTIO_ROOT_NAMESPACE", "value": ISTIO}] if any("$(ISTIO" in arg for arg in container["args"]) else []),
            *container.get("env", [])]
    return {"name": item["metadata"]["name"], "label": item["metadata"]["labels"], "spec": spec}


def _rights(objects, binding, role):
    """The rules of each account, by the bindings of one kind."""
    rules = {item["metadata"]["name"]: item["rules"] for item in objects if item["kind"] == role
             and item["metadata"].get("namespace", NAMESPACE) == NAMESPACE}
    return [{"serviceAccountName": item["subjects"][0]["name"], "rules": rules[item["roleRef"]["name"]]}
            for item in objects if item["kind"] == binding and item["metadata"].get("namespace", NAMESPACE) == NAMESPACE]


def _csv(objects, chart, epoch, registry, architectures):
    number = chart["version"]
    mediatype, _, icon = chart["icon"].removeprefix("data:").partition(";base64,")
    deployments = [_deployment(item, registry) for item in objects if item["kind"] == "Deployment"]
    images = {one["name"]: one["spec"]["template"]["spec"]["containers"][0]["image"] for one in deployments}
    return {
        "apiVersion": "operators.coreos.com/v1alpha1",
        "kind": "ClusterServiceVersion",
        "metadata": {
            "name": f"{PACKAGE}.v{number}",
            "annotations": {
                "alm-examples": json.dumps(kinds.samples(), indent=2),
                "capabilities": chart["annotations"]["artifacthub.io/operatorCapabilities"],
                "categories": "Monitoring,Logging & Tracing,Networking",
                "containerImage": images["traffictap-operator"],
                "createdAt": oci.timestamp(epoch),
                "description": chart["description"],
                # From any earlier version, in one step.
                "olm.skipRange": f"<{number}",
                "operatorframework.io/suggested-namespace": NAMESPACE,
                "repository": chart["sources"][0],
                "support": chart["maintainers"][0]["name"],
            },
            "labels": {**{f"operatorframework.io/arch.{one}": "supported" for one in architectures},
                       "operatorframework.io/os.linux": "supported"},
        },
        "spec": {
            "displayName": "TrafficTap",
            "description": DESCRIPTION.format(number=number),
            "version": number,
            "maturity": CHANNEL,
            "minKubeVersion": re.search(r"(\d+\.\d+\.\d+)", chart["kubeVersion"])[1],
            "keywords": chart["keywords"],
            "provider": {"name": chart["maintainers"][0]["name"], "url": chart["home"]},
            "links": [{"name": "Documentation", "url": chart["home"]}, {"name": "Source", "url": chart["sources"][0]}],
            "icon": [{"base64data": icon, "mediatype": mediatype}],
            "installModes": [{"type": mode, "supported": mode == "AllNamespaces"}
                             for mode in ("OwnNamespace", "SingleNamespace", "MultiNamespace", "AllNamespaces")],
            "install": {"strategy": "deployment", "spec": {
                "clusterPermissions": _rights(objects, "ClusterRoleBinding", "ClusterRole"),
                "permissions": _rights(objects, "RoleBinding", "Role"),
                "deployments": deployments}},
            "customresourcedefinitions": {"owned": kinds.described()},
            "relatedImages": [{"name": name, "image": image} for name, image in sorted(images.items())],
        },
    }


def labels():
    """What tells OLM how to read the bundle: annotations of its metadata, and labels of its image."""
    key = "operators.operatorframework.io.bundle"
    return {f"{key}.mediatype.v1": "registry+v1", f"{key}.manifests.v1": "manifests/", f"{key}.metadata.v1": "metadata/",
            f"{key}.package.v1": PACKAGE, f"{key}.channels.v1": CHANNEL, f"{key}.channel.default.v1": CHANNEL}


def files(epoch, registry, architectures):
    """{path in the bundle: text}. `architectures`: those of the images."""
    chart = yaml.safe_load((ROOT / "charts/traffictap/Chart.yaml").read_text())
    objects = list(_objects())
    out = {f"manifests/{path.name}": path.read_text() for path in kinds.files()}
    out[f"manifests/{PACKAGE}.clusterserviceversion.yaml"] = yaml_text.text(
        _csv(objects, chart, epoch, registry, architectures))
    bound = {item["roleRef"]["name"] for item in objects if item["kind"] == "ClusterRoleBinding"}
    for item in objects:
        name = item["metadata"]["name"]
        # OLM gives the roles of accounts names of its own; the collector's owns its APIService, by its name.
        if item["kind"] not in TAKEN or (item["kind"] == "ClusterRole" and name in bound - {"traffictap-collector"}):
            continue
        item["metadata"].pop("namespace", None)
        out[f"manifests/{name}_{item['kind'].lower()}.yaml"] = yaml_text.text(item)
    out["metadata/annotations.yaml"] = yaml_text.text({"annotations": labels()})
    return out


def beside(number):
    """The text of what an administrator applies."""
    rest = [item for item in _objects() if item["kind"] not in TAKEN and not _in_csv(item)]
    return BESIDE.format(number=number) + "---\n".join(map(yaml_text.text, rest))


def dockerfile():
    lines = ["FROM scratch", *(f"LABEL {name}={value}" for name, value in labels().items()),
             "COPY manifests /manifests/", "COPY metadata /metadata/"]
    return "\n".join(lines) + "\n"


def artifacts(number, epoch, registry, architectures):
    """{file name: bytes}"""
    inside = {path: rootfs.File(0o644, text.encode()) for path, text in files(epoch, registry, architectures).items()}
    name = f"{PACKAGE}-olm-bundle"
    layers = [oci.layer(rootfs.with_directories(inside), epoch)]
    # A node pulls only what is of its own architecture.
    images = [oci.Image(f"{name}:{number}", one, layers, [], "", labels(), epoch) for one in architectures]
    folder = {f"{name}-{number}/{path}": file for path, file in
              {**inside, "bundle.Dockerfile": rootfs.File(0o644, dockerfile().encode())}.items()}
    return {f"{name}-{number}.tar.gz": gzip.compress(oci.tar(rootfs.with_directories(folder), epoch), 9, mtime=0),
            f"{name}-{number}.oci.tar": oci.images_archive(images),
            f"{PACKAGE}-olm-{number}.yaml": beside(number).encode()}
