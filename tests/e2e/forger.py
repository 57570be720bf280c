# SPDX-License-Identifier: Apache-2.0
"""A real Envoy, without istiod, whose access logs claim to be those of another pod's sidecar."""

import json
import subprocess

from mesh import namespaces
from mesh.processes import wait_until

LISTENER, ADMIN = 18080, 18081
TYPE = "type.googleapis.com/envoy.extensions"


def _logger(cluster, authority, header):
    return {
        "name": "als",
        "typed_config": {
            "@type": f"{TYPE}.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
            "common_config": {
                "log_name": "traffictap",
                "transport_api_version": "V3",
                "buffer_flush_interval": "0.1s",
                "grpc_service": {
                    "envoy_grpc": {"cluster_name": cluster, "authority": authority},
                    "initial_metadata": [{"key": "x-forwarded-client-cert", "value": header}] if header else [],
                },
            },
        },
    }


def _listener(cluster, authority, header):
    answer = {"match": {"prefix": "/"}, "direct_response": {"status": 200}}
    manager = {
        "@type": f"{TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "forged",
        "access_log": [_logger(cluster, authority, header)],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [answer]}]},
        "http_filters": [
            {"name": "router", "typed_config": {"@type": f"{TYPE}.filters.http.router.v3.Router"}}
        ],
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    return {"address": _address("127.0.0.1", LISTENER), "filter_chains": [chain]}


def _address(ip, port):
    return {"socket_address": {"address": ip, "port_value": port}}


def _tls(certificates, server):
    """As a sidecar speaks to another: with its own certificate of the mesh, and Istio's protocol names."""
    own = {"certificate_chain": {"filename": f"{certificates}/cert-chain.pem"},
           "private_key": {"filename": f"{certificates}/key.pem"}}
    context = {"@type": f"{TYPE}.transport_sockets.tls.v3.UpstreamTlsContext", "sni": server,
               "common_tls_context": {"alpn_protocols": ["istio", "h2"], "tls_certificates": [own]}}
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def _cluster(name, ip, port):
    endpoint = {"endpoint": {"address": _address(ip, port)}}
    http2 = {
        "@type": f"{TYPE}.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
        "typed_extension_protocol_options": {f"envoy.{TYPE.split('.')[-1]}.upstreams.http.v3.HttpProtocolOptions": http2},
    }


class Forger:
    """Runs in the pod `which` as its application would; its node says what `node` says. It sends to `ip`:`port`, in the
    name of `host`: that is what the pod's own sidecar knows the collector by. With `certificates`, a directory in the
    pod with what the agent writes, it passes that sidecar by and speaks mTLS itself: then `header` reaches the
    collector's sidecar as the x-forwarded-client-cert that a client sends."""

    def __init__(self, mesh, which, host, ip, port, node, certificates=None, header=""):
        pod = mesh.pod(which)
        self._mesh, self._pod = mesh, pod
        root = mesh.state / "pods" / pod.key / "root"
        cluster = _cluster("collector", ip, port)
        if certificates:
            cluster["transport_socket"] = _tls(certificates, f"outbound_.{port}_._.{host}")
        bootstrap = {
            "node": node,
            "admin": {"address": _address("127.0.0.1", ADMIN)},
            "static_resources": {"listeners": [_listener("collector", host, header)], "clusters": [cluster]},
        }
        # What the sidecar's own user sends is not led to the sidecar.
        user = "1337:1337" if certificates else "1000:1000"
        (root / "tmp/forger.json").write_text(json.dumps(bootstrap))
        # Without hot restart: its shared memory belongs to one user, and a forger that was killed leaves it behind.
        line = ["/opt/mesh/envoy", "-c", "/tmp/forger.json", "--disable-hot-restart", "--concurrency", "1", "-l", "warn"]
        self._log = open(mesh.state / "forger.log", "ab")
        self._process = subprocess.Popen(
            namespaces.command(mesh.pod_pid(pod), line, root=root, user=user),
            preexec_fn=namespaces.die_with_parent, stdout=self._log, stderr=self._log,
        )
        wait_until(self._listens, "the forger listens", 20)

    def _listens(self):
        try:
            namespaces.connect(self._mesh.pod_pid(self._pod), ("127.0.0.1", LISTENER), 1).close()
            return True
        except OSError:
            return False

    def call(self, path):
        """A request that its access log tells of."""
        return self._mesh.call(self._pod, f"http://127.0.0.1:{LISTENER}{path}").status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._log.close()
