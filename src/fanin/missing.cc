// SPDX-License-Identifier: Apache-2.0
#include "fanin/missing.h"

#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace traffictap::fanin {

using Json = nlohmann::ordered_json;

std::string MissingJson(const std::vector<Missing>& missing) {
  Json out = Json::array();
  for (const auto& one : missing) out.push_back({{"pairer", one.pairer}, {"reason", one.reason}});
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string RefusalOf(int code, const std::string& body) {
  const Json said = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (said.is_object() && said.contains("message") && said["message"].is_string()) {
    return said["message"].get<std::string>();
  }
  return fmt::format("it answered {}", code);
}

}  // namespace traffictap::fanin
