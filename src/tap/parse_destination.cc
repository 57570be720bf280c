// SPDX-License-Identifier: Apache-2.0
#include "tap/parse_destination.h"

#include "tap/schema/fields.h"

namespace traffictap::tap {
namespace {

void ReadDocument(const Value& document, DestinationSpec* spec) {
  FieldReader fields(document);
  fields.Required("apiVersion", [](const Value& v) { v.Choice({"traffictap.io/v1alpha1"}); });
  fields.Required("kind", [](const Value& v) { v.Choice({"TapDestination"}); });
  fields.Required("metadata", [&](const Value& v) { ReadMetadata(v, &spec->name, nullptr); });
  fields.Required("spec", [&](const Value& v) { schema::DestinationFields().read(v, spec); });
  fields.Has("status");
}

}  // namespace

DestinationResult ParseDestinations(const std::string& file, const std::string& text) {
  Faults faults{.file = file, .form = BrokerForm::kByDestination};
  YamlFault fault;
  DestinationResult result;
  for (const YamlNode& node : ReadYaml(text, &fault)) {
    if (node.kind == YamlNode::Kind::kNull) continue;  // "---" at the end
    const size_t before = faults.errors.size();
    auto spec = std::make_shared<DestinationSpec>();
    ReadDocument({&node, "", &faults}, spec.get());
    if (faults.errors.size() == before) result.destinations.push_back(std::move(spec));
  }
  if (!fault.message.empty()) {
    faults.errors.push_back({file, fault.line, "", "Syntax", fault.message});
  }
  result.errors = std::move(faults.errors);
  return result;
}

}  // namespace traffictap::tap
