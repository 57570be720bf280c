// SPDX-License-Identifier: Apache-2.0
#include "pipeline/limited_edges.h"

#include <algorithm>

#include "traffic/packed_entry.h"

namespace traffictap::pipeline {
namespace {

using traffic::PackedEntry;
using traffic::Text;

// An end as its own entry names it, or as the other one tells of it.
LimitedEdges::End EndOf(const PackedEntry* own, const PackedEntry* teller) {
  if (own != nullptr) return {own->node->ns, own->node->workload};
  LimitedEdges::End out{std::string(teller->text(Text::kPeerNamespace)),
                        std::string(teller->text(Text::kPeerWorkload))};
  if (!out.name.empty()) return out;
  out.name = traffic::FarAddress(*teller).IpString();
  return out;
}

}  // namespace

void LimitedEdges::Add(const traffic::TrafficPair& pair) {
  std::pair edge(EndOf(pair.client, pair.server()), EndOf(pair.server(), pair.client));
  const auto found = records_.find(edge);
  if (found != records_.end()) {
    ++found->second;
  } else if (records_.size() < kEdgesMax) {
    records_.emplace(std::move(edge), 1);
  } else {
    ++others_;
  }
}

std::vector<LimitedEdges::Edge> LimitedEdges::edges() const {
  std::vector<Edge> out;
  for (const auto& [ends, records] : records_) out.push_back({ends.first, ends.second, records});
  std::stable_sort(out.begin(), out.end(),
                   [](const Edge& a, const Edge& b) { return a.records > b.records; });
  return out;
}

}  // namespace traffictap::pipeline
