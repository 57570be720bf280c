// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

// The names of a spool's files.
namespace traffictap::sinks {

inline constexpr const char* kLedgerName = "ledger";

std::string SegmentName(uint64_t number);
// nullopt: not a segment's name.
std::optional<uint64_t> SegmentNumber(const std::string& name);

}  // namespace traffictap::sinks
