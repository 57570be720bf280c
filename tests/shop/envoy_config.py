# SPDX-License-Identifier: Apache-2.0
"""The configuration of one pod's sidecar, in the shape that Istio gives it: names of clusters, node, access loggers."""

APP, INBOUND, OUTBOUND, ADMIN = 8080, 15006, 15001, 15000
PREFIX = "type.googleapis.com/envoy"


def address(ip, port):
    return {"socket_address": {"address": ip, "port_value": port}}


# A tap's own patch asks for the headers of its allow-list; a proxy may have been told to log more.
REQUEST_HEADERS = ["traceparent", "b3", "x-shop-version", "authorization"]
RESPONSE_HEADERS = ["x-shop-answer", "set-cookie"]


def access_log(kind):
    headers = {
        "additional_request_headers_to_log": REQUEST_HEADERS,
        "additional_response_headers_to_log": RESPONSE_HEADERS,
    }
    return {
        "name": f"envoy.access_loggers.{kind}_grpc",
        "typed_config": {
            "@type": f"{PREFIX}.extensions.access_loggers.grpc.v3.{kind.title()}GrpcAccessLogConfig",
            "common_config": {
                "log_name": "traffictap",
                "transport_api_version": "V3",
                "buffer_flush_interval": "1s",
                "buffer_size_bytes": 16384,
                "grpc_service": {"envoy_grpc": {"cluster_name": "als"}},
                "custom_tags": [
                    {
                        "tag": "tlsMode",
                        "metadata": {
                            "kind": {"host": {}},
                            "metadata_key": {"key": "envoy.transport_socket_match", "path": [{"key": "tlsMode"}]},
                            "default_value": "unknown",
                        },
                    }
                ],
            },
            **(headers if kind == "http" else {}),
        },
    }


def log_open_streams(config, interval):
    """As the patch of a tap with capture.openStreams has it."""
    if interval:
        config["access_log_options"] = {"access_log_flush_interval": interval}


def connection_manager(name, routes, server_side, open_streams=""):
    manager = {
        "@type": f"{PREFIX}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "generate_request_id": True,
        "preserve_external_request_id": True,
        "access_log": [access_log("http")],
        "route_config": {"name": name, "virtual_hosts": routes},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{PREFIX}.extensions.filters.http.router.v3.Router"},
            }
        ],
    }
    log_open_streams(manager, open_streams)
    if server_side:
        manager["use_remote_address"] = False
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}


def instant_application(pod):
    """An application that costs nothing, for load: a listener of the same Envoy that answers 200 by itself."""
    answer = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "ok\n"}}}
    manager = connection_manager("application", [{"name": "all", "domains": ["*"], "routes": [answer]}], False)
    del manager["typed_config"]["access_log"]
    return listener("application", pod.ip, APP, manager)


def tcp_proxy(name, cluster, open_streams=""):
    proxy = {
        "@type": f"{PREFIX}.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        "stat_prefix": name,
        "cluster": cluster,
        "access_log": [access_log("tcp")],
    }
    log_open_streams(proxy, open_streams)
    return {"name": "envoy.filters.network.tcp_proxy", "typed_config": proxy}


def listener(name, ip, port, network_filter, tls=None):
    chain = {"filters": [network_filter]}
    if tls:
        chain["transport_socket"] = tls.server()
    return {"name": name, "address": address(ip, port), "filter_chains": [chain]}


def cluster(name, ip, port, source=None, tls=None, meshed=None, http2=False, also=()):
    """`also`: all addresses where there are several, each (ip, port, port that says whether it is ready)."""
    endpoint = {"endpoint": {"address": address(ip, port)}}
    if meshed is not None:
        mode = "istio" if meshed else "disabled"
        endpoint["metadata"] = {"filter_metadata": {"envoy.transport_socket_match": {"tlsMode": mode}}}
    ready = [{"endpoint": {"address": address(*one[:2]), "health_check_config": {"port_value": one[2]}}} for one in also]
    out = {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": ready or [endpoint]}]},
    }
    if also:  # in a mesh istiod tells which of them are ready
        check = {"timeout": "1s", "interval": "0.2s", "unhealthy_threshold": 1, "healthy_threshold": 1,
                 "http_health_check": {"path": "/readyz", "codec_client_type": "HTTP1"}}
        out["health_checks"], out["common_lb_config"] = [check], {"healthy_panic_threshold": {"value": 0}}
    if source:
        out["upstream_bind_config"] = {"source_address": {"address": source, "port_value": 0}}
    if tls:
        out["transport_socket"] = tls.client()
    if http2:
        out["typed_extension_protocol_options"] = {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{PREFIX}.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        }
    return out


def host(name):
    return f"{name}.shop.svc.cluster.local"


def route_to(service):
    action = {"cluster": f"outbound|{APP}||{host(service.name)}", "timeout": service.timeout}
    if service.retries:
        action["retry_policy"] = {"retry_on": "5xx", "num_retries": service.retries}
    return {
        "name": service.name,
        "domains": [service.name, f"{service.name}:*", host(service.name)],
        "routes": [{"match": {"prefix": "/"}, "route": action}],
    }


def sidecar(pod, services, als, tls):
    """The whole bootstrap of `pod`'s Envoy. `services`: the pods it may call; `als`: the (ip, port) of the collector, or
    those of several receivers with the port of each that says whether it is ready."""
    inbound_name = f"inbound|{APP}||"
    inbound_route = {
        "name": inbound_name,
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": inbound_name, "timeout": "0s"}}],
    }
    often = pod.open_streams
    if pod.tcp:
        inbound = tcp_proxy(inbound_name, inbound_name, often)
    else:
        inbound = connection_manager("inbound", [inbound_route], True, often)
    http = [s for s in services if not s.tcp]
    listeners = [
        listener("inbound", pod.ip, INBOUND, inbound, tls and tls.of(pod)),
        listener("outbound", pod.ip, OUTBOUND, connection_manager("outbound", [route_to(s) for s in http], False, often)),
    ]
    if pod.instant:
        listeners.append(instant_application(pod))
    clusters = [cluster(inbound_name, pod.ip, APP), cluster("als", *als[0][:2], http2=True, also=als if len(als) > 1 else ())]
    for service in services:
        name = f"outbound|{APP}||{host(service.name)}"
        port = INBOUND if service.meshed else APP
        client_tls = tls.of(pod) if tls and service.meshed else None
        clusters.append(cluster(name, service.ip, port, pod.ip, client_tls, service.meshed))
        if service.tcp:
            listeners.append(listener(name, pod.ip, service.tcp, tcp_proxy(name, name, often)))
    return {
        "admin": {"address": address(pod.ip, ADMIN)},
        "node": {
            "id": f"sidecar~{pod.ip}~{pod.name}-0.shop~shop.svc.cluster.local",
            "cluster": f"{pod.name}.shop",
            "metadata": {
                "NAME": f"{pod.name}-0",
                "NAMESPACE": "shop",
                "WORKLOAD_NAME": pod.name,
                "SERVICE_ACCOUNT": pod.name,
                "CLUSTER_ID": "Kubernetes",
                "LABELS": {"app": pod.name},
            },
        },
        "static_resources": {"listeners": listeners, "clusters": clusters},
    }
