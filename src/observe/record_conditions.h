// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tap/tap_spec.h"
#include "traffic/traffic_pair.h"

namespace traffictap::observe {

// One "name=value" of a query, decoded.
struct Parameter {
  std::string name = "";
  std::string value;
};

// One end of a record as a reader names it. A part that is empty says nothing; a '*' at the end of
// `ns`, `name` or `pod` stands for any rest.
struct EndPattern {
  std::string ns = "";
  std::string name = "";  // the workload, or the address of an end that has no better name
  std::string pod = "";   // "pod/cart-7d4f"
  // The Service that was called: "cart", "cart.shop", its whole host name.
  std::string service = "";
  friend bool operator==(const EndPattern&, const EndPattern&) = default;
};

// Conditions of one reader: the fields of a MatchSpec, and some that only readers have. All that
// are set must hold; of a list, one element is enough, unless it says otherwise.
struct RecordConditions {
  tap::MatchSpec match;
  // Of `match.paths` where one of them has a query, which a MatchSpec cannot compare: the paths as
  // they were given. `match.paths` is then as narrow as it can be without queries.
  std::vector<tap::PathMatch> paths_with_query;
  // As seen from the proxies that the tap targets. Neither, or both: no condition.
  bool inbound = false;
  bool outbound = false;
  std::vector<EndPattern> sources;
  std::vector<EndPattern> destinations;
  std::vector<EndPattern> ends;      // either end
  std::vector<EndPattern> pods;      // either end; only `pod` is set
  std::vector<EndPattern> services;  // of the destination; only `service` is set
  std::vector<EndPattern> source_namespaces;
  std::vector<EndPattern> destination_namespaces;
  std::vector<EndPattern> end_namespaces;  // either end
  std::vector<traffic::Verdict> verdicts;
  std::vector<traffic::OrphanReason> orphan_reasons;  // kNone is one of them: both sides came
  // Records of streams that had not ended, or of what had. Neither, or both: no condition.
  bool open = false;
  bool ended = false;
  // What one side reported; the server's of any attempt. 0: it answered nothing.
  std::vector<tap::CodeRange> client_codes;
  std::vector<tap::CodeRange> server_codes;
  // At least so many; 0: no condition.
  uint32_t attempts = 0;
  // Lower case; in path, authority, user agent, request id, response details or an end's name. All of
  // them must be there, each wherever it is.
  std::vector<std::string> texts;

  tap::Direction direction() const {
    if (inbound == outbound) return tap::Direction::kBoth;
    return inbound ? tap::Direction::kInbound : tap::Direction::kOutbound;
  }
  friend bool operator==(const RecordConditions&, const RecordConditions&) = default;
};

}  // namespace traffictap::observe
