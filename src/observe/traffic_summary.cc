// SPDX-License-Identifier: Apache-2.0
#include "observe/traffic_summary.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "nlohmann/json.hpp"
#include "observe/latency_histogram.h"
#include "observe/record_ends.h"

namespace traffictap::observe {
namespace {

using Json = nlohmann::ordered_json;
using traffic::TrafficPair;
using traffic::Verdict;

// paths may hold anything: beyond it new groups are only counted
constexpr size_t kGroupsCountedMax = 20'000;

// The measured durations of one kind, in milliseconds, each with the weight of its record.
struct Latencies {
  struct Value {
    float ms;
    float weight;
    bool operator<(const Value& other) const { return ms < other.ms; }
  };
  std::vector<Value> values;
  double weights = 0;
  bool uneven = false;  // not all of one weight

  void Add(base::Nanos nanos, double weight) {
    values.push_back({static_cast<float>(nanos) / 1e6F, static_cast<float>(weight)});
    weights += values.back().weight;
    uneven = uneven || values.back().weight != values.front().weight;
  }
  float Quantile(double q) {
    if (uneven) return Weighted(q);
    const auto nth = values.begin() + static_cast<long>(q * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), nth, values.end());
    return nth->ms;
  }
  // Slow requests that a tap keeps beside its sample must not count as many as those.
  float Weighted(double q) {
    std::sort(values.begin(), values.end());
    double below = 0;
    for (const Value& value : values) {
      below += value.weight;
      if (below >= q * weights) return value.ms;
    }
    return values.back().ms;
  }
  void Write(const char* name, bool mergeable, Json* out) {
    if (values.empty()) return;
    (*out)[name] = {{"p50", Quantile(0.5)}, {"p99", Quantile(0.99)}};
    if (mergeable) (*out)[name]["buckets"] = Buckets();
  }
  Json Buckets() const {
    LatencyHistogram histogram;
    for (const Value& value : values) histogram.Add(value.ms, value.weight);
    Json out = Json::array();
    for (const auto& [bucket, weight] : histogram.buckets()) out.push_back({bucket, weight});
    return out;
  }
};

// Records and the requests that they stand for, by verdict.
struct Counted {
  uint64_t records = 0;
  double requests = 0;
  bool estimated = false;
  std::array<double, traffic::kVerdictCount> verdicts{};

  void Add(const TrafficPair& pair) {
    ++records;
    requests += pair.weight;
    estimated = estimated || pair.weight != 1;
    verdicts[static_cast<size_t>(pair.verdict)] += pair.weight;
  }
  // What is no estimate says so by having no `requests` of its own: they are the records.
  void Write(Json* out) const {
    (*out)["records"] = records;
    if (estimated) (*out)["requests"] = std::llround(requests);
    Json by_verdict = Json::object();
    for (size_t i = 0; i < verdicts.size(); ++i) {
      if (verdicts[i] > 0)
        by_verdict[ToString(static_cast<Verdict>(i))] = std::llround(verdicts[i]);
    }
    (*out)["verdicts"] = std::move(by_verdict);
  }
};

struct Group {
  Json key;
  Counted counted;
  double errors = 0;
  Latencies client;
  Latencies server;
  Latencies between;

  void Add(const TrafficPair& pair) {
    counted.Add(pair);
    if (pair.verdict != Verdict::kOk && pair.verdict != Verdict::kRetried) errors += pair.weight;
    const base::Nanos c = pair.client ? pair.client->facts.duration : traffic::kAbsent;
    const base::Nanos s = pair.server() ? pair.server()->facts.duration : traffic::kAbsent;
    if (c != traffic::kAbsent) client.Add(c, pair.weight);
    if (s != traffic::kAbsent) server.Add(s, pair.weight);
    if (c != traffic::kAbsent && s != traffic::kAbsent) between.Add(c - s, pair.weight);
  }

