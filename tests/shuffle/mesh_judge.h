// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "shuffle/partition_pairer.h"
#include "shuffle/simulated_mesh.h"

namespace traffictap::simulation {

// What came of a mesh's requests, by its ledger and by its log. Looks once, when it is made.
class MeshJudge {
 public:
  explicit MeshJudge(SimulatedMesh& mesh) : mesh_(mesh) {
    for (const auto& written : mesh.written()) {
      for (const auto& tag : written.tags) of_tag_[tag].push_back(&written);
      of_line_[written.line].push_back(&written);
    }
    ReadLog();
  }

  // What must hold whatever fails: each half that is in the log is in a record, and in no two different ones; a request
  // all of whose halves are there came out as it was sent; nothing else came out. But for `torn`: those may be in parts.
  void CheckWhole(bool may_tear = false) const {
    size_t known = 0;
    for (const auto& exchange : mesh_.exchanges()) {
      bool all = true;
      for (const auto& tag : exchange.tags) {
        all = all && in_log_.contains(tag);
        const auto records = of_tag_.find(tag);
        known += records == of_tag_.end() ? 0 : records->second.size();
        if (!in_log_.contains(tag)) continue;
        BOOST_TEST((records != of_tag_.end()), tag << " is in the log and in no record");
      }
      if (may_tear || !all) continue;
      for (const auto& tag : exchange.tags) {
        for (const auto* record : RecordsOf(tag)) BOOST_TEST(record->line == exchange.line);
      }
    }
    size_t tags = 0;
    for (const auto& written : mesh_.written()) tags += written.tags.size();
    BOOST_TEST(known == tags, "records of what was never sent");
  }
  // The same records as of one pairer that reads the log from its first message to its last.
  void CheckAsOfOne() const {
    std::set<std::string> lines;
    for (const auto& [line, records] : of_line_) lines.insert(line);
    BOOST_TEST(lines == of_one_, boost::test_tools::per_element());
  }
  // Halves of the log, and those that each partition's owner has in its books.
  void CheckBooks(uint64_t lost = 0) const {
    const auto books = mesh_.Books();
    BOOST_TEST(books.received + books.lost == in_log_.size());
    BOOST_TEST(books.lost == lost);
  }
  void CheckAll() const {
    CheckWhole();
    CheckAsOfOne();
    CheckBooks();
  }

  // Of each record beyond the first of its line: when the first was made.
  std::vector<base::Nanos> Repeated() const {
    std::vector<base::Nanos> out;
    for (const auto& [line, records] : of_line_) {
      const auto first = std::ranges::min_element(records, {}, &Written::made);
      for (size_t i = 1; i < records.size(); ++i) out.push_back((*first)->made);
    }
    return out;
  }
  // Requests with two sides, and how long their records took from the last half on: of those that came within
  // [from, to) the longest.
  base::Nanos Delay(base::Nanos from, base::Nanos to) const {
    base::Nanos out = 0;
    for (const auto& exchange : mesh_.exchanges()) {
      if (exchange.tags.size() != 2 || exchange.last < from || exchange.last >= to) continue;
      for (const auto* record : RecordsOf(*exchange.tags.begin())) {
        out = std::max(out, record->made - exchange.last);
      }
    }
    return out;
  }
  // Records without all halves of their request.
  struct TornRecord {
    const Exchange* exchange;
    const Written* record;
  };
  std::vector<TornRecord> Torn() const {
    std::vector<TornRecord> out;
    for (const auto& exchange : mesh_.exchanges()) {
      for (const auto& tag : exchange.tags) {
        for (const auto* record : RecordsOf(tag)) {
          if (record->line != exchange.line) out.push_back({&exchange, record});
        }
      }
    }
    return out;
  }
  // Halves that were sent and are not in the log.
  std::set<std::string> Missing() const {
    std::set<std::string> out;
    for (const auto& exchange : mesh_.exchanges()) {
      for (const auto& tag : exchange.tags) {
        if (!in_log_.contains(tag)) out.insert(tag);
      }
    }
    return out;
  }
  size_t halves_in_log() const { return in_log_.size(); }

 private:
  class Lines final : public pairing::PairConsumer {
   public:
    explicit Lines(std::set<std::string>* to) : to_(to) {}
    void Consume(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr>) override {
      to_->insert(WrittenOf(pair).line);
    }

   private:
    std::set<std::string>* const to_;
  };

  std::vector<const Written*> RecordsOf(const std::string& tag) const {
    const auto found = of_tag_.find(tag);
    return found == of_tag_.end() ? std::vector<const Written*>() : found->second;
  }
  void ReadLog() {
    Lines lines(&of_one_);
    for (uint32_t i = 0; i < SimulatedMesh::kPartitions; ++i) {
      shuffle::PartitionPairerOptions options;
      options.partition = i;
      options.taps = [](std::span<const uint64_t> taps) {
        return taps[0] == shuffle::TapHash(kPoison) ? traffic::TapSet() : SimulatedTaps(taps);
      };
      shuffle::PartitionPairer one(options, &lines);
      const auto& messages = mesh_.cluster().partitions()[i].messages;
      for (size_t at = 0; at < messages.size(); ++at) {
        const auto block = shuffle::DecodeBlock(messages[at].bytes);
        if (!block.ok()) continue;
        for (const auto& half : (*block)->halves) {
          in_log_.emplace(half.entry->text(traffic::Text::kReferer));
        }
        BOOST_REQUIRE(
            one.Take({static_cast<int64_t>(at), messages[at].appended, messages[at].bytes}).ok());
      }
    }
  }

  SimulatedMesh& mesh_;
  std::map<std::string, std::vector<const Written*>> of_tag_;
  std::map<std::string, std::vector<const Written*>> of_line_;
  std::set<std::string> in_log_;
  std::set<std::string> of_one_;
};

// What holds where no record may come twice or in parts.
inline void CheckOnceAndWhole(SimulatedMesh& mesh) {
  const MeshJudge judge(mesh);
  judge.CheckAll();
  BOOST_TEST(judge.Repeated().empty());
  BOOST_TEST(judge.Torn().empty());
}

}  // namespace traffictap::simulation
