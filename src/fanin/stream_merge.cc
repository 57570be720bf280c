// SPDX-License-Identifier: Apache-2.0

// A batch is what makes positions exact: a pairer tells one after each look at its backlog, and all
// that came before it is passed on before the merged one, which is made of the newest of each. What
// came after it is neither passed on nor kept where the connection breaks: it comes again.
// held_ is the sum of the bytes of all batches, whole or not, wherever they are.
#include "fanin/stream_merge.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "fanin/json_text.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace traffictap::fanin {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kControl = "{\"type\":";

bool SamePairers(const std::vector<Missing>& a, const std::vector<Missing>& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const Missing& one, const Missing& other) { return one.pairer == other.pairer; });
}

}  // namespace

StreamMerge::StreamMerge(StreamMergeOptions options, const base::Clock* clock)
    : options_(std::move(options)), clock_(clock), seen_(options_.seen_max) {}

int StreamMerge::Add(const std::string& address) {
  absl::MutexLock lock(&mutex_);
  Leg& leg = legs_[++next_];
  leg.address = address;
  leg.connection = ++connections_;
  leg.since = clock_->Monotonic();
  const auto told = options_.from.of.find(address);
  if (told != options_.from.of.end()) leg.put = leg.taken = told->second;
  return next_;
}

void StreamMerge::SetName(int pairer, const std::string& name) {
  absl::MutexLock lock(&mutex_);
  Leg* leg = Find(pairer);
  if (leg == nullptr) return;
  leg->name = name;
  if (name.empty() || leg->state != State::kAsked) return;
  const bool told = std::any_of(told_.begin(), told_.end(),
                                [&](const Missing& one) { return one.pairer == name; });
  const bool elsewhere = std::any_of(legs_.begin(), legs_.end(), [&](const auto& other) {
    return other.first != pairer && other.second.name == name;
  });
  leg->missed = leg->missed || told || elsewhere;
}

void StreamMerge::SetAbsent(std::vector<Missing> absent) {
  absl::MutexLock lock(&mutex_);
  absent_ = std::move(absent);
}

StreamMerge::Leg* StreamMerge::Find(int pairer) {
  const auto found = legs_.find(pairer);
  return found == legs_.end() ? nullptr : &found->second;
}

void StreamMerge::Remove(int pairer) {
  absl::MutexLock lock(&mutex_);
  Leg* leg = Find(pairer);
  if (leg == nullptr) return;
  DropBuilding(leg);
  std::move(leg->whole.begin(), leg->whole.end(), std::back_inserter(left_));
  legs_.erase(pairer);
}

std::string StreamMerge::PositionOf(int pairer) const {
  absl::MutexLock lock(&mutex_);
  const auto found = legs_.find(pairer);
  return found == legs_.end() ? std::string() : found->second.put;
}

void StreamMerge::Opened(int pairer) {
  absl::MutexLock lock(&mutex_);
  Leg* leg = Find(pairer);
  if (leg == nullptr) return;
  leg->connection = ++connections_;
  leg->state = State::kOpen;
  leg->since = clock_->Monotonic();
  leg->no_taps = leg->said_end = leg->missed = false;
}

void StreamMerge::Heard(int pairer) {
  absl::MutexLock lock(&mutex_);
  Leg* leg = Find(pairer);
  if (leg != nullptr && leg->state == State::kOpen) leg->since = clock_->Monotonic();
}

Status StreamMerge::Line(int pairer, const std::string& line) {
  const bool control = line.starts_with(kControl);
  Item item;
  if (!control) {
    item.line = line + '\n';
    item.marked = traffic::MarkRecord(line, &item.mark);
  }
  absl::MutexLock lock(&mutex_);
  Leg* leg = Find(pairer);
  if (leg == nullptr || !end_.empty()) return absl::CancelledError("not read any more");
  TT_RETURN_IF_ERROR(Hold(leg, sizeof(Item) + line.size()));
  if (control) return Control(leg, line);
  item.connection = leg->connection;
  leg->building.items.push_back(std::move(item));
  return absl::OkStatus();
}