  Json Render(double seconds, bool mergeable) {
    Json out = std::move(key);
    counted.Write(&out);
    out["rate"] = seconds > 0 ? counted.requests / seconds : 0.0;
    out["errors"] = std::llround(errors);
    client.Write("clientMs", mergeable, &out);
    server.Write("serverMs", mergeable, &out);
    between.Write("betweenMs", mergeable, &out);
    return out;
  }
};

class Groups {
 public:
  template <typename MakeKey>
  void Add(const std::string& name, const TrafficPair& pair, MakeKey make_key) {
    const auto found = groups_.find(name);
    if (found != groups_.end()) return found->second.Add(pair);
    if (groups_.size() >= kGroupsCountedMax) {
      ++left_out_;
      return;
    }
    Group& group = groups_[name];
    group.key = make_key();
    group.Add(pair);
  }

  // The busiest groups; `left_out` gets the records of the others.
  Json Render(double seconds, bool mergeable, uint64_t* left_out) {
    std::vector<Group*> order;
    for (auto& [name, group] : groups_) order.push_back(&group);
    std::sort(order.begin(), order.end(), [](const Group* a, const Group* b) {
      return std::pair(b->counted.requests, a->key.dump()) <
             std::pair(a->counted.requests, b->key.dump());
    });
    *left_out = left_out_;
    Json out = Json::array();
    for (Group* group : order) {
      if (out.size() < kGroupsMax) {
        out.push_back(group->Render(seconds, mergeable));
      } else {
        *left_out += group->counted.records;
      }
    }
    return out;
  }

