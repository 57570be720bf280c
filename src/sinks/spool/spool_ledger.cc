// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/spool_ledger.h"

#include <algorithm>
#include <sstream>

#include "base/crc32c.h"
#include "fmt/format.h"

namespace traffictap::sinks {
namespace {

constexpr const char* kTitle = "traffictap spool 1";
constexpr uint64_t kNumberMax = uint64_t{1} << 60;  // the next one must be a number too
constexpr size_t kCrcLine = 13;                     // "crc 01234567\n"

}  // namespace

std::string SpoolLedger::Write() const {
  std::string out =
      fmt::format("{}\nacked {:016x} {} {}\n", kTitle, acked.segment, acked.offset, acked_records);
  for (const auto& [segment, count] : records) {
    out += fmt::format("segment {:016x} {}\n", segment, count);
  }
  return out + fmt::format("crc {:08x}\n", base::Crc32c(out));
}

StatusOr<SpoolLedger> SpoolLedger::Read(std::string_view text) {
  if (text.size() < kCrcLine) return absl::DataLossError("it is too short");
  const std::string_view lines = text.substr(0, text.size() - kCrcLine);
  if (text.substr(lines.size()) != fmt::format("crc {:08x}\n", base::Crc32c(lines))) {
    return absl::DataLossError("its checksum does not fit");
  }
  std::istringstream in{std::string(lines)};
  std::string line;
  if (!std::getline(in, line) || line != kTitle) {
    return absl::DataLossError("it is of another version");
  }
  SpoolLedger out;
  std::string word;
  in >> word >> std::hex >> out.acked.segment >> std::dec >> out.acked.offset >> out.acked_records;
  if (!in || word != "acked") return absl::DataLossError("it does not say how far it is done");
  uint64_t segment = 0;
  uint64_t count = 0;
  while (in >> word >> std::hex >> segment >> std::dec >> count) out.records[segment] = count;
  const uint64_t last = out.records.empty() ? 0 : out.records.rbegin()->first;
  if (std::max(last, out.acked.segment) > kNumberMax) {
    return absl::DataLossError("it names a segment that cannot be");
  }
  return out;
}

}  // namespace traffictap::sinks
