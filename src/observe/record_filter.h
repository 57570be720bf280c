#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "filter/pair_filter.h"
#include "tap/tap_spec.h"
#include "traffic/traffic_pair.h"

namespace traffictap::observe {

// One "name=value" of a query, decoded.
struct Parameter {
  std::string name;
  std::string value;
};

// "shop/cart", "cart", "shop/*", "cart-*": a '*' at the end of either part stands for any rest.
struct EndPattern {
  std::string ns;
  std::string name;
};

// Conditions of one reader, the fields of a MatchSpec and some that only live readers have. All
// hold that are set; of a list one element is enough.
struct RecordConditions {
  tap::MatchSpec match;
  // as seen from the proxies that the tap targets
  tap::Direction direction = tap::Direction::kBoth;
  std::vector<EndPattern> sources;
  std::vector<EndPattern> source_namespaces;
  std::vector<EndPattern> destinations;
  std::vector<EndPattern> destination_namespaces;
  std::vector<EndPattern> ends;            // either end
  std::vector<EndPattern> end_namespaces;  // either end
  std::vector<traffic::Verdict> verdicts;
  // lower case; in path, authority, user agent, request id, response details or an end's name
  std::string text;
};

// Whether a reader wants a record. Immutable: thread-safe.
class RecordFilter {
 public:
  // Parameters and their grammar are in observe/README.md. "not.NAME=VALUE" keeps out what
  // NAME=VALUE keeps. kInvalidArgument names the parameter, what is wrong, and what is allowed;
  // unknown names are refused too.
  static StatusOr<std::unique_ptr<RecordFilter>> Parse(const std::vector<Parameter>& parameters);

  bool Matches(const traffic::TrafficPair& pair) const;
  // True where every record matches.
  bool empty() const { return parts_.empty(); }

 private:
  struct Part {
    RecordConditions conditions;
    std::unique_ptr<filter::PairFilter> match;
    bool excludes = false;
    bool Holds(const traffic::TrafficPair& pair) const;
  };
  Status Add(RecordConditions conditions, bool excludes);

  std::vector<Part> parts_;
};

// Adds what one parameter asks for. kNotFound: no such parameter.
Status ReadCondition(const Parameter& parameter, RecordConditions* out);

}  // namespace traffictap::observe
