// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_skim.h"

#include "simdjson.h"

namespace traffictap::traffic {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

// False: it is there, and no text. `to` is empty where there is none.
bool TakeText(const object& from, std::string_view name, std::string* to) {
  to->clear();
  element value;
  if (from.at_key(name).get(value) == simdjson::NO_SUCH_FIELD) return true;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return false;
  to->assign(text);
  return true;
}

bool AddCode(const element& side, std::vector<uint32_t>* to) {
  object members;
  if (side.get(members) != simdjson::SUCCESS) return false;
  uint64_t code = 0;
  const auto error = members.at_key("code").get(code);
  if (error != simdjson::SUCCESS && error != simdjson::NO_SUCH_FIELD) return false;
  to->push_back(static_cast<uint32_t>(code));
  return code <= UINT32_MAX;
}

bool AddCodes(const object& record, std::vector<uint32_t>* to) {
  to->clear();
  element client;
  if (record.at_key("client").get(client) == simdjson::SUCCESS && !AddCode(client, to))
    return false;
  element servers;
  if (record.at_key("server").get(servers) != simdjson::SUCCESS) return true;
  simdjson::dom::array list;
  if (servers.get(list) != simdjson::SUCCESS) return false;
  for (const element& server : list) {
    if (!AddCode(server, to)) return false;
  }
  return true;
}

}  // namespace

bool SkimRecord(std::string_view line, RecordSkim* out) {
  // Its buffers are as large as the longest line so far.
  thread_local simdjson::dom::parser parser;
  object record;
  object request;
  if (parser.parse(line.data(), line.size()).get(record) != simdjson::SUCCESS) return false;
  if (record.at_key("request").get(request) != simdjson::SUCCESS) return false;
  std::string protocol;
  if (!TakeText(request, "protocol", &protocol) || !TakeText(request, "method", &out->method) ||
      !TakeText(request, "path", &out->path)) {
    return false;
  }
  out->tcp = protocol == "TCP";
  return TakeText(record, "verdict", &out->verdict) && AddCodes(record, &out->codes);
}

}  // namespace traffictap::traffic
