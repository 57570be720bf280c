// SPDX-License-Identifier: Apache-2.0

// What real proxies sent (tests/captures): whatever one pairer joins of it comes to one partition.
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "als/decode_entry.h"
#include "kube/base64.h"
#include "pairing/known_peers.h"
#include "pairing/pairer.h"
#include "replay/byte_source.h"
#include "source_dir.h"
#include "traffic/partition_key.h"

namespace traffictap {
namespace {

constexpr uint32_t kPartitionsMax = 1024;

std::string Unpacked(const std::string& path) {
  auto source = replay::OpenBytes(path);
  BOOST_REQUIRE(source.ok());
  std::string out;
  std::vector<char> part(64 * 1024);
  for (;;) {
    const auto size = (*source)->Read(part);
    BOOST_REQUIRE(size.ok());
    if (*size == 0) return out;
    out.append(part.data(), *size);
  }
}

// A line is {"stream": NUMBER, "message": "BASE64"}, as tests/captures/record.py writes it.
std::string After(const std::string& line, const std::string& word) {
  const size_t at = line.find(word);
  BOOST_REQUIRE(at != std::string::npos);
  const size_t begin = at + word.size();
  return line.substr(begin, line.find_first_of("\",}", begin) - begin);
}

// Feeds a pairer with the messages of a capture, and looks at what it emits.
class Capture final : private als::MessageVisitor, public pairing::PairConsumer {
 public:
  explicit Capture(const std::string& name) {
    pairing::PairerOptions options;
    options.window = [](const traffic::TapSet&) { return 5 * base::kSecond; };
    pairing::Pairer pairer(options, &peers_, this);
    const std::string text = Unpacked(SourceDir() + "/tests/captures/" + name);
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      const std::string line = text.substr(at, end - at);
      at = end + 1;
      node_ = &nodes_[After(line, "\"stream\": ")];
      const auto message = kube::DecodeBase64(After(line, "\"message\": \""));
      BOOST_REQUIRE(message.has_value());
      batch_ = nullptr;
      als::DecodeMessage(*message, &scratch_, this);
      if (batch_) pairer.Add(*batch_, 0);
    }
    pairer.Advance(10 * base::kSecond);
  }

  void Consume(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr>) override {
    std::vector<uint64_t> keys;
    if (pair.client != nullptr) keys.push_back(PartitionKey(*pair.client));
    for (const auto* server : pair.servers) keys.push_back(PartitionKey(*server));
    for (const uint64_t key : keys) {
      if (pair.principal().facts.kind == traffic::EntryKind::kTcp) ++connections;
      for (uint32_t count = 1; count <= kPartitionsMax; ++count) {
        if (traffic::PartitionOf(key, count) != traffic::PartitionOf(keys[0], count)) ++split;
      }
    }
    if (keys.size() > 1) ++pairs;
    if (keys.size() > 2) ++retried;
  }

  int pairs = 0;
  int retried = 0;
  int connections = 0;
  int split = 0;
  std::map<uint64_t, std::map<uint64_t, int>> keys_by_id;  // by the id's hash

 private:
  void OnIdentifier(std::string_view bytes) override {
    *node_ = std::make_shared<const traffic::Node>(als::DecodeIdentifier(bytes));
  }
  void OnEntry(const traffic::AccessEntry& entry) override {
    if (!batch_) batch_ = std::make_unique<traffic::EntryBatch>(*node_);
    const auto* packed = batch_->Add(entry);
    if (packed->request_id_hash == 0) return;
    ++keys_by_id[packed->request_id_hash][PartitionKey(*packed)];
  }
  void OnReject(traffic::RejectReason) override { BOOST_ERROR("the capture is broken"); }

  KnownPeers peers_;
  als::DecodeScratch scratch_;
  std::map<std::string, traffic::NodePtr> nodes_;  // by stream
  traffic::NodePtr* node_ = nullptr;               // of the stream in hand
  std::unique_ptr<traffic::EntryBatch> batch_;     // of the message in hand
};

}  // namespace

BOOST_AUTO_TEST_SUITE(captured_partitions)

BOOST_AUTO_TEST_CASE(hold_every_half_of_a_request_whatever_their_number) {
  const Capture capture("verdicts.jsonl.gz");
  BOOST_TEST(capture.split == 0);
  BOOST_TEST(capture.pairs >= 20);
  BOOST_TEST(capture.retried >= 1);
  BOOST_TEST(capture.connections >= 1);
  for (const auto& [id, keys] : capture.keys_by_id) BOOST_TEST(keys.size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
