// SPDX-License-Identifier: Apache-2.0
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

// What a field is that this version does not know. In what a person writes: a mistake. In what a
// newer operator writes: something to pass over, but for a field of spec.redaction, since without it
// records would show what it hides.
enum class UnknownFields { kRefuse, kPassOver };

}  // namespace traffictap::tap
