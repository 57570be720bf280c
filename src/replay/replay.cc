// SPDX-License-Identifier: Apache-2.0
#include "replay/replay.h"

namespace traffictap::replay {
namespace {

using observe::Wanted;

class Replay {
 public:
  Replay(const ReplayOptions& options, const OnRecord& on_record, ReplayCounters* counters)
      : options_(options), on_record_(on_record), counters_(counters) {}

  Status Run() {
    std::vector<std::string> files;
    for (const auto& path : options_.paths) {
      const auto found = FilesOf(path);
      if (!found.ok()) return found.status();
      files.insert(files.end(), found->begin(), found->end());
    }
    auto merge = RecordMerge::Open(files, JudgeOf());
    if (!merge.ok()) return merge.status();
    const Status done = options_.pair_again ? Rejoin(**merge) : PassOn(**merge);
    counters_->read = (*merge)->counters();
    counters_->filtered += counters_->read.skimmed;
    return done;
  }

 private:
  // What is joined again may be wanted for what its other half says.
  Judge JudgeOf() const {
    const bool by_filter = options_.filter != nullptr && !options_.filter->empty();
    if (options_.pair_again) return {};
    if (!by_filter && options_.may_want == nullptr && !options_.lines_alone) return {};
    return [this, by_filter](const traffic::RecordSkim& skim) {
      if (options_.stop.stop_requested()) return Wanted::kMaybe;
      if (options_.may_want != nullptr && !options_.may_want(skim)) return Wanted::kNo;
      const Wanted wanted = by_filter ? options_.filter->Judge(skim) : Wanted::kYes;
      return wanted == Wanted::kYes && !options_.lines_alone ? Wanted::kMaybe : wanted;
    };
  }

  Status PassOn(RecordMerge& merge) {
    EntryMaker maker;
    Record record;
    while (failed_.ok() && merge.Next(&record)) {
      if (record.judged) {
        Pass(record, {});
      } else {
        Offer(record, maker.Make(record.pair).pair);
      }
    }
    return failed_;
  }

  Status Rejoin(RecordMerge& merge) {
    Rejoiner rejoiner(options_.window, [this](const Record& record, const auto& pair) {
      if (failed_.ok()) Offer(record, pair);
    });
    Record record;
    while (failed_.ok() && merge.Next(&record)) rejoiner.Add(std::move(record));
    rejoiner.Finish();
    counters_->rejoin = rejoiner.counters();
    return failed_;
  }

  void Offer(const Record& record, const traffic::TrafficPair& pair) {
    if (!options_.stop.stop_requested() && !Wants(pair)) {
      ++counters_->filtered;
      return;
    }
    Pass(record, pair);
  }

  void Pass(const Record& record, const traffic::TrafficPair& pair) {
    if (options_.stop.stop_requested()) {
      failed_ = absl::CancelledError("interrupted");
      return;
    }
    ++counters_->kept;
    failed_ = on_record_(record, pair);
  }

  bool Wants(const traffic::TrafficPair& pair) const {
    if (options_.filter == nullptr || options_.filter->empty()) return true;
    const bool visible = pair.client != nullptr || !pair.servers.empty();
    return visible && options_.filter->Matches(pair);
  }

  const ReplayOptions& options_;
  const OnRecord& on_record_;
  ReplayCounters* const counters_;
  Status failed_;
};

}  // namespace

Status ReplayFiles(const ReplayOptions& options, const OnRecord& on_record,
                   ReplayCounters* counters) {
  return Replay(options, on_record, counters).Run();
}

}  // namespace traffictap::replay
