// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "observe/authorizer.h"
#include "observe/live_hub.h"
#include "observe/record_filter.h"

namespace traffictap::observe {

// What a reader asked for.
struct LiveRequest {
  std::vector<std::string> taps = {};
  bool follow = false;                    // else the stream ends with the backlog
  std::optional<base::Nanos> since = {};  // wall clock; absent: the whole backlog
  std::string after = {};              // a position that an earlier stream told; wins over `since`
  std::optional<uint64_t> limit = {};  // records, then the stream ends
  std::shared_ptr<const RecordFilter> filter = {};
};

// A reader's counters: published = sent + filtered + hidden + dropped, after each Pull.
struct ReaderCounters {
  uint64_t published = 0;  // by its taps, from its starting point on
  uint64_t sent = 0;
  uint64_t filtered = 0;  // its own filter
  uint64_t hidden = 0;    // of namespaces that it may not see
  uint64_t dropped = 0;   // overwritten before it came
};

enum class EndReason { kNone, kBacklogRead, kLimit, kTapsGone };
const char* ToString(EndReason reason);

// Receives what a Pull finds, in order. Lines end with '\n' and are valid only during the call.
class LiveOutput {
 public:
  virtual ~LiveOutput() = default;
  virtual void Record(std::string_view line) = 0;
  // Not a record: a Gap, a Position or the End (observe/README.md).
  virtual void Control(std::string_view line) = 0;
  // False once it has enough for now; the rest comes with the next Pull.
  virtual bool HasRoom() const = 0;
};

// One reader of the hub: its position in each tap, its filter, its counters. For one thread.
class LiveReader {
 public:
  // `hub` outlives the reader. kNotFound: an unknown tap; kResourceExhausted: too many readers;
  // kInvalidArgument: `after` cannot be read.
  static StatusOr<std::unique_ptr<LiveReader>> Open(LiveHub* hub, LiveRequest request,
                                                    Access access);
  ~LiveReader();

  // What came since the last call. True when there is more already.
  bool Pull(LiveOutput* out);

  EndReason end() const { return end_; }
  const ReaderCounters& counters() const { return counters_; }
  const Access& access() const { return access_; }
  const std::vector<std::string>& taps() const { return request_.taps; }

  // From the next Pull on.
  void SetAccess(Access access) { access_ = std::move(access); }
  // The namespaces that this reader's right must be known for: of its taps, and of sides that it
  // saw reduced.
  std::set<std::string> Namespaces() const;

 private:
  LiveReader(LiveHub* hub, LiveRequest request, Access access);
  Status Start();
  bool PullTap(const std::string& tap, LiveOutput* out);
  bool Send(const BacklogBatch& batch, uint64_t* position, LiveOutput* out);
  void SendRecord(const traffic::RecordBatch& records, size_t index, LiveOutput* out);
  std::string Position() const;
  void Finish(EndReason reason, LiveOutput* out);

  LiveHub* const hub_;
  const LiveRequest request_;
  Access access_;
  std::map<std::string, uint64_t> positions_;  // by tap; those that have ended are taken out
  std::set<std::string> unknown_;              // namespaces of reduced sides
  ReaderCounters counters_;
  EndReason end_ = EndReason::kNone;
  bool told_position_ = false;
};

// The namespaces whose proxies logged what is in the backlogs of `taps` now: what a reader of them
// may ask its right for. O(records); at most kSeenNamespacesMax.
std::set<std::string> SeenNamespaces(const LiveHub& hub, const std::vector<std::string>& taps);
constexpr size_t kSeenNamespacesMax = 256;

// The namespace of a tap's key "namespace/name"; empty for a ClusterTrafficTap.
std::string NamespaceOf(const std::string& tap);

}  // namespace traffictap::observe
