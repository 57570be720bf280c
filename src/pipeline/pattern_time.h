// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "tap/pattern.h"

namespace traffictap::pipeline {

// How much of a second the patterns of all taps (redaction rules, regexes of a match) may take of
// a pairing thread, which all taps share. Up to `per_second` in sum anybody may use; from then on
// each namespace has its equal share of it, and each tap its share of its namespace's. So patterns
// take at most twice `per_second`, and who stays within its share is never refused. One call of RE2
// is never cut short: its bound is the pattern's cost. Thread-safe; outlives its accounts.
class PatternTime {
 public:
  static constexpr base::Nanos kPerSecond = 400 * base::kMillisecond;

  explicit PatternTime(const base::Clock* clock, base::Nanos per_second = kPerSecond)
      : clock_(clock), per_second_(per_second) {}

  // What one tap takes. One thread at a time; leaves with its destruction.
  class Account final : public tap::PatternBudget {
   public:
    Account(PatternTime* owner, std::string ns);
    ~Account() override;
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

    // Time counts from here on. It is read now and then, not at each test.
    bool MayTest(size_t steps) override;
    // Ends the record in hand: time counts no longer. True where a test was refused since the last
    // call.
    bool EndRecord();

   private:
    friend class PatternTime;
    void Read();

    PatternTime* const owner_;
    const std::string ns_;
    bool running_ = false;
    bool may_ = true;
    bool refused_ = false;
    size_t unread_steps_ = 0;  // asked for since the clock was read
    base::Nanos read_at_ = 0;  // monotonic
    int64_t second_ = -1;      // that used_ counts; under the owner's lock
    base::Nanos used_ = 0;     // under the owner's lock
  };

 private:
  struct Namespace {
    size_t taps = 0;
    base::Nanos used = 0;
  };
  // Counts `spent` of the second that `now` is in. Whether the tap may go on.
  bool Charge(Account* account, base::Nanos now, base::Nanos spent);

  const base::Clock* const clock_;
  const base::Nanos per_second_;
  absl::Mutex mutex_;
  std::map<std::string, Namespace> namespaces_ ABSL_GUARDED_BY(mutex_);
  int64_t second_ ABSL_GUARDED_BY(mutex_) = -1;
  base::Nanos used_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace traffictap::pipeline
