// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh/envoy_filter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <span>
#include <string>

#include "fmt/format.h"
#include "operator/plan/wanted_headers.h"

namespace traffictap::mesh {
namespace {

using kube::Json;

// Envoy's own defaults, 1 s and 16 KiB, lose entries when the stream stalls for a moment under
// load.
constexpr const char* kFlushInterval = "0.2s";
constexpr int kBufferBytes = 65536;

// What may wait in a proxy for one stream that the collector does not read, besides the logger's buffer:
// Envoy keeps for the other end as much as it takes as its own window, 16 MiB unless it is told. A
// worker has four streams at most, an HTTP and a TCP logger for each direction, so it stays below 1 MiB.
constexpr int kWaitingBytes = 131072;

constexpr const char* kHttpConfig = "access_loggers.grpc.v3.HttpGrpcAccessLogConfig";

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

// Envoy names no cluster where it answers itself, so that the listener alone tells whose entry it is.
// A gateway's listeners are both sides at once.
struct Context {
  const char* name;
  const char* side;  // null: none
  bool has_policies;
  const char* listener = nullptr;  // null: any
};
constexpr std::array<Context, 3> kContexts = {{{"SIDECAR_INBOUND", "inbound", true},
                                               {"SIDECAR_OUTBOUND", "outbound", false},
                                               {"GATEWAY", nullptr, true}}};
// istiod builds a waypoint's listeners as a sidecar's inbound ones. Its other listeners carry the tunnels
// (istio/istio: pilot/pkg/networking/core/listener_waypoint.go), whose CONNECTs are no requests of anybody.
constexpr std::array<Context, 1> kWaypoint = {
    {{"SIDECAR_INBOUND", nullptr, true, "main_internal"}}};

std::span<const Context> ContextsOf(const plan::Patch& patch) {
  if (patch.at.targets.empty()) return kContexts;
  return kWaypoint;
}

// What policies that Istio only tries would have done: the RBAC filter leaves it in its metadata, each
// action under its own prefix (istio/istio: pilot/pkg/security/authz/model). Absent without any.
void AddDryRunTags(const char* filter, Json* tags) {
  struct Tag {
    const char* name;
    const char* key;
  };
  for (const Tag tag : {Tag{"dryRunDeny", "istio_dry_run_deny_shadow_engine_result"},
                        {"dryRunDenyPolicy", "istio_dry_run_deny_shadow_effective_policy_id"},
                        {"dryRunAllow", "istio_dry_run_allow_shadow_engine_result"},
                        {"dryRunAllowPolicy", "istio_dry_run_allow_shadow_effective_policy_id"}}) {
    tags->push_back(
        {{"tag", tag.name},
         {"metadata",
          {{"kind", {{"request", Json::object()}}},
           {"metadata_key", {{"key", filter}, {"path", Json::array({{{"key", tag.key}}})}}}}}});
  }
}

Json TagsOf(const Context& context, const char* rbac) {
  Json tags = Json::array({TlsModeTag()});
  if (context.side != nullptr) {
    tags.push_back({{"tag", "traffictap_side"}, {"literal", {{"value", context.side}}}});
  }
  if (context.has_policies) AddDryRunTags(rbac, &tags);
  return tags;
}

std::string ClusterOf(const plan::Patch& patch) {
  return fmt::format("outbound|{}||{}", patch.collector_port, patch.collector_host);
}

// The names of both ends: under the keys of Istio 1.24 and later, and those before. Who asked a waypoint is
// known from the tunnel alone.
Json FilterStateOf(const plan::Patch& patch) {
  Json keys = {"upstream_peer", "downstream_peer", "wasm.upstream_peer", "wasm.downstream_peer"};
  if (!patch.at.targets.empty()) keys.push_back("io.istio.peer_principal");
  return keys;
}

// `rbac`: the filter that has AuthorizationPolicies before this logger.
Json CommonConfig(const plan::Patch& patch, const Context& context, const char* rbac) {
  return {{"log_name", patch.log_name},
          {"transport_api_version", "V3"},
          {"buffer_flush_interval", kFlushInterval},
          {"buffer_size_bytes", kBufferBytes},
          {"filter_state_objects_to_log", FilterStateOf(patch)},
          {"custom_tags", TagsOf(context, rbac)},
          // Without it :authority is the cluster's name, whose | a sidecar before the collector
          // refuses.
          {"grpc_service",
           {{"envoy_grpc",
             {{"cluster_name", ClusterOf(patch)}, {"authority", patch.collector_host}}}}}};
}

std::vector<std::string> NamesIn(const Json& list) {
  std::vector<std::string> out;
  if (!list.is_array()) return out;
  for (const Json& name : list) {
    if (name.is_string()) out.push_back(name.get<std::string>());
  }
  return out;
}

// What the patch names and what every patch asks for.
Json FieldsWith(const std::vector<std::string>& named, std::span<const char* const> always) {
  std::set<std::string> names(named.begin(), named.end());
  for (const char* name : always) names.insert(name);
  return names;
}

// What FieldsWith was given.
std::vector<std::string> NamedIn(const Json& list, std::span<const char* const> always) {
  std::vector<std::string> out = NamesIn(list);
  std::erase_if(out, [&](const std::string& name) {
    return std::ranges::find(always, name) != always.end();
  });
  return out;
}

Json HttpLogger(const plan::Patch& patch, const Context& context) {
  // A gRPC call's outcome is in trailers, or in the headers of an answer that has nothing else. Any other
  // field that a tap names may be either as well.
  const Json response = FieldsWith(patch.response_headers, plan::kGrpcOutcome);
  Json config = {
      {"@type", Extension(kHttpConfig)},
      {"common_config", CommonConfig(patch, context, "envoy.filters.http.rbac")},
      {"additional_request_headers_to_log", FieldsWith(patch.request_headers, plan::kTrace)},
      {"additional_response_headers_to_log", response},
      {"additional_response_trailers_to_log", response}};
  return {{"name", "envoy.access_loggers.http_grpc"}, {"typed_config", std::move(config)}};
}

Json TcpLogger(const plan::Patch& patch, const Context& context) {
  return {{"name", "envoy.access_loggers.tcp_grpc"},
          {"typed_config",
           {{"@type", Extension("access_loggers.grpc.v3.TcpGrpcAccessLogConfig")},
            {"common_config", CommonConfig(patch, context, "envoy.filters.network.rbac")}}}};
}

// A google.protobuf.Duration in its JSON form: "10s", "1.500s".
std::string Seconds(base::Nanos duration) {
  const auto seconds = duration / base::kSecond;
  const auto rest = duration % base::kSecond / base::kMillisecond;
  return rest == 0 ? fmt::format("{}s", seconds) : fmt::format("{}.{:03}s", seconds, rest);
}

base::Nanos ReadSeconds(const Json& text) {
  double seconds = 0;
  if (text.is_string()) {
    const auto& digits = text.get_ref<const std::string&>();
    std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  }
  return std::llround(seconds * 1000) * base::kMillisecond;
}

// `access_log_options`: HttpConnectionManager.HcmAccessLogOptions and TcpProxy.TcpAccessLogOptions,
// of one name and form; Envoy documents both since 1.27. Each logger of the filter then logs open
// streams, those of others too. 1 ms is the least that Envoy takes.
Json MergeInto(const Context& context, const char* filter, const char* type,
               base::Nanos open_streams, Json logger) {
  Json config = {{"@type", Extension(type)}, {"access_log", Json::array({std::move(logger)})}};
  if (open_streams > 0) {
    config["access_log_options"] = {{"access_log_flush_interval", Seconds(open_streams)}};
  }
  Json listener = {{"filterChain", {{"filter", {{"name", filter}}}}}};
  if (context.listener != nullptr) listener["name"] = context.listener;
  return {{"applyTo", "NETWORK_FILTER"},
          {"match", {{"context", context.name}, {"listener", std::move(listener)}}},
          {"patch", {{"operation", "MERGE"}, {"value", {{"typed_config", std::move(config)}}}}}};
}

Json BoundCluster(const plan::Patch& patch) {
  return {{"applyTo", "CLUSTER"},
          {"match", {{"context", "ANY"}, {"cluster", {{"name", ClusterOf(patch)}}}}},
          {"patch",
           {{"operation", "MERGE"},
            {"value",
             {{"typed_extension_protocol_options",
               {{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                 {{"@type", Extension("upstreams.http.v3.HttpProtocolOptions")},
                  {"explicit_http_config",
                   {{"http2_protocol_options",
                     {{"initial_stream_window_size", kWaitingBytes}}}}}}}}}}}}}};
}

// A part of a document by its JSON pointer, null where there is none.
const Json& At(const Json& document, const char* pointer) {
  static const Json kNothing;
  const Json::json_pointer at(pointer);
  return document.contains(at) ? document.at(at) : kNothing;
}

// "outbound|9811||traffictap-collector.traffictap-system.svc.cluster.local"
void ReadCollectorCluster(const std::string& cluster, plan::Patch* patch) {
  const size_t port = cluster.find('|');
  const size_t host = cluster.rfind('|');
  if (port == std::string::npos || host <= port) return;
  std::from_chars(cluster.data() + port + 1, cluster.data() + host, patch->collector_port);
  patch->collector_host = cluster.substr(host + 1);
}

void ReadTargets(const Json& targets, plan::Patch* patch) {
  if (!targets.is_array()) return;
  for (const Json& target : targets) {
    const auto text = [&](const char* pointer) {
      const Json& field = At(target, pointer);
      return field.is_string() ? field.get<std::string>() : "";
    };
    patch->at.targets.push_back({text("/group"), text("/kind"), text("/name")});
  }
}

void ReadLogger(const Json& config, plan::Patch* patch) {
  const Json& cluster = At(config, "/common_config/grpc_service/envoy_grpc/cluster_name");
  if (cluster.is_string()) ReadCollectorCluster(cluster.get<std::string>(), patch);
  const Json& log_name = At(config, "/common_config/log_name");
  if (log_name.is_string()) patch->log_name = log_name.get<std::string>();
  const bool http = At(config, "/@type") == Extension(kHttpConfig);
  (http ? patch->http : patch->tcp) = true;
  if (!http) return;
  patch->request_headers = NamedIn(At(config, "/additional_request_headers_to_log"), plan::kTrace);
  patch->response_headers =
      NamedIn(At(config, "/additional_response_headers_to_log"), plan::kGrpcOutcome);
}

}  // namespace

Json EnvoyFilterSpec(const plan::Patch& patch) {
  Json spec = Json::object();
  if (!patch.at.selector.empty()) spec["workloadSelector"] = {{"labels", patch.at.selector}};
  for (const plan::TargetRef& target : patch.at.targets) {
    spec["targetRefs"].push_back(
        {{"group", target.group}, {"kind", target.kind}, {"name", target.name}});
  }
  spec["configPatches"] = Json::array({BoundCluster(patch)});
  for (const Context& context : ContextsOf(patch)) {
    if (patch.http) {
      spec["configPatches"].push_back(
          MergeInto(context, "envoy.filters.network.http_connection_manager",
                    "filters.network.http_connection_manager.v3.HttpConnectionManager",
                    patch.open_streams, HttpLogger(patch, context)));
    }
    if (patch.tcp) {
      spec["configPatches"].push_back(MergeInto(context, "envoy.filters.network.tcp_proxy",
                                                "filters.network.tcp_proxy.v3.TcpProxy",
                                                patch.open_streams, TcpLogger(patch, context)));
    }
  }
  return spec;
}

std::optional<plan::Patch> ReadEnvoyFilterSpec(const Json& spec) {
  plan::Patch patch;
  const Json& selector = At(spec, "/workloadSelector/labels");
  if (selector.is_object()) {
    for (const auto& [name, value] : selector.items()) {
      if (value.is_string()) patch.at.selector[name] = value.get<std::string>();
    }
  }
  ReadTargets(At(spec, "/targetRefs"), &patch);
  const Json& patches = At(spec, "/configPatches");
  if (!patches.is_array()) return std::nullopt;
  for (const Json& one : patches) {
    if (At(one, "/applyTo") != "NETWORK_FILTER") continue;
    const Json& config = At(one, "/patch/value/typed_config");
    ReadLogger(At(config, "/access_log/0/typed_config"), &patch);
    patch.open_streams = ReadSeconds(At(config, "/access_log_options/access_log_flush_interval"));
  }
  if (EnvoyFilterSpec(patch) != spec) return std::nullopt;
  return patch;
}

}  // namespace traffictap::mesh
