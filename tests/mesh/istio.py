# SPDX-License-Identifier: Apache-2.0
"""istiod: its configuration, its objects, and how it is started.

A stock Envoy lacks the extensions that Istio's own build adds, so istiod must not send them: no ALPN filter, no peer
metadata exchange, no default metrics provider, no tunnels in tunnels."""

import json
import os
import urllib.request

from mesh.api import path_of
from mesh.network import DUAL, FIRST, NODE, host_port
from mesh.processes import Process

NAMESPACE = "istio-system"
PORTS = {"grpc-xds": 15010, "https-dns": 15012, "https-webhook": (443, 15017), "http-monitoring": 15014}
HTTP = f"http://{host_port(NODE, 8080)}"
ADMISSION = "admissionregistration.k8s.io"

COLLECTOR = {"service": "traffictap-collector.traffictap-system.svc.cluster.local", "port": 9811}

MESH_CONFIG = {
    "rootNamespace": NAMESPACE,
    "trustDomain": "cluster.local",
    "enablePrometheusMerge": False,
    "defaultProviders": {},
    "accessLogFile": "/dev/stdout",
    "defaultConfig": {
        "discoveryAddress": f"istiod.{NAMESPACE}.svc:15012",
        "binaryPath": "/opt/mesh/envoy",
        "concurrency": 1,
        "terminationDrainDuration": "1s",
        "proxyStatsMatcher": {"inclusionRegexps": [".*"]},  # tests read counters that Istio leaves out
    },
    "extensionProviders": [  # what an admin adds for Telemetry mode
        {"name": "traffictap", "envoyHttpAls": COLLECTOR},
        {"name": "traffictap-tcp", "envoyTcpAls": COLLECTOR},
        {"name": "guard", "envoyExtAuthzHttp": {"service": "guard.rules.svc.cluster.local", "port": 80}},
    ],
}

ENVIRONMENT = {
    "POD_NAME": "istiod-0",
    "POD_NAMESPACE": NAMESPACE,
    "REVISION": "default",
    "CLUSTER_ID": "Kubernetes",
    "PILOT_CERT_PROVIDER": "istiod",
    "ENABLE_CA_SERVER": "true",
    "INJECTION_WEBHOOK_CONFIG_NAME": "istio-sidecar-injector",
    "VALIDATION_WEBHOOK_CONFIG_NAME": "",
    "PILOT_ENABLE_ALPN_FILTER": "false",
    "PILOT_ENABLE_METADATA_EXCHANGE": "false",
    "PILOT_DISABLE_MX_ALPN": "true",
    "PILOT_HTTP10": "true",
    # Two tunnels in one, to another network: waypoints get these listeners even where there is one network alone.
    "AMBIENT_ENABLE_MULTI_NETWORK_WAYPOINT": "false",
    "DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES": "traffictap-system",  # its operator reads /debug/syncz
}

# For istiod and, by its mesh configuration, for the proxies.
DUAL_STACK = {"ISTIO_DUAL_STACK": "true"} if DUAL else {}
MESH_CONFIG["defaultConfig"] |= {"proxyMetadata": DUAL_STACK} if DUAL else {}

TEMPLATES = {
    "sidecar": "injection-template.yaml",
    "gateway": "gateway-injection-template.yaml",
    "kube-gateway": "kube-gateway.yaml",
    "waypoint": "waypoint.yaml",
}


def _injection_values(chart, cni):
    """The chart's default values, of which the templates also want a part under `pilot`."""
    lines = (chart / "values.yaml").read_text().splitlines()
    body = [line for line in lines if line and not line.startswith(("#", "_internal_defaults"))]
    return "\n".join(body + ["  pilot:", f"    cni: {{enabled: {str(cni).lower()}, provider: default}}", "    env: {}"]) + "\n"


def _injection_config(chart):
    return json.dumps(
        {
            "policy": "enabled",
            "defaultTemplates": ["sidecar"],
            "alwaysInjectSelector": [],
            "neverInjectSelector": [],
            "injectedAnnotations": {},
            "template": "",
            "templates": {name: (chart / file).read_text() for name, file in TEMPLATES.items()},
        }
    )