// One batch is always taken where nothing else waits, or nothing would ever come.
Status StreamMerge::Hold(Leg* leg, size_t bytes) {
  if (held_ + bytes > options_.held_bytes_max && held_ > leg->building.bytes) {
    return absl::ResourceExhaustedError("the reader is slower than what comes");
  }
  held_ += bytes;
  leg->building.bytes += bytes;
  return absl::OkStatus();
}

// What it does not know, a pairer may say too: it is newer.
Status StreamMerge::Control(Leg* leg, const std::string& line) {
  const Json control = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!control.is_object()) return absl::OkStatus();
  const std::string type = TextOf(control, "type");
  if (type == "Gap") {
    leg->building.gaps.push_back(line + '\n');
  } else if (type == "Position") {
    leg->building.position = TextOf(control, "position");
    FinishBatch(leg);
  } else if (type == "End") {
    const std::string reason = TextOf(control, "reason");
    leg->said_end = true;
    revoked_ = revoked_ || reason == "RightRevoked";
    leg->no_taps = reason == "TapsGone";
    const bool done =
        reason == "BacklogRead" || reason == "Limit" || (reason == "TapsGone" && !options_.follow);
    if (done) leg->state = State::kDone;
    FinishBatch(leg);
  }
  return absl::OkStatus();
}

void StreamMerge::FinishBatch(Leg* leg) {
  Batch batch = std::exchange(leg->building, Batch());
  batch.came = clock_->Monotonic();
  if (!batch.position.empty()) leg->put = batch.position;
  leg->whole.push_back(std::move(batch));
}

void StreamMerge::DropBuilding(Leg* leg) {
  held_ -= leg->building.bytes;
  leg->building = {};
}

bool StreamMerge::Closed(int pairer, const std::string& reason, bool no_taps) {
  absl::MutexLock lock(&mutex_);
  Leg* leg = Find(pairer);
  if (leg == nullptr) return false;
  DropBuilding(leg);
  if (leg->state == State::kDone || revoked_ || !end_.empty()) return false;
  leg->no_taps = leg->no_taps || no_taps;
  leg->reason = leg->said_end && leg->no_taps ? "it has none of the taps" : reason;
  const bool was_here = leg->state == State::kOpen || leg->state == State::kLetGo;
  if (was_here) leg->since = clock_->Monotonic();
  leg->state = State::kAway;
  return true;
}

void StreamMerge::LetGo(int pairer) {
  absl::MutexLock lock(&mutex_);
  Leg* leg = Find(pairer);
  if (leg == nullptr) return;
  DropBuilding(leg);
  leg->state = State::kLetGo;
}

bool StreamMerge::HasRoom() const {
  absl::MutexLock lock(&mutex_);
  return held_ <= options_.held_bytes_max / 2;
}

std::string StreamMerge::end() const {
  absl::MutexLock lock(&mutex_);
  return end_;
}

uint64_t StreamMerge::sent() const {
  absl::MutexLock lock(&mutex_);
  return sent_;
}

bool StreamMerge::Pull(observe::LiveOutput* out) {
  absl::MutexLock lock(&mutex_);
  if (!end_.empty()) return false;
  const base::Nanos now = clock_->Monotonic();
  TellMissing(MissingAt(now, false), out);
  if (IsDue(now) && !Send(TakeBatches(), out)) return false;
  const std::string reason = EndAt(now);
  if (reason.empty()) return false;
  TellMissing(MissingAt(now, true), out);
  Finish(reason, out);
  return false;
}

// At once where all that are read have said something; otherwise the others have the window for it.
bool StreamMerge::IsDue(base::Nanos now) const {
  bool all = true;
  bool any = !left_.empty();
  base::Nanos oldest = now;
  for (const auto& batch : left_) oldest = std::min(oldest, batch.came);
  for (const auto& [pairer, leg] : legs_) {
    for (const auto& batch : leg.whole) oldest = std::min(oldest, batch.came);
    any = any || !leg.whole.empty();
    const bool may_come = leg.state == State::kOpen || leg.state == State::kAsked;
    all = all && (!leg.whole.empty() || !may_come);
  }
  return any && (all || now - oldest >= options_.window || held_ >= options_.held_bytes_max / 2);
}

