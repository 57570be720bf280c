// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "operator/leases/granted_records.h"

namespace traffictap::leases {

// What an instance reports of its lease.
struct Lease {
  uint64_t granted = 0;
  uint64_t taken = 0;
  bool asks = false;  // for more
};

// One tap's maxRecords, divided between the instances that work for it: each connected one begins with a
// share of what is left for all, 1/2N, and gets another one when it asks. When nothing is left, who has
// some gives back half of it to who has none. What an instance was granted is its own until it reports
// that it gave it back, or how many it took in the end; of one that died, all of it counts as taken.
// Times are monotonic. Not thread-safe.
class LeaseBook {
 public:
  // How long an instance may be away before it counts as gone.
  static constexpr base::Nanos kAwayMax = 30 * base::kSecond;

  // Continues where `former` ends; nothing: nobody was granted anything yet.
  explicit LeaseBook(const std::optional<GrantedRecords>& former);

  // To be called first.
  void SetMax(uint64_t max) { max_ = max; }
  // All that take leases and are connected.
  void SetConnected(const std::set<std::string>& instances, base::Nanos now);
  // `settled`: it has got all that was sent to it, so that no more than it says is with it.
  void Hear(const std::string& instance, const Lease& lease, bool settled);
  // The instance has ended.
  void End(const std::string& instance, uint64_t taken);

  // Decides who gets more. Returns what has to be written before anybody hears of it; nothing where nobody
  // takes leases, nor ever did. `records`: that the tap has written by now; those from before there were
  // leases are not granted again.
  std::optional<GrantedRecords> Plan(uint64_t records, base::Nanos now);
  void Written(const GrantedRecords& granted);

  // What the instance is to have and was not sent yet.
  std::optional<uint64_t> Due(const std::string& instance) const;
  void Sent(const std::string& instance, uint64_t granted);

  // Everything is taken, or may have been: nobody can get any more.
  bool UsedUp() const;
  // Whether that ends the tap, or `records` together with what was never reported.
  bool Ends(uint64_t records);

 private:
  struct Account {
    uint64_t held = 0;     // the most that it may have in force
    uint64_t planned = 0;  // what it is to have
    uint64_t written = 0;  // what it may be told
    uint64_t told = 0;
    uint64_t taken = 0;
    bool heard = false;  // it has told how many it took
    bool asks = false;
    bool begun = false;  // it was granted something, once
    bool connected = false;
    std::optional<base::Nanos> away_since;

    uint64_t charge() const { return held > planned ? held : planned; }
    bool settled() const { return held == planned; }
    // May be taken and is not counted. Of one that never told, what is counted is not known: then nothing
    // is said to be missing, and the tap ends when it is used up.
    uint64_t unreported() const { return !heard || charge() < taken ? 0 : charge() - taken; }
  };
  uint64_t Counted() const;
  void Return(const std::string& instance);
  uint64_t Charged() const;
  void ForgetGone(base::Nanos now);
  bool GrantMore();
  void TakeBack();
  GrantedRecords granted() const;

  uint64_t max_ = 0;
  bool begun_ = false;  // there are leases, or were
  uint64_t gone_ = 0;
  // GrantedRecords::unreported is the greater of the two: of instances that are gone, and what is still to
  // be counted of a tap that is used up.
  uint64_t lost_ = 0;
  uint64_t late_ = 0;
  std::map<std::string, Account> accounts_;
  // Of those that count as gone, in case that they come back.
  std::map<std::string, Account> forgotten_;
};

}  // namespace traffictap::leases