def write_files(directory, chart, cni=False):
    """`cni`: pods get no container with rights that redirects their traffic, since Istio's CNI plugin does it."""
    injection = directory / "var/lib/istio/inject"
    injection.mkdir(parents=True)
    (injection / "config").write_text(_injection_config(chart))
    (injection / "values").write_text(_injection_values(chart, cni))
    (directory / "mesh").write_text(json.dumps(MESH_CONFIG))
    (directory / "networks").write_text(json.dumps({"networks": {}}))


def process(binaries, state, ambient=False):
    """`ambient`: istiod makes waypoints, and says to them which Services are theirs."""
    directory = state / "istiod"
    args = [
        binaries / "pilot-discovery",
        "discovery",
        "--kubeconfig",
        state / "kubeconfig",
        "--meshConfig",
        directory / "mesh",
        "--networksConfig",
        directory / "networks",
        "--shutdownDuration",
        "0s",
    ]
    environment = {**ENVIRONMENT, "PILOT_ENABLE_AMBIENT": str(ambient).lower(), **DUAL_STACK}
    return Process("istiod", args, state / "log/istiod.log", env={**os.environ, **environment}, cwd=directory)


def ready():
    with urllib.request.urlopen(f"{HTTP}/ready", timeout=2) as response:
        return response.status == 200


def _service():
    ports = []
    for name, port in PORTS.items():
        outside, inside = port if isinstance(port, tuple) else (port, port)
        ports.append({"name": name, "port": outside, "targetPort": inside})
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "istiod", "labels": {"app": "istiod"}},
        "spec": {"ports": ports},
    }


def node_endpoints(service, ports):
    """The EndpointSlice of a Service whose process runs on the node itself. `ports`: name -> port."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "addressType": FIRST.kind,
        "metadata": {"name": f"{service}-node", "labels": {"kubernetes.io/service-name": service}},
        "ports": [{"name": name, "port": port} for name, port in ports.items()],
        "endpoints": [{"addresses": [NODE], "conditions": {"ready": True}}],
    }


def _injector():
    def hook(prefix, namespaces, pods):
        return {
            "name": f"{prefix}.sidecar-injector.istio.io",
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"service": {"name": "istiod", "namespace": NAMESPACE, "path": "/inject", "port": 443}},
            "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
            "namespaceSelector": {"matchExpressions": namespaces},
            "objectSelector": {"matchExpressions": pods},
        }

    injected = {"key": "istio-injection", "operator": "In", "values": ["enabled"]}
    silent = {"key": "istio-injection", "operator": "DoesNotExist"}
    refused = {"key": "sidecar.istio.io/inject", "operator": "NotIn", "values": ["false"]}
    wanted = {"key": "sidecar.istio.io/inject", "operator": "In", "values": ["true"]}
    return {
        "apiVersion": f"{ADMISSION}/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {
            "name": "istio-sidecar-injector",
            "labels": {"istio.io/rev": "default", "app": "sidecar-injector"},
        },
        "webhooks": [hook("namespace", [injected], [refused]), hook("object", [silent], [wanted])],
    }


def create_objects(api):
    """Before istiod starts: its Service, and the webhook whose trust istiod fills in."""
    api.create(path_of("namespaces"), {"metadata": {"name": NAMESPACE}})
    api.create(path_of("services", NAMESPACE), _service())
    inside = {name: port[1] if isinstance(port, tuple) else port for name, port in PORTS.items()}
    api.create(path_of("endpointslices", NAMESPACE, group="discovery.k8s.io"), node_endpoints("istiod", inside))
    api.create(path_of("mutatingwebhookconfigurations", group=ADMISSION), _injector())


def injector_trusted(api):
    hooks = api.get(path_of("mutatingwebhookconfigurations", name="istio-sidecar-injector", group=ADMISSION))[
        "webhooks"
    ]
    return all("caBundle" in hook["clientConfig"] for hook in hooks)


def require_mtls(api, mode):
    """STRICT or DISABLE for the whole mesh."""
    path = path_of("peerauthentications", NAMESPACE, "default", group="security.istio.io")
    api.apply(
        path,
        {
            "apiVersion": "security.istio.io/v1",
            "kind": "PeerAuthentication",
            "metadata": {"name": "default"},
            "spec": {"mtls": {"mode": mode}},
        },
    )
