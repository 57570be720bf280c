// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "sinks/otlp/export_batch.h"
#include "sinks/otlp/otlp_transport.h"
#include "sinks/record_writer.h"
#include "tap/output_spec.h"

namespace traffictap::sinks {

// Exports records by OTLP, in their order: while one batch is under way the next one is filled, and
// Write takes no more than that. A record is delivered when the receiver took all its signals, and
// dropped when it refused one of them for good. Of a request that was taken in part (partial
// success) at most as many records count as dropped as it rejected log records or spans, since the
// receiver does not say which.
class OtlpWriter final : public RecordWriter {
 public:
  // `clock` outlives the writer.
  OtlpWriter(tap::OtlpOutput spec, std::unique_ptr<OtlpTransport> transport,
             const base::Clock* clock);
  ~OtlpWriter() override;

  // Exports an empty request of each signal, so that a wrong endpoint or credential is told before
  // it costs a record. kUnavailable: no answer; kUnauthenticated; kPermissionDenied;
  // kFailedPrecondition: the receiver does not take this signal, or a header's file is missing.
  Status Open(RecordLedger* ledger) override;
  WriteResult Write(const traffic::RecordSelection& records, size_t from) override;
  Status Flush() override;
  void Poll() override;
  void Close(base::Nanos wait) override;

 private:
  // The request of one signal on its way.
  struct Request {
    bool wanted = false;
    bool in_flight = false;
    bool done = false;
    std::string body;
    base::Nanos due = 0;  // monotonic: when it is sent (again)
    base::Nanos backoff = 0;
    Answer answer;  // the last one
  };
  // A batch whose requests are under way.
  struct Sending {
    std::array<Request, kSignalCount> requests;
    uint64_t records = 0;
    base::Nanos give_up = 0;  // monotonic
  };

  Status Probe();
  void Reopen();
  bool IsFull() const;
  bool IsOld() const;
  bool IsBusy() const { return sending_ || building_.records() > 0; }
  void Seal();
  // Sends what is due and takes the answers that come within `wait`.
  void Advance(base::Nanos wait);
  void SendDue();
  void Take(const Answer& answer);
  void Retry(const Answer& answer, Request* request);
  void SettleIfDone();
  void DropAll(DropReason reason, const Status& why);
  void DropLate();

  const tap::OtlpOutput spec_;
  const std::unique_ptr<OtlpTransport> transport_;
  const base::Clock* const clock_;
  RecordLedger* ledger_ = nullptr;
  bool open_ = false;
  bool probing_ = false;
  std::array<bool, kSignalCount> probed_{};  // answered well
  base::Nanos reopen_at_ = 0;
  ExportBatch building_;
  base::Nanos building_since_ = 0;
  std::optional<Sending> sending_;
  std::minstd_rand random_;
};

}  // namespace traffictap::sinks
