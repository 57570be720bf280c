// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_id.h"

#include <bit>
#include <cstring>
#include <string_view>

#include "fmt/format.h"
#include "traffic/mix_bits.h"

namespace traffictap::traffic {
namespace {

// Two chains over the same words. They begin apart and take a word in by different operations, so that
// what meets in one of them has no reason to meet in the other.
class Words {
 public:
  Words& Add(uint64_t word) {
    id_.high = MixBits((id_.high ^ word) + 0x9e3779b97f4a7c15ULL);
    id_.low = MixBits((std::rotl(id_.low, 32) + word) ^ 0xd6e8feb86659fd93ULL);
    return *this;
  }
  Words& Add(std::string_view text) {
    Add(text.size());
    for (; text.size() >= sizeof(uint64_t); text.remove_prefix(sizeof(uint64_t))) {
      Add(Load(text.data(), sizeof(uint64_t)));
    }
    return text.empty() ? *this : Add(Load(text.data(), text.size()));
  }

  RecordId id() const { return id_; }

 private:
  static uint64_t Load(const char* bytes, size_t count) {
    uint64_t word = 0;
    std::memcpy(&word, bytes, count);
    return word;
  }

  RecordId id_{0x243f6a8885a308d3ULL, 0x13198a2e03707344ULL};
};

}  // namespace

RecordId RecordIdOf(const PackedEntry& entry) {
  const EntryFacts& facts = entry.facts;
  Words words;
  // Pods of two clusters may have one name and one address.
  words.Add(entry.node->id).Add(entry.node->cluster_id);
  words.Add(entry.request_id_hash).Add(static_cast<uint64_t>(facts.start_time));
  // Of what does not change while a stream is open: another attempt has another upstream.
  words.Add(uint64_t{facts.downstream_direct_remote.port} |
            static_cast<uint64_t>(facts.reporter) << 16 | static_cast<uint64_t>(facts.kind) << 24);
  // Each redirect that the client's proxy follows leaves an entry of its own, which differs from
  // that of the stream's end, and from the next one, in these alone.
  if (entry.text(Text::kResponseCodeDetails) == "internal_redirect") {
    words.Add(static_cast<uint64_t>(facts.duration)).Add(facts.response_code);
  }
  return words.id();
}

std::string RecordIdText(const RecordId& id) {
  return fmt::format("{:016x}{:016x}", id.high, id.low);
}

}  // namespace traffictap::traffic
