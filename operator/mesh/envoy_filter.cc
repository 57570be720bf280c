#include "operator/mesh/envoy_filter.h"

#include "fmt/format.h"

namespace traffictap::mesh {
namespace {

using kube::Json;

// Envoy's own defaults, 1 s and 16 KiB, lose entries when the stream stalls for a moment under
// load.
constexpr const char* kFlushInterval = "0.2s";
constexpr int kBufferBytes = 65536;

std::string Extension(const char* name) {
  return fmt::format("type.googleapis.com/envoy.extensions.{}", name);
}

// Whether the other end has a sidecar, as istiod tells it in the endpoint's metadata.
Json TlsModeTag() {
  return {
      {"tag", "tlsMode"},
      {"metadata",
       {{"kind", {{"host", Json::object()}}},
        {"metadata_key",
         {{"key", "envoy.transport_socket_match"}, {"path", Json::array({{{"key", "tlsMode"}}})}}},
        {"default_value", "unknown"}}}};
}

Json CommonConfig(const plan::Patch& patch) {
  const std::string cluster =
      fmt::format("outbound|{}||{}", patch.collector_port, patch.collector_host);
  return {{"log_name", patch.log_name},
          {"transport_api_version", "V3"},
          {"buffer_flush_interval", kFlushInterval},
          {"buffer_size_bytes", kBufferBytes},
          // The keys of Istio 1.24 and later, and those before.
          {"filter_state_objects_to_log",
           {"upstream_peer", "downstream_peer", "wasm.upstream_peer", "wasm.downstream_peer"}},
          {"custom_tags", Json::array({TlsModeTag()})},
          // Without it :authority is the cluster's name, whose | a sidecar before the collector
          // refuses.
          {"grpc_service",
           {{"envoy_grpc", {{"cluster_name", cluster}, {"authority", patch.collector_host}}}}}};
}

Json HttpLogger(const plan::Patch& patch) {
  Json config = {{"@type", Extension("access_loggers.grpc.v3.HttpGrpcAccessLogConfig")},
                 {"common_config", CommonConfig(patch)}};
  if (!patch.request_headers.empty()) {
    config["additional_request_headers_to_log"] = patch.request_headers;
  }
  if (!patch.response_headers.empty()) {
    config["additional_response_headers_to_log"] = patch.response_headers;
  }
  return {{"name", "envoy.access_loggers.http_grpc"}, {"typed_config", std::move(config)}};
}

Json TcpLogger(const plan::Patch& patch) {
  return {{"name", "envoy.access_loggers.tcp_grpc"},
          {"typed_config",
           {{"@type", Extension("access_loggers.grpc.v3.TcpGrpcAccessLogConfig")},
            {"common_config", CommonConfig(patch)}}}};
}

Json MergeInto(const char* filter, const char* type, Json logger) {
  return {{"applyTo", "NETWORK_FILTER"},
          {"match",
           {{"context", "ANY"}, {"listener", {{"filterChain", {{"filter", {{"name", filter}}}}}}}}},
          {"patch",
           {{"operation", "MERGE"},
            {"value",
             {{"typed_config",
               {{"@type", Extension(type)}, {"access_log", Json::array({std::move(logger)})}}}}}}}};
}

}  // namespace

Json EnvoyFilterSpec(const plan::Patch& patch) {
  Json spec = Json::object();
  if (!patch.at.selector.empty()) spec["workloadSelector"] = {{"labels", patch.at.selector}};
  spec["configPatches"] =
      Json::array({MergeInto("envoy.filters.network.http_connection_manager",
                             "filters.network.http_connection_manager.v3.HttpConnectionManager",
                             HttpLogger(patch)),
                   MergeInto("envoy.filters.network.tcp_proxy",
                             "filters.network.tcp_proxy.v3.TcpProxy", TcpLogger(patch))});
  return spec;
}

}  // namespace traffictap::mesh
