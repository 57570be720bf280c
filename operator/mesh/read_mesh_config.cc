// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh/read_mesh_config.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "fmt/format.h"
#include "tap/values.h"
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

std::vector<std::string> TextsOf(const YamlNode* node, const char* name) {
  std::vector<std::string> out;
  const YamlNode* list = FindField(node, name);
  if (list == nullptr) return out;
  for (const YamlNode& child : list->children) out.push_back(child.text);
  return out;
}

// Kubernetes' word; an operator that is unknown makes istiod pass over all selectors.
std::optional<tap::LabelRequirement::Operator> OperatorOf(const std::string& word) {
  using Operator = tap::LabelRequirement::Operator;
  if (word == "In") return Operator::kIn;
  if (word == "NotIn") return Operator::kNotIn;
  if (word == "Exists") return Operator::kExists;
  if (word == "DoesNotExist") return Operator::kDoesNotExist;
  return std::nullopt;
}

std::optional<tap::LabelSelector> SelectorOf(const YamlNode& node) {
  tap::LabelSelector out;
  if (const YamlNode* labels = FindField(&node, "matchLabels")) {
    for (const YamlNode& label : labels->children) out.match_labels[label.key] = label.text;
  }
  const YamlNode* expressions = FindField(&node, "matchExpressions");
  if (expressions == nullptr) return out;
  for (const YamlNode& expression : expressions->children) {
    const auto op = OperatorOf(TextOf(&expression, "operator"));
    if (!op) return std::nullopt;
    out.match_expressions.push_back(
        {TextOf(&expression, "key"), *op, TextsOf(&expression, "values")});
  }
  return out;
}

std::vector<tap::LabelSelector> SelectorsOf(const YamlNode* root) {
  std::vector<tap::LabelSelector> out;
  const YamlNode* list = FindField(root, "discoverySelectors");
  if (list == nullptr) return out;
  for (const YamlNode& node : list->children) {
    const auto selector = SelectorOf(node);
    if (!selector) return {};
    out.push_back(*selector);
  }
  return out;
}

// "shop, books" as Istio reads it.
std::vector<std::string> SplitExportTo(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view word = text.substr(0, comma);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    out.emplace_back(word);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

}  // namespace

plan::MeshConfig ReadMeshConfig(const std::string& yaml) {
  plan::MeshConfig out;
  tap::YamlFault fault;
  const auto documents = tap::ReadYaml(yaml, &fault);
  if (documents.empty()) return out;
  const YamlNode* root = &documents.front();
  out.root_namespace = TextOf(root, "rootNamespace");
  if (const YamlNode* providers = FindField(root, "extensionProviders")) {
    for (const YamlNode& provider : providers->children) {
      out.extension_providers.push_back(ProviderOf(provider));
    }
  }
  out.default_access_logging = TextsOf(FindField(root, "defaultProviders"), "accessLogging");
  // accessLogFile is the old way to say that every proxy logs to a file: Telemetry calls it
  // "envoy".
  if (!TextOf(root, "accessLogFile").empty() && out.default_access_logging.empty()) {
    out.default_access_logging.push_back("envoy");
  }
  out.default_service_export_to = TextsOf(root, "defaultServiceExportTo");
  out.discovery_selectors = SelectorsOf(root);
  const auto drain = tap::ParseDuration(TextOf(FindField(root, "defaultConfig"), "drainDuration"));
  if (drain.ok()) out.drain = *drain;
  return out;
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
        service.ns(),
        service.name(),
        fmt::format("{}.{}.svc.{}", service.name(), service.ns(), own.cluster_domain),
        number.get<uint16_t>(),
        own.destinations_dir,
        SplitExportTo(service.annotation("networking.istio.io/exportTo"))};
  }
  return std::nullopt;
}

}  // namespace traffictap::mesh
