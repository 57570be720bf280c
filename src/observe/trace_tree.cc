// SPDX-License-Identifier: Apache-2.0
#include "observe/trace_tree.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "fmt/format.h"

namespace traffictap::observe {
namespace {

using Record = v1::TrafficPair;
constexpr size_t kNone = SIZE_MAX;

std::string NameOf(const v1::Workload& end) {
  const std::string& name = end.name().empty() ? end.ip() : end.name();
  return end.namespace_().empty() ? name : fmt::format("{}/{}", end.namespace_(), name);
}

// Of a side that can be seen, with its times by its proxy's clock.
struct Visit {
  size_t hop = 0;
  size_t server = 0;  // of the record's servers
  double begin_ms = 0;
  double end_ms = 0;
  std::string span;
};

double BeginMs(const v1::Side& side) {
  const auto& start = side.start_time();
  return static_cast<double>(start.seconds()) * 1e3 + start.nanos() / 1e6;
}

bool IsSeen(const v1::Side& side) { return !side.reduced() && !side.pod().empty(); }

bool HasServer(const Record& record) {
  return std::any_of(record.server().begin(), record.server().end(), IsSeen);
}

bool HasClient(const Record& record) { return record.has_client() && IsSeen(record.client()); }

// A side names only what differs from the record's trace.
const std::string& SpanOf(const Record& record, const v1::Side& side) {
  return side.span_id().empty() ? record.trace().span_id() : side.span_id();
}

Visit VisitOf(const Record& record, const v1::Side& side, size_t hop, size_t server) {
  const double begin = BeginMs(side);
  return {hop, server, begin, begin + side.duration_ms(), SpanOf(record, side)};
}

std::string PodOf(const v1::Workload& end, const v1::Side& side) {
  return fmt::format("{}\n{}\n{}", end.cluster(), end.namespace_(), side.pod());
}

class Builder {
 public:
  explicit Builder(const std::vector<Record>& records)
      : records_(records),
        parents_(records.size(), kNone),
        callers_(records.size()),
        undecided_(records.size()) {
    out_.hops.resize(records.size());
  }

  TraceTree Build() {
    Index();
    for (size_t hop = 0; hop < records_.size(); ++hop) LinkByProxy(hop);
    for (size_t hop = 0; hop < records_.size(); ++hop) {
      if (parents_[hop] == kNone) LinkByWorkload(hop);
    }
    for (auto& hop : out_.hops) SortByStart(&hop.children);
    for (size_t hop = 0; hop < records_.size(); ++hop) SetTimes(hop);
    AddRoots();
    return std::move(out_);
  }

 private:
  void Index() {
    for (size_t hop = 0; hop < records_.size(); ++hop) {
      const Record& record = records_[hop];
      for (int i = 0; i < record.server_size(); ++i) {
        if (!IsSeen(record.server(i))) continue;
        received_[PodOf(record.destination(), record.server(i))].push_back(
            VisitOf(record, record.server(i), hop, static_cast<size_t>(i)));
      }
      by_callee_[NameOf(record.destination())].push_back(hop);
    }
    for (auto& [pod, visits] : received_) {
      std::sort(visits.begin(), visits.end(),
                [](const Visit& a, const Visit& b) { return a.begin_ms < b.begin_ms; });
    }
  }

  void Link(size_t hop, size_t parent, HopLink link) {
    parents_[hop] = parent;
    out_.hops[hop].link = link;
    out_.hops[parent].children.push_back(hop);
  }

  // The last call that the pod had received and not answered; else the last that it had received.
  static const Visit* Before(const std::vector<Visit>& visits, const Visit& made,
                             const std::string& span) {
    const Visit* found = nullptr;
    for (const Visit& visit : visits) {
      if (visit.begin_ms > made.begin_ms) break;
      if (visit.hop == made.hop || (!span.empty() && visit.span != span)) continue;
      const bool open = visit.end_ms >= made.begin_ms;
      const bool better = found == nullptr || open || found->end_ms < made.begin_ms;
      if (better) found = &visit;
    }
    return found;
  }

  void LinkByProxy(size_t hop) {
    const Record& record = records_[hop];
    if (!HasClient(record)) return;
    const auto visits = received_.find(PodOf(record.source(), record.client()));
    if (visits == received_.end()) return;
    const Visit made = VisitOf(record, record.client(), hop, 0);
    callers_[hop] = made;
    const Visit* same = made.span.empty() ? nullptr : Before(visits->second, made, made.span);
    const Visit* before = same != nullptr ? same : Before(visits->second, made, "");
    // No proxy writes a circle, but a file may hold one.
    if (before == nullptr || IsAbove(hop, before->hop)) return;
    callers_[hop]->server = before->server;
    Link(hop, before->hop, same != nullptr ? HopLink::kSpan : HopLink::kProxy);
  }

  bool IsAbove(size_t hop, size_t of) const {
    for (; of != kNone; of = parents_[of]) {
      if (of == hop) return true;
    }
    return false;
  }

