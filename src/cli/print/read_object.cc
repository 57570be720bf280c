// SPDX-License-Identifier: Apache-2.0
#include "cli/print/read_object.h"

namespace traffictap::cli::print {
namespace {

using Json = nlohmann::ordered_json;

// A record has four levels. What walks a value calls itself for each one, and a file may hold
// anything.
constexpr int kDepthMax = 64;

}  // namespace

StatusOr<Json> ReadObject(std::string_view line) {
  bool too_deep = false;
  const auto bounded = [&](int depth, Json::parse_event_t, Json&) {
    too_deep |= depth > kDepthMax;
    return !too_deep;
  };
  Json json = Json::parse(line.begin(), line.end(), bounded, false);
  if (too_deep || !json.is_object()) {
    return absl::InvalidArgumentError("read record: no object of JSON");
  }
  return json;
}

}  // namespace traffictap::cli::print
