// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/otlp_writer.h"

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "fakes/otlp_receiver.h"
#include "fakes/record_ledger.h"
#include "fakes/scripted_transport.h"

namespace traffictap {

using fakes::MakeRecords;
using fakes::Range;
using fakes::ScriptedTransport;
using sinks::DropReason;
using sinks::OtlpWriter;
using sinks::Signal;

struct OtlpWriterTest {
  OtlpWriterTest() {
    spec.endpoint = "http://otel:4317";
    spec.batch_records_max = 4;
  }
  OtlpWriter& Make() {
    writer =
        std::make_unique<OtlpWriter>(spec, std::make_unique<ScriptedTransport>(&script), &clock);
    return *writer;
  }
  OtlpWriter& Open() {
    Make();
    BOOST_TEST_REQUIRE(writer->Open(&ledger).ok());
    return *writer;
  }
  // What is due after so much time.
  void Turn(base::Nanos by) {
    clock.Advance(by);
    writer->Poll();
  }
  std::vector<int> Sent() const {
    std::vector<int> out;
    for (const auto& sent : script.sent) {
      if (sent.signal != Signal::kLogs) continue;
      for (const int number : fakes::NumbersOfLogs(sent.body)) out.push_back(number);
    }
    return out;
  }
  uint64_t Dropped(DropReason reason) const { return ledger.dropped[static_cast<size_t>(reason)]; }

