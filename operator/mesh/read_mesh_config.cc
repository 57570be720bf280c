#include "operator/mesh/read_mesh_config.h"

#include <charconv>
#include <string_view>

#include "fmt/format.h"
#include "tap/yaml_document.h"

namespace traffictap::mesh {
namespace {

using tap::YamlNode;

const YamlNode* FindField(const YamlNode* node, const char* name) {
  if (node == nullptr || node->kind != YamlNode::Kind::kMap) return nullptr;
  for (const YamlNode& child : node->children) {
    if (child.key == name) return &child;
  }
  return nullptr;
}

std::string TextOf(const YamlNode* node, const char* name) {
  const YamlNode* field = FindField(node, name);
  return field != nullptr && field->kind == YamlNode::Kind::kScalar ? field->text : "";
}

plan::ExtensionProvider ProviderOf(const YamlNode& node) {
  plan::ExtensionProvider out;
  out.name = TextOf(&node, "name");
  for (const char* kind : {"envoyHttpAls", "envoyTcpAls"}) {
    const YamlNode* als = FindField(&node, kind);
    if (als == nullptr) continue;
    out.tcp = std::string_view(kind) == "envoyTcpAls";
    out.als_service = TextOf(als, "service");
    const std::string port = TextOf(als, "port");
    std::from_chars(port.data(), port.data() + port.size(), out.port);
    break;
  }
  return out;
}

}  // namespace

void ReadMeshConfig(const std::string& yaml, plan::MeshSettings* settings) {
  tap::YamlFault fault;
  const auto documents = tap::ReadYaml(yaml, &fault);
  if (documents.empty()) return;
  const YamlNode* root = &documents.front();
  const std::string root_namespace = TextOf(root, "rootNamespace");
  if (!root_namespace.empty()) settings->root_namespace = root_namespace;
  if (const YamlNode* providers = FindField(root, "extensionProviders")) {
    for (const YamlNode& provider : providers->children) {
      settings->extension_providers.push_back(ProviderOf(provider));
    }
  }
  if (const YamlNode* logging = FindField(FindField(root, "defaultProviders"), "accessLogging")) {
    for (const YamlNode& name : logging->children) {
      settings->default_access_logging.push_back(name.text);
    }
  }
  // accessLogFile is the old way to say that every proxy logs to a file: Telemetry calls it
  // "envoy".
  if (!TextOf(root, "accessLogFile").empty() && settings->default_access_logging.empty()) {
    settings->default_access_logging.push_back("envoy");
  }
}

std::optional<plan::CollectorService> ReadCollector(const kube::Object& service,
                                                    const Installation& own) {
  const kube::Json* ports = service.Find("/spec/ports");
  if (ports == nullptr || !ports->is_array()) return std::nullopt;
  for (const kube::Json& port : *ports) {
    if (!port.is_object() || port.value("name", kube::Json()) != own.collector_port) continue;
    const kube::Json number = port.value("port", kube::Json());
    if (!number.is_number_unsigned() || number.get<uint64_t>() > 65535) continue;
    return plan::CollectorService{
        service.ns(), service.name(),
        fmt::format("{}.{}.svc.{}", service.name(), service.ns(), own.cluster_domain),
        number.get<uint16_t>(), own.destinations_dir};
  }
  return std::nullopt;
}

}  // namespace traffictap::mesh
