// SPDX-License-Identifier: Apache-2.0
#include "sinks/kafka/kafka_headers.h"

#include <boost/test/unit_test.hpp>
#include <map>

#include "fakes/entry_builder.h"
#include "fmt/format.h"
#include "traffic/record_id.h"

namespace traffictap {
namespace {

using fakes::EntryBuilder;
using Headers = std::map<std::string, std::string>;

// A batch of one record, of a tap.
std::shared_ptr<traffic::RecordBatch> Batch(const std::string& tap, const EntryBuilder& entry) {
  const auto node = fakes::MakeNode("10.0.0.1", "cart");
  traffic::EntryBatch entries(node);
  const traffic::PackedEntry* packed = entries.Add(entry.entry());
  traffic::TrafficPair pair;
  if (packed->facts.reporter == traffic::Reporter::kSource) {
    pair.client = packed;
  } else {
    pair.servers = {&packed, 1};
  }
  auto out = std::make_shared<traffic::RecordBatch>(
      std::make_shared<const traffic::RecordOrigin>(traffic::RecordOrigin{tap}));
  out->Add(pair, {&node, 1});
  return out;
}

Headers Of(const traffic::RecordBatch& batch) {
  const auto headers = sinks::HeadersOf(tap::KafkaHeaders::kCloudEvents, batch, 0);
  return {headers.begin(), headers.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kafka_headers)

BOOST_AUTO_TEST_CASE(plain_ones_are_two) {
  const auto headers =
      sinks::HeadersOf(tap::KafkaHeaders::kPlain, *Batch("shop/errors", EntryBuilder::Server()), 0);
  BOOST_TEST(headers.size() == 2u);
  BOOST_TEST(headers[0].first == "content-type");
  BOOST_TEST(headers[0].second == "application/json");
  BOOST_TEST(headers[1].first == "traffictap-schema");
  BOOST_TEST(headers[1].second == "v1");
}

// CloudEvents 1.0: the required attributes, and those of the optional ones that are known.
BOOST_AUTO_TEST_CASE(an_events_attributes_are_the_records) {
  auto entry = EntryBuilder::Server();
  const auto batch = Batch("shop/errors", entry);
  Headers headers = Of(*batch);
  BOOST_TEST(headers.size() == 8u);
  BOOST_TEST(headers["content-type"] == "application/json");
  BOOST_TEST(headers["ce_specversion"] == "1.0");
  BOOST_TEST(headers["ce_type"] == "io.traffictap.record.v1");
  BOOST_TEST(headers["ce_source"] ==
             "/apis/traffictap.io/v1alpha1/namespaces/shop/traffictaps/errors");
  BOOST_TEST(headers["ce_subject"] == "shop/cart");
  BOOST_TEST(headers["ce_time"] == "2023-11-14T22:13:20.000000000Z");
  // The record's own id, as its line has it.
  BOOST_TEST(batch->json_line(0).find(fmt::format("\"id\":\"{}\"", headers["ce_id"])) !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_source_is_the_taps_object) {
  BOOST_TEST(Of(*Batch("everything", EntryBuilder::Server()))["ce_source"] ==
             "/apis/traffictap.io/v1alpha1/clustertraffictaps/everything");
}

BOOST_AUTO_TEST_CASE(the_subject_is_what_the_client_knows_or_left_out) {
  const auto subject = [](const std::string& ns, const std::string& name) {
    auto entry = EntryBuilder::Client();
    entry.Set(traffic::Text::kPeerNamespace, ns).Set(traffic::Text::kPeerWorkload, name);
    const Headers headers = Of(*Batch("shop/errors", entry));
    const auto found = headers.find("ce_subject");
    return found == headers.end() ? "none" : found->second;
  };
  BOOST_TEST(subject("books", "shelf") == "books/shelf");
  BOOST_TEST(subject("", "shelf") == "none");
  BOOST_TEST(subject("books", "") == "none");
  BOOST_TEST(subject("books", "she\nlf") == "none");
  BOOST_TEST(subject("books", "sh\xc3\xa9lf") == "none");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
