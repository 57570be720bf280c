// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "pairing/pairer.h"
#include "shuffle/group_member.h"
#include "shuffle/removed_taps.h"
#include "shuffle/simulated_cluster.h"
#include "shuffle/simulated_receiver.h"

namespace traffictap::simulation {

// A record: what it is made of, and when its pairer made it.
struct Written {
  std::string line;            // the client's tag and the servers', in order
  std::set<std::string> tags;  // of its halves
  traffic::OrphanReason reason = traffic::OrphanReason::kNone;
  base::Nanos made = 0;
  size_t pairer = 0;
};

inline std::string LineOf(const std::string& client, const std::set<std::string>& servers) {
  std::string out = client + ":";
  for (const auto& server : servers) out += server + ",";
  return out;
}

inline Written WrittenOf(const traffic::TrafficPair& pair) {
  Written out;
  const auto tag = [&](const traffic::PackedEntry& entry) {
    std::string name(entry.text(traffic::Text::kReferer));
    out.tags.insert(name);
    return name;
  };
  std::set<std::string> servers;
  for (const auto* server : pair.servers) servers.insert(tag(*server));
  out.line = LineOf(pair.client == nullptr ? "" : tag(*pair.client), servers);
  out.reason = pair.orphan_reason;
  return out;
}

// What a block does to a pairer in which it meets a fault.
struct Crash : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A tap of this name crashes who looks for it.
constexpr std::string_view kPoison = "shop/poison";

inline traffic::TapSet SimulatedTaps(std::span<const uint64_t> hashes) {
  traffic::TapSet out;
  for (const uint64_t hash : hashes) {
    if (hash == shuffle::TapHash(kPoison)) throw Crash("poison");
    if (hash == shuffle::TapHash("shop/tap")) out.Add(0);
  }
  return out;
}

// One life of a pairer with its output, which is a little behind. With `once` each record goes besides into a topic that
// the log's transactions have.
class SimulatedPairer final : public pairing::PairConsumer {
 public:
  static constexpr base::Nanos kOutputMax = 200 * base::kMillisecond;  // until a record is through

  // All outlive it.
  SimulatedPairer(size_t number, SimulatedCluster* cluster, const base::Clock* clock,
                  Chance* chance, std::vector<Written>* once)
      : number_(number),
        clock_(clock),
        chance_(chance),
        log_(cluster),
        once_(once),
        removed_(clock) {
    log_.committed = [this] {
      for (Written& written : open_) once_->push_back(std::move(written));
      open_.clear();
    };
    log_.aborted = [this] { open_.clear(); };
    shuffle::GroupMemberOptions options;
    options.release_wait = 0;  // it would be slept through
    options.taps = [this](std::span<const uint64_t> hashes) {
      return has_tap() ? SimulatedTaps(hashes) : traffic::TapSet();
    };
    options.outputs = [this] { return shuffle::OutputsProgress{{"file", progress_}}; };
    member_.emplace(std::move(options), &log_, this, clock);
  }

  // The only tap. It hears of that with its next turn, as what stands still hears of nothing.
  void RemoveTap() { removes_ = true; }
  bool has_tap() const { return !taps_.empty(); }
  bool runs() const { return alive && frozen_until <= clock_->Wall(); }
  // False: it has crashed.
  bool Turn() {
    try {
      TakeTaps();
      member_->Turn(0);
      member_->EndTurn();
    } catch (const Crash&) {
      alive = false;
    }
    const auto state = member_->state();
    waiting_most = std::max(waiting_most, state.waiting_bytes);
    delay_most = std::max(delay_most, state.delay);
    return alive;
  }
  // In order: what it has made is through before.
  void Leave(std::vector<Written>* to) {
    Deliver(INT64_MAX, to);
    member_->Leave();
    alive = false;
  }
  // Hands over what is through by now.
  void Deliver(std::vector<Written>* to) {
    if (!output_hangs) Deliver(clock_->Wall(), to);
  }
  void Consume(const traffic::TrafficPair& pair, std::span<const traffic::NodePtr>) override {
    Written written = WrittenOf(pair);
    written.made = clock_->Wall();
    written.pairer = number_;
    if (once_ != nullptr) {
      log_.BeginTransaction();
      open_.push_back(written);
    }
    const base::Nanos before = output_.empty() ? 0 : output_.back().first;
    output_.emplace_back(std::max(before, written.made + chance_->Roll(kOutputMax)),
                         std::move(written));
    ++progress_.offered;
  }
  shuffle::MemberState state() const { return member_->state(); }

  bool alive = true;
  bool output_hangs = false;
  base::Nanos frozen_until = 0;
  size_t waiting_most = 0;  // bytes
  base::Nanos delay_most = 0;

 private:
  // As collector::PairerTaps, and the pipeline.
  void TakeTaps() {
    if (std::exchange(removes_, false)) removed_.Add(taps_, {});
    const auto state = member_->state();
    if (!removed_.Expire(state.partitions == 0 ? INT64_MIN : state.read_until)) return;
    traffic::TapSet gone;
    gone.Add(0);
    member_->RemoveTaps(gone);
    taps_ = removed_.With({});
  }
  void Deliver(base::Nanos until, std::vector<Written>* to) {
    for (; !output_.empty() && output_.front().first <= until; output_.pop_front()) {
      to->push_back(std::move(output_.front().second));
      ++progress_.settled;
    }
  }

  const size_t number_;
  const base::Clock* const clock_;
  Chance* const chance_;
  SimulatedMemberLog log_;
  std::vector<Written>* const once_;  // or null
  std::vector<Written> open_;         // in the transaction
  std::vector<tap::TapSpecPtr> taps_{std::make_shared<const tap::TapSpec>()};
  shuffle::RemovedTaps removed_;
  bool removes_ = false;
  std::deque<std::pair<base::Nanos, Written>> output_;  // with when it is through
  shuffle::OutputProgress progress_;
  std::optional<shuffle::GroupMember> member_;
};

}  // namespace traffictap::simulation
