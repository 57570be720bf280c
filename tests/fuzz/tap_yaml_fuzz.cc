// SPDX-License-Identifier: Apache-2.0

// Any text as a file of taps or of destinations: no exception, no crash, and a tap without fault can
// be put in force.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/status.h"
#include "filter/pair_filter.h"
#include "redaction/redactor.h"
#include "tap/parse_destination.h"
#include "tap/parse_tap.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace traffictap;  // NOLINT: the whole product is under test
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  const auto destinations = tap::ParseDestinations("fuzz.yaml", text);
  for (const auto& error : destinations.errors) TT_CHECK(!error.message.empty() && error.line >= 0);
  for (const auto& destination : destinations.destinations) TT_CHECK(!destination->name.empty());
  const auto result = tap::ParseTaps("fuzz.yaml", text);
  for (const auto& error : result.errors) TT_CHECK(!error.message.empty() && error.line >= 0);
  for (const auto& tap : result.taps) {
    TT_CHECK(!tap->name.empty());
    TT_CHECK(filter::PairFilter::Create(tap->match).ok());
    TT_CHECK(filter::PeerFilter::Create(*tap).ok());
    TT_CHECK(redaction::Redactor::Create(*tap).ok());
    for (const auto& output : tap->outputs) TT_CHECK(filter::PairFilter::Create(output.match).ok());
  }
  return 0;
}