std::vector<StreamMerge::Batch> StreamMerge::TakeBatches() {
  std::vector<Batch> out = std::exchange(left_, {});
  for (auto& [pairer, leg] : legs_) {
    for (auto& batch : leg.whole) {
      if (!batch.position.empty()) leg.taken = batch.position;
      out.push_back(std::move(batch));
    }
    leg.whole.clear();
  }
  for (const auto& batch : out) held_ -= batch.bytes;
  return out;
}

// False when the limit ends the stream.
bool StreamMerge::Send(std::vector<Batch> batches, observe::LiveOutput* out) {
  std::vector<const Item*> items;
  for (const auto& batch : batches) {
    for (const auto& gap : batch.gaps) out->Control(gap);
    for (const auto& item : batch.items) items.push_back(&item);
  }
  std::stable_sort(items.begin(), items.end(),
                   [](const Item* a, const Item* b) { return a->mark.start < b->mark.start; });
  for (const Item* item : items) {
    if (item->marked && !seen_.Take(item->connection, item->mark)) continue;
    out->Record(item->line);
    if (++sent_ >= options_.limit.value_or(UINT64_MAX)) {
      Finish("Limit", out);
      return false;
    }
  }
  Position position{options_.from.since, {}};
  for (const auto& [pairer, leg] : legs_) {
    if (!leg.taken.empty()) position.of[leg.address] = leg.taken;
  }
  const Json line = {{"position", WritePosition(position)}};
  out->Control(fmt::format("{}\"Position\",{}\n", kControl,
                           line.dump(-1, ' ', false, Json::error_handler_t::replace).substr(1)));
  return true;
}

std::vector<Missing> StreamMerge::MissingAt(base::Nanos now, bool at_end) const {
  std::vector<Missing> out = absent_;
  for (const auto& [pairer, leg] : legs_) {
    const bool not_here = leg.state == State::kAsked || leg.state == State::kAway;
    if (!GivenUp(leg, now) && !((at_end || leg.missed) && not_here)) continue;
    out.push_back({leg.name.empty() ? leg.address : leg.name, leg.state == State::kAway ? leg.reason
                                                              : leg.state == State::kAsked
                                                                  ? "it has not answered yet"
                                                                  : "it says nothing any more"});
  }
  std::sort(out.begin(), out.end(),
            [](const Missing& a, const Missing& b) { return a.pairer < b.pairer; });
  return out;
}

// Reasons change with each try; whose records are missing is what is told.
void StreamMerge::TellMissing(std::vector<Missing> missing, observe::LiveOutput* out) {
  if (SamePairers(missing, told_)) return;
  told_ = std::move(missing);
  out->Control(fmt::format("{}\"Partial\",\"missing\":{}}}\n", kControl, MissingJson(told_)));
}

bool StreamMerge::GivenUp(const Leg& leg, base::Nanos now) const {
  const base::Nanos since = now - leg.since;
  switch (leg.state) {
    case State::kAsked: return since >= options_.slow_after;
    case State::kOpen: return since >= options_.silent_after;
    case State::kAway: return since >= options_.away_grace;
    case State::kLetGo:
    case State::kDone: return false;
  }
  return false;
}

// Of a stream that follows, one pairer that knows the taps is enough; of others, all that can be
// asked have to be read.
std::string StreamMerge::EndAt(base::Nanos now) const {
  bool waits = !left_.empty();
  for (const auto& [pairer, leg] : legs_) waits = waits || !leg.whole.empty();
  if (waits) return {};
  if (revoked_) return "RightRevoked";
  bool limited = false;
  for (const auto& [pairer, leg] : legs_) {
    const bool done = leg.state == State::kDone;
    limited = limited || (done && options_.follow);
    const bool ends =
        options_.follow ? leg.state == State::kAway && leg.no_taps : GivenUp(leg, now);
    if (!done && !ends) return {};
  }
  if (!options_.follow) return "BacklogRead";
  if (legs_.empty()) return {};
  return limited ? "Limit" : "TapsGone";
}

void StreamMerge::Finish(const std::string& reason, observe::LiveOutput* out) {
  end_ = reason;
  out->Control(fmt::format("{}\"End\",\"reason\":\"{}\"}}\n", kControl, reason));
}

}  // namespace traffictap::fanin
