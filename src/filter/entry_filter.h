// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tap/tap_spec.h"
#include "traffic/access_entry.h"
#include "traffic/tap_set.h"

namespace traffictap::filter {

// True where the node's proxy is one of `spec`'s targets. Taps of a namespace select in that
// namespace alone.
bool TargetsNode(const tap::TapSpec& spec, const traffic::Node& node);
// True where it is attached for the tap as a peer of its targets, whose other side it tells.
bool IsAttachedPeer(const tap::TapSpec& spec, const traffic::Node& node);

// Tests an entry against many taps at once, on the facts that both sides of a request see alike:
// method, path, authority, and whether it is a request or a connection. Other facts would admit one
// half and refuse the other, as HTTP's version would (HTTP/1.1 to the sidecar, HTTP/2 between the
// sidecars) and the scheme; PairFilter tests them later, and all of them on the whole record. Cost
// grows little with the number of taps: with that of different values they ask for; regexes
// cost the proxies of their own taps alone, up to a bound beyond which an entry is admitted
// untested. Immutable after Create: thread-safe.
class EntryFilter {
 public:
  // `specs[slot]` may be null (a free slot). kInvalidArgument for a regex that does not compile or
  // is too large.
  static StatusOr<std::unique_ptr<EntryFilter>> Create(std::span<const tap::TapSpecPtr> specs);
  ~EntryFilter();

  // The taps of `candidates` that admit `entry`.
  traffic::TapSet Admit(const traffic::AccessEntry& entry, const traffic::TapSet& candidates) const;

  // The taps of `admitted` whose sampling keeps the request; the same on both sides, as it goes by
  // the hash of the masked request id alone. Taps with alwaysKeep are kept here and sampled as
  // whole records (PairFilter::Samples).
  traffic::TapSet Sample(uint64_t request_id_hash, const traffic::TapSet& admitted) const;

 private:
  EntryFilter();
  struct Index;
  std::unique_ptr<Index> index_;
};

}  // namespace traffictap::filter
