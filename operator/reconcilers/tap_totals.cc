// SPDX-License-Identifier: Apache-2.0

// A collector counts from zero in each of its lives, and the operator may start anew as well; a
// tap's counts must never go back. Their memory is in the status itself: `before` is what lives
// that are over had counted, `instances` are those that are counted now, `ended` those whose last
// report is in `before` already, so that it is not added twice while the report is still known. Of
// a life that ended without a last report the former total is taken, less what is still counted.
#include "operator/reconcilers/tap_totals.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "fmt/format.h"
#include "fmt/ranges.h"

namespace traffictap::reconcilers {
namespace {

using kube::Json;

// The members of status that count by name.
constexpr const char* kOrphans = "orphansByReason";
constexpr const char* kVerdicts = "verdicts";

std::string CountOf(const char* group, const std::string& name) {
  return fmt::format("{}.{}", group, name);
}

Counts CountsOf(const v1::TapReport& report) {
  Counts out{{"records", report.offered()},
             {"pairs", report.pairs()},
             {"open", report.open()},
             {"lostEntries", report.lost_entries()},
             {"brokenStreams", report.broken_streams()},
             {"overBudget", report.match_over_budget() + report.redaction_over_budget()}};
  for (const auto& [reason, count] : report.orphans()) {
    out["orphans"] += count;
    out[CountOf(kOrphans, reason)] += count;
  }
  for (const auto& [verdict, count] : report.verdicts()) out[CountOf(kVerdicts, verdict)] += count;
  for (const auto& output : report.outputs()) {
    for (const auto& [reason, count] : output.dropped()) out["dropped"] += count;
  }
  return out;
}

void Add(const Counts& from, Counts* to) {
  for (const auto& [name, count] : from) (*to)[name] += count;
}

void AddOutputs(const v1::TapReport& report, std::map<std::string, OutputTotals>* outputs) {
  for (const auto& output : report.outputs()) {
    OutputTotals& out = (*outputs)[output.name()];
    out.delivered += output.delivered();
    out.queued += output.queued();
    out.spooled += output.recovered() + output.spooled();
    out.replayed += output.replayed();
    for (const auto& [reason, count] : output.dropped()) out.dropped += count;
    if (!output.trouble().empty()) out.trouble = output.trouble();
  }
}

Counts ReadCounts(const Json& object) {
  Counts out;
  if (!object.is_object()) return out;
  for (const auto& [name, value] : object.items()) {
    const bool counts = value.is_number_unsigned() && name != "observedGeneration";
    if (counts) out[name] = value.get<uint64_t>();
    if ((name != kOrphans && name != kVerdicts) || !value.is_object()) continue;
    for (const auto& [member, count] : value.items()) {
      if (count.is_number_unsigned()) out[name + "." + member] = count.get<uint64_t>();
    }
  }
  return out;
}

void WriteCounts(const Counts& counts, Json* out) {
  for (const char* name : {"records", "pairs", "orphans", "open", "dropped", "lostEntries",
                           "brokenStreams", "overBudget"}) {
    const auto found = counts.find(name);
    (*out)[name] = found == counts.end() ? 0 : found->second;
  }
  for (const auto& [name, count] : counts) {
    const size_t dot = name.find('.');
    const bool grouped = dot != std::string::npos && count > 0;
    if (grouped) (*out)[name.substr(0, dot)][name.substr(dot + 1)] = count;
  }
}

const Json& Member(const Json& object, const char* name) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

std::set<std::string> SplitInstances(const Json& text) {
  std::set<std::string> out;
  if (!text.is_string()) return out;
  const std::string all = text.get<std::string>();
  for (size_t begin = 0; begin < all.size();) {
    const size_t end = std::min(all.find(',', begin), all.size());
    out.insert(all.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

// What instances that are gone without a last report had counted. `still` is the sum over those that
// were counted before and are still here: what the former total held beyond it has gone with the
// others. An instance counts on, so the difference may fall short and never exceeds the truth.
Counts Before(const Json& status, const Counts& still) {
  const Json& collector = Member(status, "collector");
  Counts before = ReadCounts(Member(collector, "before"));
  for (const auto& [name, total] : ReadCounts(status)) {
    const auto found = still.find(name);
    const uint64_t here = found == still.end() ? 0 : found->second;
    if (total > here) before[name] = std::max(before[name], total - here);
  }
  return before;
}

// Null: it has none.
const v1::TapReport* Find(const std::string& tap, const std::string& uid,
                          const v1::CollectorReport& report) {
  const auto& taps = report.taps();
  auto found = std::lower_bound(taps.begin(), taps.end(), tap,
                                [](const auto& one, const auto& name) { return one.tap() < name; });
  for (; found != taps.end() && found->tap() == tap; ++found) {
    if (found->uid() == uid) return &*found;
  }
  return nullptr;
}

void AddFaults(const std::string& tap, const v1::CollectorReport& report, TapTotals* out) {
  for (const auto& fault : report.faults()) {
    if (fault.tap() == tap) out->faults.push_back(fault.message());
  }
}

// What is so as long as the collector lives.
void AddState(const v1::TapReport& report, TapTotals* out) {
  AddOutputs(report, &out->outputs);
  out->generation = out->generation == 0 ? report.generation()
                                         : std::min<int64_t>(out->generation, report.generation());
  out->proxies += report.proxies();
  out->completed = out->completed || report.completed();
  if (!report.has_recorder()) return;
  out->recorder = report.recorder();
  out->recorder->clear_dumps();
}

}  // namespace

TapTotals AddUp(const std::string& tap, const std::string& uid, const Reports& reports,
                const Json& status) {
  TapTotals out;
  const Json& collector = Member(status, "collector");
  const auto former = SplitInstances(Member(collector, "instances"));
  const auto former_ended = SplitInstances(Member(collector, "ended"));
  std::set<std::string> instances, ended;
  Counts still, last;
  for (const auto& shared : reports) {
    const v1::CollectorReport& report = *shared;
    if (!report.final()) AddFaults(tap, report, &out);
    const v1::TapReport* found = Find(tap, uid, report);
    if (!report.final()) {
      out.in_force = found != nullptr && (out.in_force || !out.connected);
      out.connected = true;
    }
    if (found == nullptr) continue;
    const Counts counts = CountsOf(*found);
    const auto& dumps = found->recorder().dumps();
    out.dumps.insert(out.dumps.end(), dumps.begin(), dumps.end());
    if (former.contains(report.instance())) Add(counts, &still);
    if (report.final()) {
      if (!former_ended.contains(report.instance())) Add(counts, &last);
      ended.insert(report.instance());
      continue;
    }
    Add(counts, &out.counts);
    instances.insert(report.instance());
    AddState(*found, &out);
  }
  const bool nobody = instances.empty() && ended.empty();
  // With nobody there the memory stays as it is, for the same instance may come back.
  if (instances.empty()) {
    std::set_difference(former.begin(), former.end(), ended.begin(), ended.end(),
                        std::inserter(instances, instances.end()));
  }
  out.before =
      instances == former ? ReadCounts(Member(collector, "before")) : Before(status, still);
  Add(last, &out.before);
  if (nobody) {
    out.counts = ReadCounts(status);
  } else {
    Add(out.before, &out.counts);
  }
  out.instances = fmt::format("{}", fmt::join(instances, ","));
  out.ended = fmt::format("{}", fmt::join(ended, ","));
  // Stays until there is another one, whatever becomes of the limit meanwhile.
  const Json& leases = Member(collector, "leases");
  if (leases.is_string()) out.leases = leases.get<std::string>();
  return out;
}

void WriteTotals(const TapTotals& totals, Json* status) {
  WriteCounts(totals.counts, status);
  Json before = Json::object();
  WriteCounts(totals.before, &before);
  (*status)["collector"] = {
      {"instances", totals.instances}, {"ended", totals.ended}, {"before", before}};
  if (!totals.leases.empty()) (*status)["collector"]["leases"] = totals.leases;
}

}  // namespace traffictap::reconcilers
