// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "operator/leases/lease_book.h"
#include "pipeline/record_lease.h"

namespace traffictap {

// An operator and pairers with streams between them that take their time, and whatever may happen to
// either. One seed, one run.
class LeaseSimulation {
 public:
  LeaseSimulation(uint32_t seed, uint64_t max, size_t pairers) : random_(seed), max_(max) {
    Restart();
    for (size_t i = 0; i < pairers; ++i) Start();
  }

  // One thing that happens every day.
  void Step() {
    now_ += base::kMillisecond * 20;
    Pairer& one = Any();
    switch (Roll(6)) {
      case 0: Take(one, 1 + Roll(1 + max_ / 50)); break;
      case 1: one.Report(); break;
      case 2: one.Receive(); break;
      case 3: Hear(one); break;
      case 4: Plan(Roll(4) != 0); break;
      case 5: Offer(one); break;
    }
  }
  // One that does not.
  void Fault() {
    Pairer& one = Any();
    switch (Roll(6)) {
      case 0: End(one); break;
      case 1: Stop(one); break;
      case 2: one.Reconnect(); break;
      case 3: Restart(); break;
      case 4: now_ += 40 * base::kSecond; break;
      case 5:
        End(one);
        Restart();
        break;
    }
  }
  bool ended() { return book_->Ends(reported_); }

  uint64_t taken = 0;  // by all pairers that ever were

 private:
  struct Said {
    leases::Lease lease;
    uint64_t round = 0;
  };
  struct Pairer {
    std::string name;
    pipeline::RecordLease lease;
    uint64_t round = 0;
    // Of its stream.
    uint64_t sent = 0, named = 0;
    std::deque<std::pair<uint64_t, uint64_t>> grants;  // round, records
    std::deque<Said> reports;

    void Report() {
      const auto state = lease.state();
      reports.push_back({{state.granted, state.taken, state.asks}, round});
    }
    void Receive() {
      if (grants.empty()) return;
      round = grants.front().first;
      lease.Grant(grants.front().second);
      grants.pop_front();
      Report();
    }
    void Reconnect() {
      grants.clear();
      reports.clear();
      sent = named = round = 0;
      Report();
    }
  };

  size_t Roll(size_t below) { return std::uniform_int_distribution<size_t>(0, below - 1)(random_); }
  Pairer& Any() {
    return *std::next(pairers_.begin(), static_cast<long>(Roll(pairers_.size())))->second;
  }
  void Start() {
    auto made = std::make_unique<Pairer>();
    made->name = "p" + std::to_string(++names_);
    made->Report();
    pairers_[made->name] = std::move(made);
    Connect();
  }
  void Connect() {
    std::set<std::string> names;
    for (const auto& [name, pairer] : pairers_) names.insert(name);
    book_->SetConnected(names, now_);
  }
  void Take(Pairer& one, size_t count) {
    while (count-- > 0 && one.lease.Take()) ++taken;
  }
  void Hear(Pairer& one) {
    if (one.reports.empty()) return;
    const auto report = one.reports.front();
    one.reports.pop_front();
    one.named = report.round;
    book_->Hear(one.name, report.lease, report.round == one.sent);
    Count(one.name, report.lease.taken);
  }
  // As the status counts: what an instance said last stays.
  void Count(const std::string& name, uint64_t records) {
    reported_ += records - counted_[name];
    counted_[name] = records;
  }
  void Plan(bool writes) {
    const auto granted = book_->Plan(reported_, now_);
    if (!granted || !writes) return;
    written_ = leases::ToText(*granted);
    book_->Written(*granted);
  }
  void Offer(Pairer& one) {
    const auto due = book_->Due(one.name);
    if (!due || one.sent != one.named) return;
    one.grants.emplace_back(++one.sent, *due);
    book_->Sent(one.name, *due);
  }
  // Without a word.
  void End(Pairer& one) {
    pairers_.erase(std::string(one.name));
    Start();
  }
  void Stop(Pairer& one) {
    const auto state = one.lease.state();
    book_->End(one.name, state.taken);
    Count(one.name, state.taken);
    End(one);
  }
  void Restart() {
    book_ = std::make_unique<leases::LeaseBook>(leases::FromText(written_));
    book_->SetMax(max_);
    Connect();
    for (auto& [name, pairer] : pairers_) pairer->Reconnect();
  }

  std::mt19937 random_;
  const uint64_t max_;
  base::Nanos now_ = 0;
  std::unique_ptr<leases::LeaseBook> book_;
  std::string written_;
  std::map<std::string, std::unique_ptr<Pairer>> pairers_;
  std::map<std::string, uint64_t> counted_;
  uint64_t reported_ = 0;
  int names_ = 0;
};

}  // namespace traffictap
