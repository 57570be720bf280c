// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "fakes/entry_builder.h"
#include "fakes/manual_clock.h"
#include "fmt/format.h"
#include "pipeline/pipeline.h"
#include "sinks/writer_loop.h"

namespace traffictap::simulation {

// Every decision of a run comes from here: one seed, one run.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  // 0 … sides - 1
  size_t Roll(size_t sides) { return engine_() % sides; }
  bool OneIn(size_t sides) { return Roll(sides) == 0; }

 private:
  std::mt19937_64 engine_;
};

// The outside of one output in one of its lives: what came through, and how well it goes.
struct Outside {
  std::vector<std::string> through;  // keys of the records that were delivered, in order
  bool faulty = true;                // false: from now on everything goes well
  bool hung = false;                 // its loop is not stepped: a call that does not return
  bool closed = false;
};

// A writer that fails, stalls, takes half of what it is asked, settles late and refuses for good,
// as the dice say.
class UnreliableWriter final : public sinks::RecordWriter {
 public:
  UnreliableWriter(std::shared_ptr<Outside> outside, Dice* dice)
      : outside_(std::move(outside)), dice_(dice) {}

  Status Open(sinks::RecordLedger* ledger) override {
    ledger_ = ledger;
    return Fails(3) ? absl::UnavailableError("away") : absl::OkStatus();
  }
  sinks::WriteResult Write(const traffic::RecordSelection& records, size_t from) override {
    sinks::WriteResult result;
    if (Fails(8)) return {0, absl::UnavailableError("away")};
    if (Fails(20)) return result;  // "ask again"
    const size_t left = records.size() - from;
    result.taken = Fails(3) ? dice_->Roll(left + 1) : left;
    for (size_t i = 0; i < result.taken; ++i) {
      taken_.push_back(records.batch->key(records.index(from + i)));
    }
    if (result.taken < left) {
      if (Fails(2)) result.status = absl::ResourceExhaustedError("full");
      if (Fails(6)) result.status = absl::FailedPreconditionError("never");
    }
    if (!Fails(3)) Settle();
    return result;
  }
  Status Flush() override { return Fails(3) ? absl::UnavailableError("away") : absl::OkStatus(); }
  void Poll() override {
    if (!Fails(2)) Settle();
  }
  void Close(base::Nanos) override {
    outside_->closed = true;
    if (!Fails(2)) Settle();
    ledger_report(sinks::DropReason::kClosed, taken_.size());
    taken_.clear();
  }

 private:
  bool Fails(size_t one_in) { return outside_->faulty && dice_->OneIn(one_in); }
  void ledger_report(sinks::DropReason reason, size_t records) {
    if (records > 0) ledger_->Dropped(reason, records, absl::OkStatus());
  }
  void Settle() {
    const size_t bad = Fails(10) && !taken_.empty() ? 1 : 0;
    const size_t good = taken_.size() - bad;
    outside_->through.insert(outside_->through.end(), taken_.begin(),
                             taken_.begin() + static_cast<std::ptrdiff_t>(good));
    taken_.clear();
    if (good > 0) ledger_->Delivered(good, good);
    ledger_report(sinks::DropReason::kTimedOut, bad);
  }

  const std::shared_ptr<Outside> outside_;
  Dice* const dice_;
  sinks::RecordLedger* ledger_ = nullptr;
  std::vector<std::string> taken_;  // not settled yet
};

// A sink whose loop the scheduler steps.
class SteppedSink final : public sinks::Sink {
 public:
  SteppedSink(std::shared_ptr<sinks::WriterLoop> loop) : loop_(std::move(loop)) {}
  ~SteppedSink() override { loop_->BeginClose(0); }
  void Offer(traffic::RecordSelection records) override { loop_->Offer(std::move(records)); }
  Status Flush(base::Nanos) override { return loop_->Flush(0); }
  void BeginClose(base::Nanos wait) override { loop_->BeginClose(wait); }
  bool Closed() override { return loop_->Closed(); }
  void Close(base::Nanos wait) override { loop_->BeginClose(wait); }
  sinks::SinkCounters counters() const override { return loop_->counters(); }

 private:
  const std::shared_ptr<sinks::WriterLoop> loop_;
};

// One output in one of its lives.
struct Life {
  std::string tap;
  std::string output;
  std::shared_ptr<Outside> outside;
  std::shared_ptr<sinks::WriterLoop> loop;
  base::Nanos next = 0;  // when its thread would wake by itself
};

}  // namespace traffictap::simulation
