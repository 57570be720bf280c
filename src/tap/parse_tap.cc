// SPDX-License-Identifier: Apache-2.0
#include "tap/parse_tap.h"

#include <set>

#include "base/fnv1a.h"
#include "fmt/format.h"
#include "tap/schema/fields.h"

namespace traffictap::tap {
namespace {

constexpr size_t kErrorsMax = 100;
constexpr size_t kItemsMax = 10'000;  // of a list; a file has 1 MiB

void HashInto(const YamlNode& node, uint64_t* hash) {
  const std::string head =
      fmt::format("{}:{}:{}:{}:{}:{};", static_cast<int>(node.kind), node.key.size(), node.key,
                  node.text.size(), node.text, node.children.size());
  *hash = base::Fnv1a(head, *hash);
  for (const YamlNode& child : node.children) HashInto(child, hash);
}

// Status and most of the metadata are left out: they change while what the user asked for does not.
uint64_t HashOf(const YamlNode& document, const TapSpec& tap) {
  uint64_t hash = base::Fnv1a("");
  YamlNode identity;
  identity.key = tap.cluster_scoped ? "ClusterTrafficTap" : "TrafficTap";
  identity.text = tap.key();
  HashInto(identity, &hash);
  for (const YamlNode& child : document.children) {
    if (child.key == "spec") HashInto(child, &hash);
  }
  return hash;
}

void ReadDocument(const Value& document, TapSpec* tap) {
  FieldReader fields(document);
  fields.Required("apiVersion", [](const Value& v) { v.Choice({"traffictap.io/v1alpha1"}); });
  fields.Required("kind", [&](const Value& v) {
    tap->cluster_scoped = v.Choice({"TrafficTap", "ClusterTrafficTap"}) == 1;
  });
  document.faults->cluster_scoped = tap->cluster_scoped;
  if (!tap->cluster_scoped) tap->ns = "default";
  fields.Required("metadata", [&](const Value& v) {
    ReadMetadata(v, &tap->name, tap->cluster_scoped ? nullptr : &tap->ns);
  });
  fields.Required("spec", [&](const Value& v) { schema::TapFields().read(v, tap); });
  fields.Optional("status", [](const Value&) {});
  tap->content_hash = HashOf(*document.node, *tap);
}

// What one file's documents become.
struct Reading {
  Faults faults;
  std::set<std::string> keys;
  std::vector<TapSpecPtr> taps;
};

void TakeTap(const YamlNode& node, const std::string& path, Reading* reading) {
  Faults& faults = reading->faults;
  const size_t before = faults.errors.size();
  auto tap = std::make_shared<TapSpec>();
  ReadDocument({&node, path, &faults}, tap.get());
  if (faults.errors.size() == before && !reading->keys.insert(tap->key()).second) {
    faults.Add(node, path.empty() ? "metadata.name" : path + ".metadata.name", "Conflict",
               "another document of the file has this name");
  }
  if (faults.errors.size() == before) reading->taps.push_back(std::move(tap));
}

// "List" is what `kubectl get -o yaml` writes of several objects, the others what the API serves.
bool IsList(const YamlNode& document) {
  for (const YamlNode& child : document.children) {
    if (child.key != "kind") continue;
    return child.text == "List" || child.text == "TrafficTapList" ||
           child.text == "ClusterTrafficTapList";
  }
  return false;
}

void TakeList(const YamlNode& document, Reading* reading) {
  const Value list{&document, "", &reading->faults};
  FieldReader fields(list);
  fields.Required("apiVersion", [](const Value& v) { v.Choice({"v1", "traffictap.io/v1alpha1"}); });
  fields.Has("kind");
  fields.Has("metadata");
  fields.Required("items", [&](const Value& items) {
    items.Each(kItemsMax, [&](const Value& item) { TakeTap(*item.node, item.path, reading); });
  });
}

}  // namespace

ParseResult ParseTaps(const std::string& file, const std::string& text, BrokerForm form,
                      UnknownFields unknown) {
  Reading reading{{.file = file, .form = form, .unknown = unknown}, {}, {}};
  YamlFault fault;
  for (const YamlNode& node : ReadYaml(text, &fault)) {
    if (node.kind == YamlNode::Kind::kNull) continue;  // "---" at the end
    if (IsList(node)) {
      TakeList(node, &reading);
    } else {
      TakeTap(node, "", &reading);
    }
  }
  std::vector<ParseError>& errors = reading.faults.errors;
  if (!fault.message.empty()) errors.push_back({file, fault.line, "", "Syntax", fault.message});
  if (errors.size() > kErrorsMax) {
    const size_t more = errors.size() - kErrorsMax;
    errors.resize(kErrorsMax);
    errors.push_back(
        {file, 0, "", "Syntax", fmt::format("{} more faults: correct these first", more)});
  }
  return {std::move(reading.taps), std::move(errors), std::move(reading.faults.warnings)};
}

}  // namespace traffictap::tap