 private:
  std::unordered_map<std::string, Group> groups_;
  uint64_t left_out_ = 0;
};

// The Service "cart.shop.svc.cluster.local" as a namespace and a name, another host as a name alone.
// An address in its place would tell neither whom the caller meant nor keep its requests together.
RecordEnd Named(RecordEnd end) {
  if (!end.name.empty() || end.service.empty()) return end;
  const auto host = end.service;
  end.name = host;
  const size_t dot = host.find('.');
  const size_t second = dot == std::string_view::npos ? dot : host.find('.', dot + 1);
  if (second == std::string_view::npos || !host.substr(second).starts_with(".svc")) return end;
  end.name = host.substr(0, dot);
  end.ns = host.substr(dot + 1, second - dot - 1);
  return end;
}

std::string Label(const RecordEnd& end) {
  return std::string(end.ns) + "/" + std::string(end.label());
}

// Texts of entries may be any bytes, and JSON must be UTF-8.
std::string Utf8(std::string_view text) {
  const Json unchecked = std::string(text);
  return Json::parse(unchecked.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Json EndJson(const RecordEnd& end) {
  return {{"namespace", Utf8(end.ns)}, {"name", Utf8(end.label())}};
}

// With `service` where it is all that is known of the end.
Json DestinationJson(const RecordEnd& end) {
  Json out = EndJson(Named(end));
  if (end.name.empty() && !end.service.empty()) out["service"] = Utf8(end.service);
  return out;
}

// What is grouped by beside edges and routes; empty where the end does not say it.
std::string_view PartOf(const RecordEnd& end, TrafficSummary::By by) {
  using By = TrafficSummary::By;
  if (end.node == nullptr) return {};
  if (by == By::kZone) return end.node->zone;
  return by == By::kVersion ? traffic::VersionOf(*end.node) : std::string_view(end.node->pod);
}

// A zone is by itself; versions and pods are a workload's.
Json PartJson(const RecordEnd& end, TrafficSummary::By by) {
  const std::string part = Utf8(PartOf(end, by));
  if (by == TrafficSummary::By::kZone) return {{"name", part}};
  if (by == TrafficSummary::By::kPod) {
    return {{"namespace", Utf8(end.ns)}, {"name", part.empty() ? Utf8(end.label()) : part}};
  }
  Json out = EndJson(end);
  if (!part.empty()) out["version"] = part;
  return out;
}

bool IsIdentifier(std::string_view segment) {
  size_t digits = 0;
  size_t hex = 0;
  for (const char c : segment) {
    digits += std::isdigit(static_cast<unsigned char>(c)) ? 1 : 0;
    hex += std::isxdigit(static_cast<unsigned char>(c)) || c == '-' ? 1 : 0;
  }
  if (segment.empty() || digits == 0) return false;
  return digits == segment.size() || (hex == segment.size() && segment.size() >= 8);
}

}  // namespace

class TrafficSummary::State {
 public:
  explicit State(By by) : by_(by) {}

  // Several taps may show one request: with `once` it counts once.
  void Add(const TrafficPair& pair, bool once) {
    if (pair.open()) return;
    if (once && !seen_.insert(IdentityOf(pair.principal())).second) return;
    counted_.Add(pair);
    const RecordEnd source = SourceOf(pair);
    const RecordEnd destination = DestinationOf(pair);
    const auto edge_key = [&] {
      return Json{{"source", EndJson(source)}, {"destination", DestinationJson(destination)}};
    };
    const std::string edge = Label(source) + "\n" + Label(Named(destination));
    edges_.Add(edge, pair, edge_key);
    if (by_ != By::kNothing) {
      const Json from = PartJson(source, by_);
      const Json to = PartJson(Named(destination), by_);
      parts_.Add(from.dump() + to.dump(), pair, [&] {
        return Json{{"source", from}, {"destination", to}};
      });
    }
    const auto& entry = pair.principal();
    const bool tcp = entry.facts.kind == traffic::EntryKind::kTcp;
    const std::string method = tcp ? "TCP" : ToString(entry.facts.method);
    const std::string route = PathTemplate(entry.text(traffic::Text::kPath));
    routes_.Add(edge + "\n" + method + "\n" + route, pair, [&] {
      Json key = edge_key();
      key["method"] = method;
      key["route"] = Utf8(route);
      return key;
    });
  }

  std::string Render(base::Nanos covered, bool mergeable) {
    const double seconds = static_cast<double>(covered) / 1e9;
    uint64_t edges_left_out = 0;
    uint64_t routes_left_out = 0;
    Json out;
    out["windowMs"] = covered / base::kMillisecond;
    counted_.Write(&out);
    out["edges"] = edges_.Render(seconds, mergeable, &edges_left_out);
    out["routes"] = routes_.Render(seconds, mergeable, &routes_left_out);
    if (by_ != By::kNothing) {
      uint64_t left_out = 0;
      out["groups"] = parts_.Render(seconds, mergeable, &left_out);
      out["groupsLeftOut"] = left_out;
    }
    out["edgesLeftOut"] = edges_left_out;
    out["routesLeftOut"] = routes_left_out;
    return out.dump() + '\n';
  }

 private:
  using Identity =
      std::tuple<const traffic::Node*, uint64_t, base::Nanos, base::Nanos, uint32_t, uint16_t>;
  static Identity IdentityOf(const traffic::PackedEntry& entry) {
    const auto& facts = entry.facts;
    return {entry.node,     entry.request_id_hash, facts.start_time,
            facts.duration, facts.response_code,   facts.upstream_local.port};
  }

  const By by_;
  Counted counted_;
  std::set<Identity> seen_;
  Groups edges_;
  Groups routes_;
  Groups parts_;
};

TrafficSummary::TrafficSummary(By by) : state_(std::make_unique<State>(by)) {}
TrafficSummary::~TrafficSummary() = default;
void TrafficSummary::Add(const TrafficPair& pair, bool once) { state_->Add(pair, once); }
std::string TrafficSummary::Render(base::Nanos covered, bool mergeable) {
  return state_->Render(covered, mergeable);
}

std::string PathTemplate(std::string_view path) {
  path = path.substr(0, path.find_first_of("?#"));
  std::string out;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const auto segment = path.substr(0, slash);
    if (IsIdentifier(segment)) {
      out += "{id}";
    } else {
      out += segment;
    }
    if (slash == std::string_view::npos) break;
    out += '/';
    path.remove_prefix(slash + 1);
  }
  return out;
}

}  // namespace traffictap::observe
