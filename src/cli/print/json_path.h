// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "nlohmann/json_fwd.hpp"

namespace traffictap::cli::print {

struct TemplateNode;

// A template in the grammar of kubectl's -o jsonpath
// (kubernetes.io/docs/reference/kubectl/jsonpath): text as it stands, and in braces
//   .a.b  ['a.b']  .a\.b      a field; .* and [*] all of them
//   [0]  [-1]  [0,2]  [1:3]   elements of a list
//   ..a                       a field at any depth
//   [?(@.a == "x")]           elements for which it holds: == != < <= > >=, or a path that exists
//   @  $                      the current element, the record
//   "\n"  'text'              a text with escapes
//   range PATH … end          what stands between, once for each element
// What is not there is nothing. Unlike kubectl's, $ is the record inside of a range too, and a
// template without braces is refused. Immutable.
class JsonPath {
 public:
  // kInvalidArgument tells what is wrong, where, and what would be right.
  static StatusOr<JsonPath> Parse(std::string_view text);
  // One path without its braces or its first dot, as kubectl's custom-columns take it: "source.name",
  // ".source.name", "{.source.name}".
  static StatusOr<JsonPath> ParsePath(std::string_view text);
  JsonPath(JsonPath&&) noexcept;
  ~JsonPath();

  // Texts as they are, or with `visible` as a terminal may show them (those of the template always
  // as they are); objects and lists as JSON; several results of one pair of braces with a blank
  // between them.
  void Render(const nlohmann::ordered_json& record, bool visible, std::string* out) const;
  // The values of ParsePath as a cell of a table: visible, several with a comma between them, "<none>"
  // where there is nothing.
  std::string Cell(const nlohmann::ordered_json& record) const;

 private:
  JsonPath();
  std::unique_ptr<const TemplateNode> root_;
};

}  // namespace traffictap::cli::print
