// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fakes/entry_builder.h"
#include "fmt/format.h"
#include "traffic/record_batch.h"

namespace traffictap::fakes {

// A batch of `count` records numbered from `first` on, each of which is `padding` bytes longer than
// it must be.
inline traffic::RecordSelection MakeRecords(int first, int count, size_t padding = 0) {
  static const auto origin =
      std::make_shared<const traffic::RecordOrigin>(traffic::RecordOrigin{"shop/tap"});
  static const auto node = MakeNode("10.0.0.1");
  auto batch = std::make_shared<traffic::RecordBatch>(origin);
  for (int i = 0; i < count; ++i) {
    auto builder = EntryBuilder::Client();
    builder.Path(fmt::format("/number/{}/", first + i))
        .Set(traffic::Text::kUserAgent, std::string(padding, 'x'));
    builder.Id(fmt::format("{:08}-0000-4000-8000-000000000000", first + i));
    traffic::EntryBatch entries(node);
    traffic::TrafficPair pair;
    pair.client = entries.Add(builder.entry());
    batch->Add(pair, {&node, 1});
  }
  return {batch, {}};
}

// The numbers of the records in `lines`, in their order; a torn line is number -1.
inline std::vector<int> NumbersOf(const std::string& lines) {
  std::vector<int> out;
  for (size_t begin = 0; begin < lines.size();) {
    const size_t end = std::min(lines.find('\n', begin), lines.size());
    const std::string line = lines.substr(begin, end - begin);
    const size_t at = line.find("/number/");
    const bool whole =
        line.size() > 2 && line.front() == '{' && line.back() == '}' && end < lines.size();
    out.push_back(whole && at != std::string::npos && line.rfind("/number/") == at
                      ? std::stoi(line.substr(at + 8))
                      : -1);
    begin = end + 1;
  }
  return out;
}

inline std::vector<int> Range(int first, int count) {
  std::vector<int> out;
  for (int i = 0; i < count; ++i) out.push_back(first + i);
  return out;
}

}  // namespace traffictap::fakes
