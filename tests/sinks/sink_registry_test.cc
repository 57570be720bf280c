// SPDX-License-Identifier: Apache-2.0
#include "sinks/sink_registry.h"

#include <boost/test/unit_test.hpp>

#include "base/process_clock.h"
#include "fakes/manual_clock.h"
#include "fakes/record_transaction.h"
#include "fakes/records.h"
#include "fakes/temp_dir.h"

namespace traffictap {

BOOST_AUTO_TEST_SUITE(sink_registry)

BOOST_AUTO_TEST_CASE(a_file_output_opens_below_the_output_directory_with_its_own_queue) {
  fakes::TempDir dir;
  fakes::ManualClock clock;
  tap::OutputSpec spec;
  spec.type = tap::OutputType::kFile;
  spec.file.path = "a.jsonl";
  auto sink = sinks::OpenSink(spec, {dir.path().string(), "shop/tap", &clock});
  BOOST_REQUIRE(sink.ok());
  (*sink)->Offer(fakes::MakeRecords(0, 2));
  (*sink)->Close(10 * base::kSecond);
  BOOST_TEST(fakes::NumbersOf(dir.Read("a.jsonl")) == fakes::Range(0, 2));
}

BOOST_AUTO_TEST_CASE(a_file_output_without_an_output_directory_says_which_flag_is_missing) {
  fakes::ManualClock clock;
  tap::OutputSpec spec;
  spec.type = tap::OutputType::kFile;
  spec.file.path = "a.jsonl";
  const auto sink = sinks::OpenSink(spec, {"", "shop/tap", &clock});
  BOOST_TEST(sink.status().code() == absl::StatusCode::kInvalidArgument);
  BOOST_TEST(Message(sink.status()).find("--output-dir") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_output_with_transactions_needs_kafka_and_who_has_them) {
  fakes::ManualClock clock;
  fakes::RecordTransaction transaction;
  tap::OutputSpec spec;
  spec.type = tap::OutputType::kKafka;
  spec.delivery.delivery_class = tap::DeliveryClass::kExactlyOnce;
  const sinks::SinkContext with{"", "shop/tap", &clock, nullptr, "", &transaction};
  const auto opened = sinks::OpenSink(spec, with);
  BOOST_REQUIRE(opened.ok());
  (*opened)->Offer(fakes::MakeRecords(0, 2));
  BOOST_TEST(transaction.open.size() == 2u);
  const auto without = sinks::OpenSink(spec, {"", "shop/tap", &clock});
  BOOST_TEST(without.status().code() == absl::StatusCode::kInvalidArgument);
  BOOST_TEST(Message(without.status()).find("--role pairer") != std::string::npos);
  spec.type = tap::OutputType::kFile;
  BOOST_TEST(sinks::OpenSink(spec, with).status().code() == absl::StatusCode::kInvalidArgument);
}

namespace {

tap::OutputSpec Durable(const std::string& name) {
  tap::OutputSpec spec;
  spec.name = name;
  spec.type = tap::OutputType::kFile;
  spec.file.path = "a.jsonl";
  spec.delivery.delivery_class = tap::DeliveryClass::kDurable;
  return spec;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_durable_output_keeps_its_records_in_a_directory_of_its_own) {
  fakes::TempDir dir;
  fakes::TempDir spool;
  fakes::ManualClock clock;
  for (const auto& [tap, path] : {std::pair("shop/tap", "shop/tap/disk"),
                                  std::pair("whole-mesh", "_cluster/whole-mesh/disk")}) {
    auto sink = sinks::OpenSink(Durable("disk"), {dir.path().string(), tap, base::ProcessClock(),
                                                  nullptr, spool.path().string()});
    BOOST_REQUIRE(sink.ok());
    (*sink)->Offer(fakes::MakeRecords(0, 2));
    BOOST_TEST((*sink)->Flush(10 * base::kSecond).ok());
    BOOST_TEST(std::filesystem::exists(spool / (std::string(path) + "/ledger")), path);
    (*sink)->Close(10 * base::kSecond);
    BOOST_TEST((*sink)->counters().delivered == 2u);
  }
}

BOOST_AUTO_TEST_CASE(a_durable_output_without_a_spool_directory_says_which_flag_is_missing) {
  fakes::TempDir dir;
  fakes::ManualClock clock;
  const auto sink = sinks::OpenSink(Durable("disk"), {dir.path().string(), "shop/tap", &clock});
  BOOST_TEST(sink.status().code() == absl::StatusCode::kInvalidArgument);
  BOOST_TEST(Message(sink.status()).find("--spool-dir") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(standard_output_cannot_be_durable) {
  fakes::TempDir dir;
  fakes::ManualClock clock;
  auto spec = Durable("screen");
  spec.type = tap::OutputType::kStdout;
  const auto sink = sinks::OpenSink(spec, {"", "shop/tap", &clock, nullptr, dir.path().string()});
  BOOST_TEST(sink.status().code() == absl::StatusCode::kInvalidArgument);
  BOOST_TEST(Message(sink.status()).find("Stdout") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(brokers_that_do_not_answer_are_no_reason_to_refuse_an_output) {
  fakes::ManualClock clock;
  tap::OutputSpec spec;
  spec.type = tap::OutputType::kKafka;
  spec.kafka.brokers = {"127.0.0.1:1"};
  spec.kafka.topic = "records";
  auto sink = sinks::OpenSink(spec, {"", "shop/tap", &clock});
  BOOST_REQUIRE(sink.ok());
  (*sink)->Close(0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
