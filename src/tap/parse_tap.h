#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "tap/tap_spec.h"

namespace traffictap::tap {

// A fault in a document: where, in which field, what is wrong and what to do.
struct ParseError {
  std::string file;
  int line = 0;       // from 1; 0 where no line can be named
  std::string field;  // "spec.match.responseCodes[1]"
  // "UnknownField", "InvalidValue", "MissingField", "DuplicateKey", "Syntax", "Conflict"
  std::string reason;
  std::string message;

  // "taps/a.yaml:12: spec.match.responseCodes[1]: InvalidValue: …"
  std::string ToString() const;
};

struct ParseResult {
  std::vector<TapSpecPtr> taps;  // only whole documents without any fault
  std::vector<ParseError> errors;
};

// How a document names the place that records are sent to. In a collector's own files: by brokers
// and secret files. In a cluster, where authors must not choose them: by the name of an
// administrator's TapDestination.
enum class BrokerForm { kInline, kByDestination };

// Parses the TrafficTap and ClusterTrafficTap documents in `text`. All faults are reported, not
// just the first. No exception leaves; documents of other kinds are faults. Bounds: 1 MiB, 64
// levels, 100 000 nodes.
ParseResult ParseTaps(const std::string& file, const std::string& text,
                      BrokerForm form = BrokerForm::kInline);

// "500-599", "404"; "5s", "100ms", "1h30m". kInvalidArgument says what is allowed.
StatusOr<CodeRange> ParseCodeRange(const std::string& text);
// The lower-cased name of a header that records can have. kInvalidArgument: no name, or one that
// carries credentials and is never captured.
StatusOr<std::string> ParseHeaderName(std::string text);
StatusOr<base::Nanos> ParseDuration(const std::string& text);
// "128Mi", "10M", "4096".
StatusOr<uint64_t> ParseBytes(const std::string& text);

}  // namespace traffictap::tap