  tap::OtlpOutput spec;
  ScriptedTransport::Script script;
  fakes::ManualClock clock;
  fakes::CountingLedger ledger;
  std::unique_ptr<OtlpWriter> writer;
};

BOOST_FIXTURE_TEST_SUITE(otlp_writer, OtlpWriterTest)

BOOST_AUTO_TEST_CASE(a_batch_goes_out_when_it_has_its_count_of_records) {
  auto& out = Open();
  BOOST_TEST(fakes::WriteAll(out, MakeRecords(0, 3)).ok());
  BOOST_TEST(script.sent.empty());
  BOOST_TEST(fakes::WriteAll(out, MakeRecords(3, 1)).ok());
  BOOST_TEST(script.sent.size() == 2u);
  out.Poll();
  BOOST_TEST(ledger.delivered == 4u);
  BOOST_TEST(Sent() == Range(0, 4), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_batch_goes_out_when_it_has_its_bytes_or_its_age) {
  spec.batch_records_max = 1000;
  spec.batch_bytes_max = 16 << 10;
  auto& out = Open();
  BOOST_TEST(fakes::WriteAll(out, MakeRecords(0, 3, 8'000)).ok());
  BOOST_TEST(Sent().size() == 2u);
  Turn(spec.batch_age_max - 1);
  BOOST_TEST(Sent().size() == 2u);
  Turn(1);
  BOOST_TEST(Sent() == Range(0, 3), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(only_the_signals_that_are_asked_for_are_probed_and_sent) {
  spec.logs = false;
  script.probe = [](Signal signal) {
    BOOST_TEST((signal == Signal::kTraces));
    return ScriptedTransport::Good(signal);
  };
  auto& out = Open();
  BOOST_TEST(fakes::WriteAll(out, MakeRecords(0, 4)).ok());
  BOOST_REQUIRE(script.sent.size() == 1u);
  BOOST_TEST((script.sent[0].signal == Signal::kTraces));
  out.Poll();
  BOOST_TEST(ledger.delivered == 4u);
}

BOOST_AUTO_TEST_CASE(while_a_batch_is_under_way_the_next_is_filled_and_no_more_is_taken) {
  script.answer = [](Signal, const std::string&) { return std::nullopt; };
  auto& out = Open();
  const auto records = MakeRecords(0, 20);
  BOOST_TEST(out.Write(records, 0).taken == 8u);
  BOOST_TEST(out.Write(records, 8).taken == 0u);
  BOOST_TEST(Sent() == Range(0, 4), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_refusal_for_now_is_sent_again_alone_and_later_each_time) {
  int refusals = 3;
  script.answer = [&](Signal signal, const std::string&) {
    if (signal == Signal::kTraces || refusals-- <= 0) return ScriptedTransport::Good(signal);
    return ScriptedTransport::Bad(signal, absl::UnavailableError("busy"), true);
  };
  auto& out = Open();
  BOOST_TEST(fakes::WriteAll(out, MakeRecords(0, 4)).ok());
  out.Poll();
  BOOST_TEST(script.sent.size() == 2u);
  BOOST_TEST(ledger.status.code() == absl::StatusCode::kUnavailable);
  Turn(399 * base::kMillisecond);
  BOOST_TEST(script.sent.size() == 2u);
  Turn(202 * base::kMillisecond);
  BOOST_TEST(script.sent.size() == 3u);
  Turn(799 * base::kMillisecond);
  BOOST_TEST(script.sent.size() == 3u);
  Turn(402 * base::kMillisecond);
  BOOST_TEST(script.sent.size() == 4u);
  Turn(3 * base::kSecond);
  BOOST_TEST(script.sent.size() == 5u);
  BOOST_TEST(script.sent[4].body == script.sent[0].body);
  BOOST_TEST(ledger.delivered == 4u);
}

BOOST_AUTO_TEST_CASE(the_receivers_own_time_to_wait_counts_more_than_ours) {
  bool refuse = true;
  script.answer = [&](Signal signal, const std::string&) {
    if (!std::exchange(refuse, false)) return ScriptedTransport::Good(signal);
    return ScriptedTransport::Bad(signal, absl::UnavailableError("later"), true,
                                  30 * base::kSecond);
  };
  auto& out = Open();
  BOOST_TEST(fakes::WriteAll(out, MakeRecords(0, 4)).ok());
  out.Poll();
  Turn(29 * base::kSecond);
  BOOST_TEST(ledger.delivered == 0u);
  Turn(base::kSecond);
  BOOST_TEST(ledger.delivered == 4u);
}

BOOST_AUTO_TEST_CASE(what_is_late_is_dropped_with_the_last_cause) {
  spec.delivery_timeout = 5 * base::kSecond;
  script.answer = [](Signal signal, const std::string&) {
    return ScriptedTransport::Bad(signal, absl::UnavailableError("busy"), true);
  };
  auto& out = Open();
  BOOST_TEST(fakes::WriteAll(out, MakeRecords(0, 4)).ok());
  for (int i = 0; i < 6; ++i) Turn(base::kSecond);
  BOOST_TEST(Dropped(DropReason::kTimedOut) == 4u);
  BOOST_TEST(Message(ledger.status).find("busy") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_refusal_for_good_of_one_signal_drops_the_batch_and_not_the_next) {
  script.answer = [](Signal signal, const std::string& body) {
    const auto numbers = fakes::NumbersOfLogs(body);
    const bool first = signal == Signal::kLogs && numbers.front() == 0;
    return first ? ScriptedTransport::Bad(signal, absl::InvalidArgumentError("no"), false)
                 : ScriptedTransport::Good(signal);
  };
  auto& out = Open();
  BOOST_TEST(fakes::WriteAll(out, MakeRecords(0, 8)).ok());
  BOOST_TEST(out.Flush().ok());
  BOOST_TEST(Dropped(DropReason::kWriteFailed) == 4u);
  BOOST_TEST(ledger.delivered == 4u);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_too_large_is_counted_as_such) {
  script.answer = [](Signal signal, const std::string&) {
    return ScriptedTransport::Bad(signal, absl::OutOfRangeError("large"), false);
  };
  auto& out = Open();
  BOOST_TEST(fakes::WriteAll(out, MakeRecords(0, 4)).ok());
  out.Poll();
  BOOST_TEST(Dropped(DropReason::kTooLarge) == 4u);
}

BOOST_AUTO_TEST_CASE(
    a_partial_success_drops_at_most_what_was_rejected_and_never_more_than_there_is) {
  for (const auto& [rejected, dropped] : {std::pair(1u, 1u), std::pair(100u, 4u)}) {
    ledger = {};
    script.answer = [n = rejected](Signal signal, const std::string&) {
      auto out = ScriptedTransport::Good(signal);
      if (signal == Signal::kTraces) out->rejected = n;
      out->rejected_why = "too old";
      return out;
    };
    auto& out = Open();
    BOOST_TEST(fakes::WriteAll(out, MakeRecords(0, 4)).ok());
    out.Poll();
    BOOST_TEST(Dropped(DropReason::kWriteFailed) == dropped);
    BOOST_TEST(ledger.delivered == 4u - dropped);
    BOOST_TEST(Message(ledger.status).find("too old") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(opening_tells_what_a_probe_says_before_a_record_is_lost) {
  script.probe = [](Signal signal) {
    return signal == Signal::kTraces
               ? ScriptedTransport::Bad(signal, absl::UnauthenticatedError("who are you"), false)
               : ScriptedTransport::Good(signal);
  };
  auto& out = Make();
  const Status opened = out.Open(&ledger);
  BOOST_TEST(opened.code() == absl::StatusCode::kUnauthenticated);
  BOOST_TEST(Message(opened) == "who are you (http://otel:4317)");
  script.probe = nullptr;
  BOOST_TEST(out.Open(&ledger).ok());
  BOOST_TEST(script.opened == 2);
}

BOOST_AUTO_TEST_CASE(opening_tells_what_the_transport_cannot) {
  script.open = absl::InvalidArgumentError("no such file");
  BOOST_TEST(Make().Open(&ledger).code() == absl::StatusCode::kInvalidArgument);
}

BOOST_AUTO_TEST_CASE(who_is_not_let_in_any_more_loses_one_batch_and_begins_anew) {
  bool refuse = true;
  script.answer = [&](Signal signal, const std::string&) {
    return refuse ? ScriptedTransport::Bad(signal, absl::UnauthenticatedError("expired"), false)
                  : ScriptedTransport::Good(signal);
  };
  auto& out = Open();
  BOOST_TEST(fakes::WriteAll(out, MakeRecords(0, 4)).ok());
  out.Poll();
  BOOST_TEST(Dropped(DropReason::kWriteFailed) == 4u);
  script.probe = [](Signal signal) {
    return ScriptedTransport::Bad(signal, absl::UnauthenticatedError("expired"), false);
  };
  BOOST_TEST(out.Write(MakeRecords(4, 4), 0).taken == 0u);
  script.probe = nullptr;
  refuse = false;
  BOOST_TEST(fakes::WriteAll(out, MakeRecords(4, 4)).ok());
  out.Poll();
  BOOST_TEST(ledger.delivered == 4u);
}

BOOST_AUTO_TEST_CASE(records_that_were_filled_before_the_door_closed_go_out_once_it_is_open) {
  bool refuse = true;
  script.answer = [&](Signal signal, const std::string&) {
    return std::exchange(refuse, false)
               ? ScriptedTransport::Bad(signal, absl::PermissionDeniedError("no"), false)
               : ScriptedTransport::Good(signal);
  };
  auto& out = Open();
  BOOST_TEST(fakes::WriteAll(out, MakeRecords(0, 6)).ok());
  out.Poll();
  for (int i = 0; i < 3; ++i) Turn(base::kSecond);
  BOOST_TEST(Dropped(DropReason::kWriteFailed) == 4u);
  BOOST_TEST(ledger.delivered == 2u);
}

BOOST_AUTO_TEST_CASE(closing_sends_what_was_taken) {
  auto& out = Open();
  BOOST_TEST(fakes::WriteAll(out, MakeRecords(0, 6)).ok());
  out.Close(5 * base::kSecond);
  BOOST_TEST(ledger.delivered == 6u);
}

BOOST_AUTO_TEST_CASE(closing_without_answers_ends_and_counts_the_rest) {
  script.answer = [](Signal, const std::string&) { return std::nullopt; };
  auto& out = Open();
  BOOST_TEST(out.Write(MakeRecords(0, 6), 0).taken == 6u);
  out.Close(20 * base::kMillisecond);
  BOOST_TEST(Dropped(DropReason::kClosed) == 6u);
  BOOST_TEST(script.cancelled > 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
