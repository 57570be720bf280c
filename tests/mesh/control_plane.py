# SPDX-License-Identifier: Apache-2.0
"""etcd, the API server and the controller manager: how each is started, and when it is ready."""

import json

from mesh.namespaces import run
from mesh.network import ANY, FAMILIES, NODE, host_port
from mesh.processes import Process, wait_until

ETCD = "http://127.0.0.1:2379"
ISSUER = "https://kubernetes.default.svc"
# There is no kubelet that reports a node's health, and no network plugin that wants ranges.
OFF = ["node-ipam-controller", "node-lifecycle-controller", "taint-eviction-controller"]


def processes(binaries, state):
    """name -> Process, in the order of their start."""
    pki, logs = state / "pki", state / "log"
    etcd = {
        "data-dir": state / "etcd",
        "listen-client-urls": ETCD,
        "advertise-client-urls": ETCD,
        "listen-peer-urls": "http://127.0.0.1:2380",
        "unsafe-no-fsync": "true",
        "log-level": "warn",
    }
    api_server = {
        "etcd-servers": ETCD,
        "bind-address": ANY,
        "advertise-address": NODE,
        "secure-port": 6443,
        "service-cluster-ip-range": ",".join(family.services for family in FAMILIES),
        "authorization-mode": "RBAC",
        "allow-privileged": "true",
        "client-ca-file": pki / "ca.crt",
        "tls-cert-file": pki / "apiserver.crt",
        "tls-private-key-file": pki / "apiserver.key",
        "service-account-key-file": pki / "sa.pub",
        "service-account-signing-key-file": pki / "sa.key",
        "service-account-issuer": ISSUER,
        "enable-aggregator-routing": "true",
        "requestheader-client-ca-file": pki / "front-proxy-ca.crt",
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-username-headers": "X-Remote-User",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "proxy-client-cert-file": pki / "front-proxy.crt",
        "proxy-client-key-file": pki / "front-proxy.key",
    }
    controllers = {
        "kubeconfig": state / "kubeconfig",
        "leader-elect": "false",
        "use-service-account-credentials": "false",
        "service-account-private-key-file": pki / "sa.key",
        "root-ca-file": pki / "ca.crt",
        "controllers": ",".join(["*"] + [f"-{name}" for name in OFF]),
    }
    programs = {"etcd": etcd, "kube-apiserver": api_server, "kube-controller-manager": controllers}
    return {
        name: Process(name, [binaries / name, *_flags(options)], logs / f"{name}.log")
        for name, options in programs.items()
    }


def _flags(options):
    return [f"--{name}={value}" for name, value in options.items()]


def write_kubeconfig(state):
    cluster = {"server": f"https://{host_port(NODE, 6443)}", "certificate-authority": str(state / "pki/ca.crt")}
    user = {"client-certificate": str(state / "pki/admin.crt"), "client-key": str(state / "pki/admin.key")}
    (state / "kubeconfig").write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "mesh",
                "clusters": [{"name": "mesh", "cluster": cluster}],
                "users": [{"name": "admin", "user": user}],
                "contexts": [{"name": "mesh", "context": {"cluster": "mesh", "user": "admin"}}],
            }
        )
    )


def wait_for_api(api, process):
    wait_until(lambda: api.get("/readyz", timeout=2) == "ok", "the API server is ready", 180, process)


def kubectl(binaries, state, *args, stdin=None):
    return run(
        binaries / "kubectl",
        "--kubeconfig",
        state / "kubeconfig",
        "--cache-dir",
        state / "kubectl-cache",
        *args,
        stdin=stdin,
    )