  // Where both sides are known the pods have told already that the two do not belong together.
  std::vector<size_t> CallsToCaller(size_t hop, bool same_span) const {
    std::vector<size_t> out;
    const Record& record = records_[hop];
    const v1::Workload& caller = record.source();
    const auto found = by_callee_.find(NameOf(caller));
    if (found == by_callee_.end() || (caller.name().empty() && caller.ip().empty())) return out;
    for (const size_t other : found->second) {
      const bool told = HasClient(record) && HasServer(records_[other]);
      const std::string& span = record.trace().span_id();
      const bool fits = !same_span || (!span.empty() && span == records_[other].trace().span_id());
      if (!told && fits && !IsAbove(hop, other)) out.push_back(other);
    }
    return out;
  }

  void LinkByWorkload(size_t hop) {
    auto candidates = CallsToCaller(hop, true);
    if (candidates.size() != 1) candidates = CallsToCaller(hop, false);
    if (candidates.size() == 1) return Link(hop, candidates[0], HopLink::kWorkload);
    undecided_[hop] = candidates.size() > 1;
  }

  // Of those whose caller's proxy is one; the others stay where they are, behind them.
  void SortByStart(std::vector<size_t>* hops) const {
    std::stable_sort(hops->begin(), hops->end(), [&](size_t a, size_t b) {
      const auto& left = callers_[a];
      const auto& right = callers_[b];
      if (!left || !right) return left.has_value() && !right.has_value();
      return left->begin_ms < right->begin_ms;
    });
  }

  // How long calls were open within [begin, end], each moment once.
  double Covered(const TraceHop& hop, const Visit& of) const {
    double covered = 0;
    double until = of.begin_ms;
    for (const size_t child : hop.children) {  // by their start
      const auto& call = callers_[child];
      if (!call || call->server != of.server || out_.hops[child].link == HopLink::kWorkload)
        continue;
      const double begin = std::max(call->begin_ms, until);
      const double end = std::min(call->end_ms, of.end_ms);
      if (end > begin) covered += end - begin;
      until = std::max(until, end);
    }
    return covered;
  }

  void SetTimes(size_t index) {
    const Record& record = records_[index];
    TraceHop& hop = out_.hops[index];
    const bool server = record.server_size() > 0 && record.server().rbegin()->has_duration_ms();
    const bool client = record.has_client() && record.client().has_duration_ms();
    if (!server && !client) return;
    const v1::Side& answered = server ? *record.server().rbegin() : record.client();
    hop.total_ms = client ? record.client().duration_ms() : answered.duration_ms();
    const size_t last = server ? static_cast<size_t>(record.server_size()) - 1 : 0;
    const Visit visit = VisitOf(record, answered, index, last);
    double self = answered.duration_ms() - Covered(hop, visit);
    for (const size_t child : hop.children) {
      if (out_.hops[child].link == HopLink::kWorkload) self -= TotalMs(records_[child]);
    }
    hop.self_ms = std::max(0.0, self);
  }

  static double TotalMs(const Record& record) {
    if (record.has_client() && record.client().has_duration_ms()) {
      return record.client().duration_ms();
    }
    return record.server_size() == 0 ? 0 : record.server().rbegin()->duration_ms();
  }

  void AddRoots() {
    std::map<std::pair<std::string, bool>, size_t> places;
    for (size_t hop = 0; hop < records_.size(); ++hop) {
      if (parents_[hop] != kNone) continue;
      const bool undecided = undecided_[hop];
      const std::string caller = NameOf(records_[hop].source());
      const auto [place, fresh] = places.emplace(std::pair(caller, undecided), out_.roots.size());
      if (fresh) {
        const char* gap = "several calls to it were recorded, and none is known to be the one";
        out_.roots.push_back({caller, {}, undecided ? gap : ""});
      }
      out_.roots[place->second].hops.push_back(hop);
    }
    for (TraceRoot& root : out_.roots) {
      // One caller alone is simply where the trace begins.
      if (out_.roots.size() > 1 && root.gap.empty()) root.gap = "no call to it was recorded";
      const std::string pod = records_[root.hops[0]].client().pod();
      const bool one_clock = std::all_of(root.hops.begin(), root.hops.end(), [&](size_t hop) {
        return HasClient(records_[hop]) && records_[hop].client().pod() == pod;
      });
      if (!one_clock) continue;
      std::stable_sort(root.hops.begin(), root.hops.end(), [&](size_t a, size_t b) {
        return BeginMs(records_[a].client()) < BeginMs(records_[b].client());
      });
    }
  }

  const std::vector<Record>& records_;
  std::vector<size_t> parents_;
  // Of each hop whose caller received a call of the trace: the call, by its caller's clock, and
  // `server`: which attempt of the parent made it.
  std::vector<std::optional<Visit>> callers_;
  std::map<std::string, std::vector<Visit>> received_;  // by pod, by their begin
  std::map<std::string, std::vector<size_t>> by_callee_;
  std::vector<bool> undecided_;  // several calls could be the one that led to it
  TraceTree out_;
};

}  // namespace

const char* ToString(HopLink link) {
  switch (link) {
    case HopLink::kNone: return "";
    case HopLink::kSpan: return "span";
    case HopLink::kProxy: return "proxy";
    case HopLink::kWorkload: return "workload";
  }
  return "";
}

TraceTree MakeTraceTree(const std::vector<v1::TrafficPair>& records) {
  return Builder(records).Build();
}

}  // namespace traffictap::observe
