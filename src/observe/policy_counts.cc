// SPDX-License-Identifier: Apache-2.0
#include "observe/policy_counts.h"

#include <algorithm>

#include "fmt/format.h"
#include "traffic/read_pair.h"

namespace traffictap::observe {
namespace {

std::string EndOf(const v1::Workload& end) {
  const std::string name = end.name().empty() ? "?" : end.name();
  return end.namespace_().empty() ? name : fmt::format("{}/{}", end.namespace_(), name);
}

// A policy that the reader may not know looks like none: "none named" is true of both.
template <typename Named>
std::string PolicyRule(const Named& by) {
  if (by.policy().empty()) return "none named";
  return by.rule().empty() ? by.policy() : fmt::format("{} rule {}", by.policy(), by.rule());
}

std::string RuleOf(const v1::Denial& denial) {
  return denial.by() == "AuthorizationPolicy" ? PolicyRule(denial) : denial.by();
}

}  // namespace

void PolicyCounts::Add(const v1::TrafficPair& record) {
  if (!record.state().empty()) return;  // that of its end counts
  const bool dry_run = of_ == Of::kDryRun;
  if (dry_run && !record.has_dry_run()) return;
  Edge& edge = edges_[{EndOf(record.source()), EndOf(record.destination())}];
  const double weight = traffic::WeightOf(record);
  edge.requests += weight;
  edge.estimated = edge.estimated || weight != 1;
  if (dry_run && record.dry_run().result() == "Denied") {
    edge.denied[PolicyRule(record.dry_run())] += weight;
  }
  if (!dry_run && record.has_denial()) edge.denied[RuleOf(record.denial())] += weight;
}

std::vector<PolicyCounts::Row> PolicyCounts::Rows() const {
  std::vector<Row> out;
  for (const auto& [ends, edge] : edges_) {
    const auto first = static_cast<std::ptrdiff_t>(out.size());
    for (const auto& [rule, denied] : edge.denied) {
      out.push_back({ends.first, ends.second, rule, denied, edge.requests, edge.estimated});
    }
    if (edge.denied.empty() && of_ == Of::kDryRun) {
      out.push_back({ends.first, ends.second, "", 0, edge.requests, edge.estimated});
    }
    std::stable_sort(out.begin() + first, out.end(),
                     [](const Row& a, const Row& b) { return a.denied > b.denied; });
  }
  return out;
}

}  // namespace traffictap::observe
