#pragma once

#include <set>
#include <string>
#include <vector>

#include "tap/field_reader.h"

// The parts of a document, each in its own source. They report to the value's faults; what they
// write is used only where there were none.
namespace traffictap::tap {

void ParseMatch(const Value& value, MatchSpec* match);
void ParseOutput(const Value& value, OutputSpec* output);

bool IsDnsLabel(const std::string& text);
// Reports a regex that RE2 refuses.
bool ReadRegex(const Value& value, std::string* out);
// A lower-cased header name.
bool ReadHeaderName(const Value& value, std::string* out);

// Envoy's short names that `responseFlags` takes. tap may not see traffic/: a test keeps both lists
// equal.
const std::vector<std::string>& ResponseFlagNames();

// As ParseTaps, and gathers the paths of all fields that were looked for ("spec.targets[].kind").
ParseResult ParseTapsListing(const std::string& file, const std::string& text,
                             std::set<std::string>* known_fields);

}  // namespace traffictap::tap
