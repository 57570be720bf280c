// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/patient_writer.h"

#include <boost/test/unit_test.hpp>

#include "fakes/record_ledger.h"
#include "fakes/scripted_writer.h"

namespace traffictap {

using sinks::DropReason;

namespace {

// Drops what it is told to, when it is polled.
class DroppingWriter final : public sinks::RecordWriter {
 public:
  Status Open(sinks::RecordLedger* ledger) override {
    ledger_ = ledger;
    return absl::OkStatus();
  }
  sinks::WriteResult Write(const traffic::RecordSelection&, size_t) override { return {}; }
  Status Flush() override { return absl::OkStatus(); }
  void Poll() override { ledger_->Dropped(reason, 3, why); }
  void Close(base::Nanos) override {}

  DropReason reason = DropReason::kWriteFailed;
  Status why;

 private:
  sinks::RecordLedger* ledger_ = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(patient_writer)

BOOST_AUTO_TEST_CASE(what_somebody_can_heal_is_written_again_and_what_nobody_can_is_not) {
  auto* inner = new DroppingWriter;
  sinks::PatientWriter writer{std::unique_ptr<sinks::RecordWriter>(inner)};
  fakes::CountingLedger ledger;
  BOOST_TEST(writer.Open(&ledger).ok());
  const auto again = [&](DropReason reason, const Status& why) {
    const uint64_t before = writer.again();
    inner->reason = reason;
    inner->why = why;
    writer.Poll();
    return writer.again() > before;
  };
  BOOST_TEST(again(DropReason::kWriteFailed, absl::PermissionDeniedError("rights")));
  BOOST_TEST(again(DropReason::kWriteFailed, absl::UnauthenticatedError("password")));
  BOOST_TEST(again(DropReason::kWriteFailed, absl::FailedPreconditionError("topic")));
  BOOST_TEST(again(DropReason::kWriteFailed, absl::UnavailableError("broker")));
  BOOST_TEST(again(DropReason::kClosed, absl::OkStatus()));  // its producer failed
  BOOST_TEST(!again(DropReason::kWriteFailed, absl::InvalidArgumentError("malformed")));
  BOOST_TEST(!again(DropReason::kTooLarge, absl::OutOfRangeError("large")));
  BOOST_TEST(!again(DropReason::kTimedOut, absl::DeadlineExceededError("late")));
  // The caller hears of all of them.
  BOOST_TEST(ledger.dropped[static_cast<size_t>(DropReason::kWriteFailed)] == 15u);
}

BOOST_AUTO_TEST_CASE(a_refusal_that_somebody_can_heal_is_worth_a_retry) {
  fakes::ScriptedWriter::Script script;
  script.write = {{0, absl::PermissionDeniedError("rights")}, {0, absl::InvalidArgumentError("x")}};
  sinks::PatientWriter writer(std::make_unique<fakes::ScriptedWriter>(&script));
  fakes::CountingLedger ledger;
  BOOST_TEST(writer.Open(&ledger).ok());
  const auto denied = writer.Write(fakes::MakeRecords(0, 1), 0);
  BOOST_TEST(IsRetryable(denied.status));
  BOOST_TEST(Message(denied.status) == "rights");
  BOOST_TEST(!IsRetryable(writer.Write(fakes::MakeRecords(0, 1), 0).status));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
