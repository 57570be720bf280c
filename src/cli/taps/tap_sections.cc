// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/tap_sections.h"

#include <functional>

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

std::string ListSection(const Object& tap, const std::string& list, const std::string& heading) {
  return Section(tap, list, heading, [](const Json& value) {
    if (value.is_string()) return Row{"  " + value.get<std::string>()};
    return TextsOf(value, Object(value).Text("/subject"), {"/reason", "/message"});
  });
}

}  // namespace traffictap::cli
