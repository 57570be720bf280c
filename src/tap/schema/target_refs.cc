// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "tap/schema/fields.h"
#include "tap/schema/kinds.h"
#include "tap/schema/object.h"

namespace traffictap::tap::schema {
namespace {

// Targets as policies of the Gateway API name them (GEP-713), by group and kind.
struct Ref {
  std::string group;
  std::string kind;
  std::string name;
  std::string ns;
  std::string section;
};

struct Row {
  const char* group;
  TargetKind kind;
};
constexpr std::array<Row, 12> kRows = {{{"", TargetKind::kService},
                                        {"", TargetKind::kPod},
                                        {"", TargetKind::kNamespace},
                                        {"gateway.networking.k8s.io", TargetKind::kGateway},
                                        {"apps", TargetKind::kDeployment},
                                        {"apps", TargetKind::kStatefulSet},
                                        {"apps", TargetKind::kDaemonSet},
                                        {"apps", TargetKind::kReplicaSet},
                                        {"batch", TargetKind::kJob},
                                        {"batch", TargetKind::kCronJob},
                                        {"argoproj.io", TargetKind::kRollout},
                                        {"apps.openshift.io", TargetKind::kDeploymentConfig}}};

constexpr char kSection[] =
    "a tap takes all listeners of a Gateway and all ports of a Service: remove sectionName";
constexpr char kNamespaceRef[] =
    "a TrafficTap taps its own namespace: leave targetRefs out, or use a ClusterTrafficTap";
constexpr char kNamespaceOfRef[] =
    "a TrafficTap taps its own namespace: remove namespace or use a ClusterTrafficTap";
constexpr char kNamespaceTwice[] = "a Namespace is in no namespace: remove namespace";

// "Service, Pod, Namespace, Gateway (gateway.networking.k8s.io), …"
std::string SupportedText() {
  std::string out;
  for (const Row& row : kRows) {
    const std::string group = row.group;
    out += fmt::format("{}{}{}", out.empty() ? "" : ", ", NameOf(row.kind),
                       group.empty() ? "" : fmt::format(" ({})", group));
  }
  return "group and kind must be one of: " + out;
}

std::vector<std::string> SupportedWords() {
  std::vector<std::string> out;
  for (const Row& row : kRows) out.push_back(fmt::format("{}/{}", row.group, NameOf(row.kind)));
  return out;
}

const Row* FindRow(const Ref& ref) {
  const auto found = std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) {
    return row.group == ref.group && NameOf(row.kind) == ref.kind;
  });
  return found == kRows.end() ? nullptr : found;
}

void CheckRef(FieldReader& fields, const Ref& ref) {
  if (!fields.clean()) return;
  const Row* row = FindRow(ref);
  if (row == nullptr) return fields.Fault("InvalidValue", SupportedText());
  if (!ref.section.empty()) fields.Fault("Conflict", kSection);
  const bool whole = row->kind == TargetKind::kNamespace;
  if (!fields.cluster_scoped() && whole) fields.Fault("Conflict", kNamespaceRef);
  if (!fields.cluster_scoped() && !ref.ns.empty()) fields.Fault("Conflict", kNamespaceOfRef);
  if (fields.cluster_scoped() && whole && !ref.ns.empty()) {
    fields.Fault("Conflict", kNamespaceTwice);
  }
}

// The core group is the empty text.
Kind<std::string> Group() {
  Kind<std::string> out;
  out.read = [](const Value& value, std::string* to) {
    const bool text = value.node->kind == YamlNode::Kind::kScalar;
    if (!text || value.node->text.size() > 253) return value.Invalid("must be an API group");
    *to = value.node->text;
  };
  out.write = [](const std::string& group) { return Json(group); };
  out.describe = [](Scope) { return Tree{{"type", "string"}, {"maxLength", 253}}; };
  return out;
}

Kind<Ref> RefFields() {
  return Object<Ref>("One object, and the proxies that it stands for.")
      .Optional("group", &Ref::group, Group(), "API group of the object; empty for the core group.")
      .Required("kind", &Ref::kind, Text({.max = 63}), "Kind of the object.")
      .Required("name", &Ref::name, ObjectName(), "Name of the object.")
      .Optional(
          "namespace", &Ref::ns, NamespaceName(),
          {"Of a ClusterTrafficTap alone.", "Namespace of the object. Default: any namespace."})
      .Optional("sectionName", &Ref::section, Text({}), "Not supported: taps take whole proxies.")
      .Rule(fmt::format("((has(self.group) ? self.group : '') + '/' + self.kind) in {}",
                        CelList(SupportedWords())),
            SupportedText())
      .Rule("!has(self.sectionName)", kSection)
      .RuleOf(Scope::kNamespaced, "self.kind != 'Namespace'", kNamespaceRef)
      .RuleOf(Scope::kNamespaced, "!has(self.namespace)", kNamespaceOfRef)
      .RuleOf(Scope::kCluster, "self.kind != 'Namespace' || !has(self.namespace)", kNamespaceTwice)
      .Checked(CheckRef)
      .kind();
}

}  // namespace

Kind<TapSpec> TargetRefs() {
  const auto list = List(
      RefFields(), {.if_empty = "must name at least one object: leave it out to tap everything"});
  Kind<TapSpec> out;
  out.read = [list](const Value& value, TapSpec* to) {
    if (!to->targets.empty()) {
      return value.Invalid("says the same as targets: keep one of them");
    }
    std::vector<Ref> refs;
    list.read(value, &refs);
    for (const Ref& ref : refs) {
      const Row* row = FindRow(ref);
      if (row != nullptr) to->targets.push_back({row->kind, ref.name, {}, ref.ns});
    }
  };
  out.write = [](const TapSpec&) { return Json(); };
  out.describe = list.describe;
  return out;
}

}  // namespace traffictap::tap::schema
