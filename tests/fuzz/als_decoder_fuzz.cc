// SPDX-License-Identifier: Apache-2.0

// Any bytes as a StreamAccessLogsMessage: decoded, packed, and written out as a record's JSON line.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "als/decode_entry.h"
#include "base/status.h"
#include "nlohmann/json.hpp"
#include "traffic/entry_batch.h"
#include "traffic/header_list.h"
#include "traffic/pair_json.h"

namespace traffictap {
namespace {

using traffic::AccessEntry;
using traffic::Text;

constexpr base::Nanos kTimeMax = (int64_t{1} << 32) * base::kSecond;

// What traffic/access_entry.h promises of an entry.
void CheckFacts(const traffic::EntryFacts& facts) {
  for (const base::Nanos time :
       {facts.last_rx_byte, facts.first_upstream_tx_byte, facts.last_upstream_tx_byte,
        facts.first_upstream_rx_byte, facts.last_upstream_rx_byte, facts.first_downstream_tx_byte,
        facts.last_downstream_tx_byte, facts.duration}) {
    TT_CHECK(time >= traffic::kAbsent && time < kTimeMax);
  }
  TT_CHECK(facts.start_time >= 0 && facts.start_time < kTimeMax);
}

void CheckLine(const traffic::PackedEntry& entry) {
  traffic::TrafficPair pair;
  const traffic::PackedEntry* servers[] = {&entry};
  if (entry.facts.reporter == traffic::Reporter::kSource) {
    pair.client = &entry;
  } else {
    pair.servers = servers;
  }
  std::string line;
  traffic::AppendPairJson({"shop/tap"}, pair, &line);
  TT_CHECK(line.find_first_of("\n\r\v\f") == std::string::npos);
  TT_CHECK(nlohmann::json::accept(line));
}

class Visitor final : public als::MessageVisitor {
 public:
  void OnIdentifier(std::string_view bytes) override {
    node_ = std::make_shared<const traffic::Node>(als::DecodeIdentifier(bytes));
  }

  void OnEntry(const AccessEntry& entry) override {
    CheckFacts(entry.facts);
    traffic::EntryBatch batch(node_);
    const traffic::PackedEntry& packed = *batch.Add(entry);
    for (const Text list :
         {Text::kRequestHeaders, Text::kResponseHeaders, Text::kResponseTrailers}) {
      TT_CHECK(packed.text(list) == entry.text(list));
      traffic::ForEachHeader(packed.text(list), [](std::string_view, std::string_view) {});
    }
    CheckLine(packed);
  }

  void OnReject(traffic::RejectReason) override {}

 private:
  traffic::NodePtr node_ = std::make_shared<const traffic::Node>();
};

}  // namespace
}  // namespace traffictap

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  traffictap::Visitor visitor;
  traffictap::als::DecodeScratch scratch;
  traffictap::als::DecodeMessage({reinterpret_cast<const char*>(bytes), size}, &scratch, &visitor);
  return 0;
}
