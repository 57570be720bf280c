#include "operator/gather/read_istio.h"

#include <charconv>
#include <utility>

#include "tap/yaml_document.h"

namespace traffictap::gather {
namespace {

using kube::Json;
using kube::Object;
using tap::YamlNode;

std::string Text(const Json& object, const char* name) {
  if (!object.is_object()) return "";
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool Flag(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

tap::Labels ReadLabels(const Json* labels) {
  tap::Labels out;
  if (labels == nullptr || !labels->is_object()) return out;
  for (const auto& [key, value] : labels->items()) {
    if (value.is_string()) out[key] = value.get<std::string>();
  }
  return out;
}

template <typename Visit>
void ForEach(const Json* list, Visit visit) {
  if (list == nullptr || !list->is_array()) return;
  for (const Json& element : *list) visit(element);
}

const Json* Member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

void AddTarget(const Json& ref, plan::Attachment* at) {
  at->targets.push_back({Text(ref, "group"), Text(ref, "kind"), Text(ref, "name")});
}

// `selector_path` differs between Istio's kinds: EnvoyFilter and Sidecar say workloadSelector.labels, Telemetry
// selector.matchLabels.
plan::Attachment ReadAttachment(const Object& object, const char* selector_path) {
  plan::Attachment at;
  at.ns = object.ns();
  at.name = object.name();
  at.selector = ReadLabels(object.Find(selector_path));
  ForEach(object.Find("/spec/targetRefs"), [&](const Json& ref) { AddTarget(ref, &at); });
  if (const Json* ref = object.Find("/spec/targetRef")) AddTarget(*ref, &at);
  return at;
}

bool Mentions(const Json& value, const char* key) {
  if (value.is_object()) {
    for (const auto& [name, child] : value.items()) {
      if (name == key || Mentions(child, key)) return true;
    }
  }
  if (value.is_array()) {
    for (const Json& child : value) {
      if (Mentions(child, key)) return true;
    }
  }
  return false;
}

// Envoy takes both spellings of a proto field.
bool NamesAccessLog(const Json& value) {
  return Mentions(value, "access_log") || Mentions(value, "accessLog");
}

bool ReplacesAccessLog(const Json& config_patch) {
  const Json* patch = Member(config_patch, "patch");
  if (patch == nullptr || Text(config_patch, "applyTo") != "NETWORK_FILTER") return false;
  const std::string operation = Text(*patch, "operation");
  if (operation == "REMOVE" || operation == "REPLACE") return true;
  const Json* value = Member(*patch, "value");
  return operation == "MERGE_AND_REPLACE_LIST" && value != nullptr && NamesAccessLog(*value);
}

plan::AccessLogging ReadAccessLogging(const Json& element) {
  plan::AccessLogging out;
  ForEach(Member(element, "providers"),
          [&](const Json& provider) { out.providers.push_back(Text(provider, "name")); });
  if (const Json* match = Member(element, "match")) {
    const std::string mode = Text(*match, "mode");
    if (mode == "CLIENT") out.mode = plan::AccessLogging::Mode::kClient;
    if (mode == "SERVER") out.mode = plan::AccessLogging::Mode::kServer;
  }
  out.disabled = Flag(element, "disabled");
  const Json* filter = Member(element, "filter");
  out.filtered = filter != nullptr && !Text(*filter, "expression").empty();
  return out;
}

const YamlNode* Child(const YamlNode& node, const char* key) {
  for (const YamlNode& child : node.children) {
    if (child.key == key) return &child;
  }
  return nullptr;
}

std::string ChildText(const YamlNode& node, const char* key) {
  const YamlNode* child = Child(node, key);
  return child == nullptr ? "" : child->text;
}

plan::ExtensionProvider ReadProvider(const YamlNode& node) {
  plan::ExtensionProvider out;
  out.name = ChildText(node, "name");
  for (const char* kind : {"envoyHttpAls", "envoyTcpAls"}) {
    const YamlNode* als = Child(node, kind);
    if (als == nullptr) continue;
    out.http_service = ChildText(*als, "service");
    const std::string port = ChildText(*als, "port");
    std::from_chars(port.data(), port.data() + port.size(), out.port);
  }
  return out;
}

}  // namespace

plan::EnvoyFilterSummary ReadEnvoyFilter(const Object& filter) {
  plan::EnvoyFilterSummary out;
  out.at = ReadAttachment(filter, "/spec/workloadSelector/labels");
  ForEach(filter.Find("/spec/configPatches"), [&](const Json& patch) {
    out.replaces_access_log = out.replaces_access_log || ReplacesAccessLog(patch);
  });
  return out;
}

plan::TelemetrySummary ReadTelemetry(const Object& telemetry) {
  plan::TelemetrySummary out;
  out.at = ReadAttachment(telemetry, "/spec/selector/matchLabels");
  ForEach(telemetry.Find("/spec/accessLogging"), [&](const Json& element) {
    out.access_logging.push_back(ReadAccessLogging(element));
  });
  return out;
}

plan::SidecarSummary ReadSidecar(const Object& sidecar) {
  plan::SidecarSummary out;
  out.at = ReadAttachment(sidecar, "/spec/workloadSelector/labels");
  ForEach(sidecar.Find("/spec/egress"), [&](const Json& egress) {
    ForEach(Member(egress, "hosts"), [&](const Json& host) {
      if (host.is_string()) out.egress_hosts.push_back(host.get<std::string>());
    });
  });
  return out;
}

void ReadMeshConfig(const Object& config_map, plan::MeshSettings* settings) {
  tap::YamlFault fault;
  const auto documents = tap::ReadYaml(config_map.Text("/data/mesh"), &fault);
  if (documents.empty()) return;
  const YamlNode& mesh = documents[0];
  if (const std::string root = ChildText(mesh, "rootNamespace"); !root.empty()) {
    settings->root_namespace = root;
  }
  if (const YamlNode* providers = Child(mesh, "extensionProviders")) {
    for (const YamlNode& provider : providers->children) {
      settings->extension_providers.push_back(ReadProvider(provider));
    }
  }
  const YamlNode* defaults = Child(mesh, "defaultProviders");
  const YamlNode* logging = defaults == nullptr ? nullptr : Child(*defaults, "accessLogging");
  if (logging == nullptr) return;
  for (const YamlNode& name : logging->children) settings->default_access_logging.push_back(name.text);
}

}  // namespace traffictap::gather
