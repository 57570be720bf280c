// SPDX-License-Identifier: Apache-2.0
#include "fanin/merge_answers.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "observe/latency_histogram.h"
#include "observe/traffic_summary.h"

namespace traffictap::fanin {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kLatencies[] = {"clientMs", "serverMs", "betweenMs"};

std::vector<Json> Parsed(const std::vector<std::string>& answers) {
  std::vector<Json> out;
  for (const auto& answer : answers) {
    Json json = Json::parse(answer, nullptr, /*allow_exceptions=*/false);
    if (json.is_object()) out.push_back(std::move(json));
  }
  return out;
}

std::string Rendered(Json out, const std::vector<Missing>& missing) {
  if (!missing.empty()) out["partial"] = {{"missing", Json::parse(MissingJson(missing))}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

// What tells two elements of one array apart; empty where nothing does.
std::string KeyOf(const Json& element) {
  std::string out;
  if (!element.is_object()) return out;
  const char* names[] = {"tap", "source", "destination", "method", "route"};
  for (const char* name : names) {
    if (element.contains(name)) out += element[name].dump() + '\n';
  }
  if (out.empty() && element.contains("name")) out = element["name"].dump();
  return out;
}

// A tap's spec is what all pairers have; it is not added up.
bool IsSame(std::string_view name) { return name == "spec"; }

void AddTo(Json* sum, const Json& more);

void AddElements(Json* sum, const Json& more) {
  std::map<std::string, size_t> at;
  for (size_t i = 0; i < sum->size(); ++i) at.emplace(KeyOf((*sum)[i]), i);
  for (const Json& element : more) {
    const auto found = at.find(KeyOf(element));
    if (found != at.end() && !found->first.empty()) {
      AddTo(&(*sum)[found->second], element);
    } else {
      sum->push_back(element);
    }
  }
}

void AddMember(const std::string& name, Json* sum, const Json& more) {
  if (IsSame(name)) return;
  if (name == "oldestTimeMs") {  // 0: an empty backlog
    const auto mine = sum->get<int64_t>(), other = more.get<int64_t>();
    *sum = mine == 0 || other == 0 ? std::max(mine, other) : std::min(mine, other);
  } else if (sum->is_number_float() && more.is_number()) {
    *sum = sum->get<double>() + more.get<double>();
  } else {
    AddTo(sum, more);
  }
}

void AddTo(Json* sum, const Json& more) {
  if (sum->is_object() && more.is_object()) {
    for (const auto& [name, value] : more.items()) {
      if (sum->contains(name)) {
        AddMember(name, &(*sum)[name], value);
      } else {
        (*sum)[name] = value;
      }
    }
  } else if (sum->is_array() && more.is_array()) {
    AddElements(sum, more);
  } else if (sum->is_number_integer() && more.is_number_integer()) {
    *sum = sum->get<int64_t>() + more.get<int64_t>();
  } else if (sum->is_boolean() && more.is_boolean()) {
    *sum = sum->get<bool>() && more.get<bool>();
  }
}

// Requests that a group or a whole summary stands for: its records, where it has no estimate.
int64_t RequestsOf(const Json& group) {
  return group.value("requests", group.value("records", int64_t{0}));
}

// A group or a whole summary: where one is estimated, the sum is.
void AddCounts(Json* sum, const Json& more) {
  const bool estimated = sum->contains("requests") || more.contains("requests");
  const int64_t requests = RequestsOf(*sum) + RequestsOf(more);
  (*sum)["records"] = sum->value("records", int64_t{0}) + more.value("records", int64_t{0});
  if (estimated) (*sum)["requests"] = requests;
  if (more.contains("verdicts")) AddTo(&(*sum)["verdicts"], more["verdicts"]);
}

observe::LatencyHistogram HistogramOf(const Json& latency) {
  observe::LatencyHistogram out;
  if (!latency.contains("buckets") || !latency["buckets"].is_array()) return out;
  for (const Json& bucket : latency["buckets"]) {
    const bool whole = bucket.is_array() && bucket.size() == 2 && bucket[0].is_number_integer() &&
                       bucket[1].is_number();
    if (whole) out.AddTo(bucket[0].get<int>(), bucket[1].get<double>());
  }
  return out;
}

// A group of several pairers, with the histograms of its latencies.
struct Group {
  Json json;
  observe::LatencyHistogram latencies[std::size(kLatencies)];
  int parts = 0;

  void Add(const Json& more) {
    for (size_t i = 0; i < std::size(kLatencies); ++i) {
      if (!more.contains(kLatencies[i])) continue;
      const auto histogram = HistogramOf(more[kLatencies[i]]);
      for (const auto& [bucket, weight] : histogram.buckets()) latencies[i].AddTo(bucket, weight);
    }
    if (++parts == 1) {
      json = more;
      return;
    }
    AddCounts(&json, more);
    json["rate"] = json.value("rate", 0.0) + more.value("rate", 0.0);
    json["errors"] = json.value("errors", int64_t{0}) + more.value("errors", int64_t{0});
  }

  // The percentiles of one pairer are exact, and stay.
  Json Render() {
    for (size_t i = 0; i < std::size(kLatencies); ++i) {
      const char* name = kLatencies[i];
      if (parts > 1 && !latencies[i].empty()) {
        json[name] = {{"p50", latencies[i].Quantile(0.5)}, {"p99", latencies[i].Quantile(0.99)}};
      } else if (json.contains(name)) {
        json[name].erase("buckets");
      }
    }
    return std::move(json);
  }
};

// The busiest groups of all; `left_out` gets the records of those that do not fit on top of what the
// pairers left out.
Json MergeGroups(const std::vector<Json>& summaries, const char* name, int64_t* left_out) {
  std::map<std::string, Group> groups;
  for (const Json& summary : summaries) {
    if (!summary.contains(name) || !summary[name].is_array()) continue;
    for (const Json& group : summary[name]) groups[KeyOf(group)].Add(group);
  }
  std::vector<Group*> order;
  for (auto& [key, group] : groups) order.push_back(&group);
  std::stable_sort(order.begin(), order.end(), [](const Group* a, const Group* b) {
    return RequestsOf(a->json) > RequestsOf(b->json);
  });
  Json out = Json::array();
  for (Group* group : order) {
    if (out.size() < observe::kGroupsMax) {
      out.push_back(group->Render());
    } else {
      *left_out += group->json.value("records", int64_t{0});
    }
  }
  return out;
}

Json TapsOf(const std::vector<Json>& answers) {
  Json out = {{"taps", Json::array()}};
  for (const Json& answer : answers) AddTo(&out, answer);
  return out;
}

Json SummaryOf(const std::vector<Json>& summaries) {
  Json out = {{"windowMs", 0}, {"records", 0}, {"verdicts", Json::object()}};
  for (const Json& summary : summaries) {
    AddCounts(&out, summary);
    out["windowMs"] =
        std::max(out["windowMs"].get<int64_t>(), summary.value("windowMs", int64_t{0}));
  }
  for (const auto& [name, left_out_name] :
       {std::pair{"edges", "edgesLeftOut"}, std::pair{"routes", "routesLeftOut"},
        std::pair{"groups", "groupsLeftOut"}}) {
    const bool there = std::any_of(summaries.begin(), summaries.end(),
                                   [name](const Json& one) { return one.contains(name); });
    if (!there) continue;
    int64_t left_out = 0;
    for (const Json& summary : summaries) left_out += summary.value(left_out_name, int64_t{0});
    out[name] = MergeGroups(summaries, name, &left_out);
    out[left_out_name] = left_out;
  }
  return out;
}

// Members of other types than a pairer's are what nlohmann throws for.
StatusOr<std::string> Merge(Json (*merge)(const std::vector<Json>&),
                            const std::vector<std::string>& answers,
                            const std::vector<Missing>& missing) {
  try {
    return Rendered(merge(Parsed(answers)), missing);
  } catch (const Json::exception& error) {
    return absl::InternalError(fmt::format("a pairer's answer cannot be read: {}", error.what()));
  }
}

}  // namespace

StatusOr<std::string> MergeTaps(const std::vector<std::string>& answers,
                                const std::vector<Missing>& missing) {
  return Merge(&TapsOf, answers, missing);
}

StatusOr<std::string> MergeSummaries(const std::vector<std::string>& answers,
                                     const std::vector<Missing>& missing) {
  return Merge(&SummaryOf, answers, missing);
}

}  // namespace traffictap::fanin
