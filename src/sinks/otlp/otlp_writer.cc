// SPDX-License-Identifier: Apache-2.0

// Two batches at most: the one that is being built, and the one that is under way as a request for
// each signal, sent and tried again on its own. A batch is settled as a whole once all its requests
// have ended, so that a record counts once although two requests carry it. The time to give up
// counts from a batch's first record. All waiting is in Advance; every other step returns
// immediately, since the output's one thread also takes new records.
#include "sinks/otlp/otlp_writer.h"

#include <algorithm>
#include <utility>

#include "base/deadline.h"
#include "fmt/format.h"

namespace traffictap::sinks {
namespace {

// Write and Open return within about a second.
constexpr base::Nanos kPatience = 100 * base::kMillisecond;
constexpr base::Nanos kProbePatience = base::kSecond;
constexpr base::Nanos kFlushPatience = 500 * base::kMillisecond;
constexpr base::Nanos kReopenInterval = base::kSecond;
constexpr base::Nanos kBackoffMin = 500 * base::kMillisecond;
constexpr base::Nanos kBackoffMax = 10 * base::kSecond;

constexpr Signal kSignals[] = {Signal::kLogs, Signal::kTraces};

bool IsWanted(const tap::OtlpOutput& spec, Signal signal) {
  return signal == Signal::kLogs ? spec.logs : spec.traces;
}

bool NeedsOtherCredentials(const Status& status) {
  return status.code() == absl::StatusCode::kUnauthenticated ||
         status.code() == absl::StatusCode::kPermissionDenied;
}

}  // namespace

OtlpWriter::OtlpWriter(tap::OtlpOutput spec, std::unique_ptr<OtlpTransport> transport,
                       const base::Clock* clock)
    : spec_(std::move(spec)),
      transport_(std::move(transport)),
      clock_(clock),
      building_(spec_),
      random_(std::random_device{}()) {}

OtlpWriter::~OtlpWriter() = default;

Status OtlpWriter::Open(RecordLedger* ledger) {
  ledger_ = ledger;
  if (!probing_) {
    TT_RETURN_IF_ERROR(transport_->Open());
    for (const Signal signal : kSignals) {
      probed_[static_cast<size_t>(signal)] = !IsWanted(spec_, signal);
      if (IsWanted(spec_, signal)) transport_->Send(signal, "");
    }
    probing_ = true;
  }
  return Probe();
}

// A slow receiver is asked once: the next Open goes on waiting for the same answer.
Status OtlpWriter::Probe() {
  const base::Deadline deadline(kProbePatience);
  while (!std::all_of(probed_.begin(), probed_.end(), [](bool done) { return done; })) {
    const auto answer = transport_->Receive(deadline.left());
    if (!answer) {
      return absl::UnavailableError(fmt::format("otlp: open {}: no answer yet", spec_.endpoint));
    }
    if (!answer->status.ok()) {
      transport_->Cancel();
      probing_ = false;
      return {answer->status.code(),
              fmt::format("{} ({})", Message(answer->status), spec_.endpoint)};
    }
    probed_[static_cast<size_t>(answer->signal)] = true;
  }
  probing_ = false;
  open_ = true;
  return absl::OkStatus();
}

bool OtlpWriter::IsFull() const {
  return building_.records() >= spec_.batch_records_max ||
         building_.bytes() >= spec_.batch_bytes_max;
}

bool OtlpWriter::IsOld() const {
  return building_.records() > 0 && clock_->Monotonic() - building_since_ >= spec_.batch_age_max;
}

WriteResult OtlpWriter::Write(const traffic::RecordSelection& records, size_t from) {
  WriteResult out;
  if (!open_) {
    if (out.status = Open(ledger_); !out.status.ok()) return out;
  }
  Advance(0);
  bool waited = false;
  while (from + out.taken < records.size()) {
    if (IsFull() && sending_) {
      if (std::exchange(waited, true)) break;
      Advance(kPatience);
      continue;
    }
    if (IsFull()) Seal();
    if (building_.records() == 0) building_since_ = clock_->Monotonic();
    building_.Add(records.batch, records.index(from + out.taken), clock_->Wall());
    ++out.taken;
  }
  if (IsFull() || IsOld()) Seal();
  return out;
}

// The batch goes out, unless the one before it is still under way.
void OtlpWriter::Seal() {
  if (sending_ || building_.records() == 0) return;
  const base::Nanos now = clock_->Monotonic();
  sending_.emplace();
  sending_->records = building_.records();
  sending_->give_up = building_since_ + spec_.delivery_timeout;
  for (const Signal signal : kSignals) {
    Request& request = sending_->requests[static_cast<size_t>(signal)];
    request.wanted = IsWanted(spec_, signal);
    request.due = now;
    if (request.wanted) request.body = building_.Serialize(signal);
  }
  building_ = ExportBatch(spec_);
  SendDue();
}

void OtlpWriter::SendDue() {
  if (!open_) return;
  const base::Nanos now = clock_->Monotonic();
  for (const Signal signal : kSignals) {
    Request& request = sending_->requests[static_cast<size_t>(signal)];
    if (!request.wanted || request.done || request.in_flight || request.due > now) continue;
    request.in_flight = true;
    transport_->Send(signal, request.body);
  }
}

void OtlpWriter::Advance(base::Nanos wait) {
  const base::Deadline deadline(wait);
  while (sending_) {
    DropLate();
    if (!sending_) return;
    SendDue();
    // Not longer than until the next one is due: an answer may have set it meanwhile.
    const auto answer = transport_->Receive(std::min(deadline.left(), kPatience));
    if (answer) {
      Take(*answer);
    } else if (deadline.left() == 0) {
      return;
    }
  }
}

void OtlpWriter::Take(const Answer& answer) {
  Request& request = sending_->requests[static_cast<size_t>(answer.signal)];
  request.in_flight = false;
  request.answer = answer;
  if (answer.retryable && !answer.status.ok()) return Retry(answer, &request);
  request.done = true;
  SettleIfDone();
}

// Somewhat at random, so that the outputs of many collectors do not come back all at once.
void OtlpWriter::Retry(const Answer& answer, Request* request) {
  ledger_->Troubled(answer.status);
  request->backoff = std::clamp(request->backoff * 2, kBackoffMin, kBackoffMax);
  std::uniform_real_distribution<double> part(0.8, 1.2);
  const auto wait =
      answer.retry_after > 0
          ? answer.retry_after
          : static_cast<base::Nanos>(static_cast<double>(request->backoff) * part(random_));
  request->due = clock_->Monotonic() + wait;
}

void OtlpWriter::SettleIfDone() {
  uint64_t rejected = 0;
  uint64_t bytes = 0;
  Status failure;
  std::string why;
  for (const Request& request : sending_->requests) {
    if (!request.wanted) continue;
    if (!request.done) return;
    if (!request.answer.status.ok()) failure = request.answer.status;
    rejected += request.answer.rejected;
    if (!request.answer.rejected_why.empty()) why = request.answer.rejected_why;
    bytes += request.body.size();
  }
  const uint64_t records = sending_->records;
  if (!failure.ok()) {
    // Who is not let in will not be next time either: it begins anew, with the files as they are.
    if (NeedsOtherCredentials(failure)) open_ = false;
    return DropAll(failure.code() == absl::StatusCode::kOutOfRange ? DropReason::kTooLarge
                                                                   : DropReason::kWriteFailed,
                   failure);
  }
  rejected = std::min(rejected, records);
  sending_.reset();
  ledger_->Delivered(records - rejected, rejected == records ? 0 : bytes);
  ledger_->Dropped(
      DropReason::kWriteFailed, rejected,
      absl::InvalidArgumentError(fmt::format("otlp: the receiver rejected a part of a request{}{}",
                                             why.empty() ? "" : ": ", why)));
}

void OtlpWriter::DropAll(DropReason reason, const Status& why) {
  const uint64_t records = sending_->records;
  transport_->Cancel();
  sending_.reset();
  ledger_->Dropped(reason, records, why);
}

void OtlpWriter::DropLate() {
  if (clock_->Monotonic() < sending_->give_up) return;
  std::string last;
  for (const Request& request : sending_->requests) {
    if (!request.answer.status.ok()) last = ": " + Message(request.answer.status);
  }
  DropAll(DropReason::kTimedOut,
          absl::DeadlineExceededError("otlp: not delivered within deliveryTimeout" + last));
}

void OtlpWriter::Reopen() {
  const base::Nanos now = clock_->Monotonic();
  if (open_ || ledger_ == nullptr || !IsBusy() || now < reopen_at_) return;
  reopen_at_ = now + kReopenInterval;
  const Status status = Open(ledger_);
  if (!status.ok()) ledger_->Troubled(status);
}

void OtlpWriter::Poll() {
  Reopen();
  // What is filled waits for a way out no longer than what is sent.
  if (!open_ && building_.records() > 0 &&
      clock_->Monotonic() - building_since_ >= spec_.delivery_timeout) {
    Seal();
  }
  Advance(0);
  if (IsOld() && open_) Seal();
}

Status OtlpWriter::Flush() {
  Reopen();
  const base::Deadline deadline(kFlushPatience);
  do {
    Seal();
    Advance(deadline.left());
  } while (IsBusy() && deadline.left() > 0);
  return absl::OkStatus();
}

void OtlpWriter::Close(base::Nanos wait) {
  const base::Deadline deadline(wait);
  while (open_ && IsBusy() && deadline.left() > 0) {
    Seal();
    Advance(deadline.left());
  }
  transport_->Cancel();
  if (!IsBusy()) return;
  const uint64_t left = building_.records() + (sending_ ? sending_->records : 0);
  sending_.reset();
  building_ = ExportBatch(spec_);
  ledger_->Dropped(DropReason::kClosed, left, absl::OkStatus());
}

}  // namespace traffictap::sinks
