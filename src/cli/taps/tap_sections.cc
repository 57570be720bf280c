// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/tap_sections.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "cli/shell/text_table.h"
#include "cli/taps/tap_rows.h"

namespace traffictap::cli {
namespace {

using kube::Json;
using kube::Object;
using Row = std::vector<std::string>;

std::string Section(const Object& tap, const std::string& list, const std::string& heading,
                    const std::function<Row(const Json&)>& row_of) {
  const Json* values = tap.Find("/status/" + list);
  if (values == nullptr || !values->is_array() || values->empty()) return "";
  std::vector<Row> rows;
  for (const Json& value : *values) rows.push_back(row_of(value));
  return "\n" + heading + ":\n" + TextTable(rows);
}

Row TextsOf(const Json& value, const std::string& first, std::initializer_list<const char*> rest) {
  const Object object(value);
  Row out = {"  " + first};
  for (const char* field : rest) out.push_back(object.Text(field));
  return out;
}

}  // namespace

std::string ConditionSection(const Object& tap) {
  return Section(tap, "conditions", "Conditions", [](const Json& value) {
    return TextsOf(value, Object(value).Text("/type"), {"/status", "/reason", "/message"});
  });
}

std::string TargetSection(const Object& tap) {
  return Section(tap, "targets", "Targets", [](const Json& value) {
    return TextsOf(value, TargetText(value), {"/state", "/reason", "/message"});
  });
}

std::string VerdictSection(const Object& tap) {
  const Json* verdicts = tap.Find("/status/verdicts");
  if (verdicts == nullptr || !verdicts->is_object() || verdicts->empty()) return "";
  std::vector<std::pair<std::string, uint64_t>> counts;
  for (const auto& [verdict, count] : verdicts->items()) {
    if (count.is_number_integer()) counts.emplace_back(verdict, count.get<uint64_t>());
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<Row> rows;
  for (const auto& [verdict, count] : counts) {
    rows.push_back({"  " + verdict, std::to_string(count)});
  }
  return "\nVerdicts:\n" + TextTable(rows);
}

std::string PeerSection(const Object& tap) {
  return Section(tap, "peers", "Peers", [](const Json& value) {
    const Object peer(value);
    const std::string name =
        peer.Text("/namespace") + "/" + peer.Text("/kind") + "/" + peer.Text("/name");
    return TextsOf(value, name, {"/state", "/reason", "/message"});
  });
}

std::string ListSection(const Object& tap, const std::string& list, const std::string& heading) {
  return Section(tap, list, heading, [](const Json& value) {
    if (value.is_string()) return Row{"  " + value.get<std::string>()};
    return TextsOf(value, Object(value).Text("/subject"), {"/reason", "/message"});
  });
}

}  // namespace traffictap::cli
