#pragma once

#include <string>

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

// How a document names the place that records are sent to. In a collector's own files: by brokers
// and secret files. In a cluster, where authors must not choose them: by the name of an
// administrator's TapDestination.
enum class BrokerForm { kInline, kByDestination };

}  // namespace traffictap::tap
