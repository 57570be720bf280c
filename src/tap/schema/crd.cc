// SPDX-License-Identifier: Apache-2.0
#include "tap/schema/crd.h"

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "tap/schema/fields.h"
#include "tap/schema/yaml_text.h"

namespace traffictap::tap::schema {
namespace {

// What the files of the kinds differ in beside their specs.
struct CrdKind {
  const char* comment;
  const char* kind;
  const char* short_name;
  Scope scope;
  const char* description;
  const char* spec;  // description of the field
};

constexpr CrdKind kTrafficTap = {"A TrafficTap taps the workloads of its own namespace.",
                                 "TrafficTap",
                                 "ttap",
                                 Scope::kNamespaced,
                                 "Records requests of the workloads in a namespace, with the "
                                 "client's and the server's view joined.",
                                 "What to record and where to write it."};
constexpr CrdKind kClusterTrafficTap = {
    "A ClusterTrafficTap taps any namespace; the right to create one is its own.",
    "ClusterTrafficTap",
    "cttap",
    Scope::kCluster,
    "Records requests of workloads in any namespace, with the client's and the server's view "
    "joined.",
    "What to record and where to write it."};
constexpr CrdKind kTapDestination = {
    "A TapDestination belongs to the administrator: taps name it and see neither brokers nor "
    "credentials.",
    "TapDestination",
    "tapdest",
    Scope::kCluster,
    "A place that taps may send records to. The administrator configures brokers and credentials; "
    "taps refer to it by name.",
    "Where to send records, and who may use it."};

struct Column {
  const char* name;
  const char* type;
  const char* path;
  const char* description;
  int priority = 0;  // 1: with -o wide alone
};

constexpr char kReady[] = ".status.conditions[?(@.type==\"Ready\")].status";
constexpr char kReason[] = ".status.conditions[?(@.type==\"Ready\")].reason";
constexpr char kMessage[] = ".status.conditions[?(@.type==\"Ready\")].message";
constexpr char kOutputs[] = ".status.conditions[?(@.type==\"OutputsReady\")].status";
constexpr char kCreated[] = ".metadata.creationTimestamp";

const std::vector<Column>& TapColumns() {
  static const std::vector<Column> columns = {
      {"Ready", "string", kReady, "Whether the tap records what it should."},
      {"Reason", "string", kReason, "Reason of the Ready condition."},
      {"Matched", "integer", ".status.workloads.matched", "Workloads selected by the targets."},
      {"Reporting", "integer", ".status.workloads.reporting",
       "Proxies that report to the collector."},
      {"Pairs", "integer", ".status.pairs", "Requests recorded from both sides."},
      {"Age", "date", kCreated, ""},
      {"Outputs", "string", kOutputs, "Whether all outputs accept records.", 1},
      {"Ok", "integer", ".status.verdicts.Ok", "Records with the verdict Ok.", 1},
      {"ServerError", "integer", ".status.verdicts.ServerError",
       "Records with the verdict ServerError.", 1},
      {"NetworkOrProxy", "integer", ".status.verdicts.NetworkOrProxy",
       "Records with the verdict NetworkOrProxy.", 1},
      {"Denied", "integer", ".status.verdicts.Denied", "Records with the verdict Denied.", 1},
      {"Message", "string", kMessage, "What is wrong, and what to do about it.", 1}};
  return columns;
}

const std::vector<Column>& DestinationColumns() {
  static const std::vector<Column> columns = {
      {"Type", "string", ".spec.type", ""},
      {"Ready", "string", kReady, "Whether taps can use it."},
      {"Age", "date", kCreated, ""},
      {"Message", "string", kMessage, "What is wrong, and what to do about it.", 1}};
  return columns;
}

Tree ColumnTree(const Column& column) {
  Tree out = {{"name", column.name}, {"type", column.type}};
  if (*column.description != '\0') out["description"] = column.description;
  if (column.priority > 0) out["priority"] = column.priority;
  out["jsonPath"] = column.path;
  return out;
}

// The API server's schema of a whole object. metadata.name is held to what becomes parts of other
// names.
Tree ObjectSchema(const CrdKind& kind, Tree spec, Tree status) {
  const Tree name = {{"type", "string"}, {"maxLength", 63}};
  Tree out = {
      {"description", kind.description}, {"type", "object"}, {"required", Tree::array({"spec"})}};
  AddRule(&out, Matches("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", "self.metadata.name"),
          "metadata.name must be 1 to 63 lower-case letters, digits or '-'");
  out["properties"] = {{"apiVersion", {{"type", "string"}}},
                       {"kind", {{"type", "string"}}},
                       {"metadata", {{"type", "object"}, {"properties", {{"name", name}}}}},
                       {"spec", Described(spec, kind.spec)},
                       {"status", std::move(status)}};
  return out;
}

CrdFile FileOf(const CrdKind& kind, const std::vector<Column>& columns, bool namespaced, Tree spec,
               Tree status) {
  const std::string singular = absl::AsciiStrToLower(kind.kind), plural = singular + "s";
  Tree version = {{"name", "v1alpha1"},
                  {"served", true},
                  {"storage", true},
                  {"subresources", {{"status", Tree::object()}}},
                  {"additionalPrinterColumns", Tree::array()}};
  for (const Column& column : columns) {
    version["additionalPrinterColumns"].push_back(ColumnTree(column));
  }
  version["schema"]["openAPIV3Schema"] = ObjectSchema(kind, std::move(spec), std::move(status));
  const Tree names = {{"kind", kind.kind},
                      {"listKind", fmt::format("{}List", kind.kind)},
                      {"plural", plural},
                      {"singular", singular},
                      {"shortNames", Tree::array({kind.short_name})},
                      {"categories", Tree::array({"istio-tap"})}};
  const Tree crd = {{"apiVersion", "apiextensions.k8s.io/v1"},
                    {"kind", "CustomResourceDefinition"},
                    {"metadata",
                     {{"name", plural + ".traffictap.io"},
                      {"labels", {{"app.kubernetes.io/part-of", "traffictap"}}}}},
                    {"spec",
                     {{"group", "traffictap.io"},
                      {"scope", namespaced ? "Namespaced" : "Cluster"},
                      {"names", names},
                      {"versions", Tree::array({version})}}}};
  return {fmt::format("traffictap.io_{}.yaml", plural),
          fmt::format("# {}\n# Written by make crds from src/tap/schema, not by hand.\n{}",
                      kind.comment, YamlText(crd))};
}

}  // namespace

std::vector<CrdFile> CrdFiles() {
  const auto tap = [](const CrdKind& kind) {
    return FileOf(kind, TapColumns(), kind.scope == Scope::kNamespaced,
                  TapFields().describe(kind.scope), TapStatus());
  };
  return {tap(kClusterTrafficTap),
          FileOf(kTapDestination, DestinationColumns(), false,
                 DestinationFields().describe(Scope::kCluster), DestinationStatus()),
          tap(kTrafficTap)};
}

}  // namespace traffictap::tap::schema
