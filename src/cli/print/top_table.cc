// SPDX-License-Identifier: Apache-2.0
#include "cli/print/top_table.h"

#include <algorithm>
#include <vector>

#include "cli/print/cell_text.h"
#include "cli/print/visible_text.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace traffictap::cli::print {
namespace {

using Json = nlohmann::json;

constexpr size_t kNumbersColumns = 83;  // of all columns but the names, with their blanks
constexpr size_t kNameMin = 12;
constexpr double kErrorsBad = 0.05;

struct Latency {
  std::optional<double> p50;
  std::optional<double> p99;
};

struct Group {
  std::string source;
  std::string destination;
  std::string route;  // "GET /cart/{id}", empty by edge
  double rate = 0;
  double requests = 0;
  double errors = 0;
  bool estimated = false;  // from a sample
  Latency client;
  Latency server;
  Latency between;
  double error_share() const { return requests > 0 ? errors / requests : 0; }
  const char* about() const { return estimated ? "≈" : ""; }
};

std::string Text(const Json& json, const char* name) {
  const auto found = json.is_object() ? json.find(name) : json.end();
  return found != json.end() && found->is_string() ? VisibleText(found->get<std::string>())
                                                   : std::string();
}

std::optional<double> Number(const Json& json, const char* name) {
  const auto found = json.is_object() ? json.find(name) : json.end();
  if (found == json.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

const Json& Part(const Json& json, const char* name) {
  static const Json none;
  const auto found = json.is_object() ? json.find(name) : json.end();
  return found != json.end() ? *found : none;
}

std::string EndOf(const Json& end) {
  const std::string name = Text(end, "name").empty() ? "?" : Text(end, "name");
  const std::string version = Text(end, "version");
  const std::string whole = version.empty() ? name : name + " " + version;
  return Text(end, "namespace").empty() ? whole : Text(end, "namespace") + "/" + whole;
}

Latency LatencyOf(const Json& group, const char* name) {
  const Json& json = Part(group, name);
  return {Number(json, "p50"), Number(json, "p99")};
}

Group GroupOf(const Json& json) {
  Group out;
  out.source = EndOf(Part(json, "source"));
  out.destination = EndOf(Part(json, "destination"));
  out.route = Text(json, "method");
  if (!Text(json, "route").empty()) out.route += " " + Text(json, "route");
  out.rate = Number(json, "rate").value_or(0);
  const auto estimate = Number(json, "requests");
  out.estimated = estimate.has_value();
  out.requests = estimate ? *estimate : Number(json, "records").value_or(0);
  out.errors = Number(json, "errors").value_or(0);
  out.client = LatencyOf(json, "clientMs");
  out.server = LatencyOf(json, "serverMs");
  out.between = LatencyOf(json, "betweenMs");
  return out;
}

// What the groups are ordered by, the largest first.
double SortValue(const Group& group, const std::string& sort) {
  if (sort == "errors") return group.error_share();
  if (sort == "client") return group.client.p99.value_or(-1);
  if (sort == "server") return group.server.p99.value_or(-1);
  if (sort == "between") return group.between.p99.value_or(-1);
  return sort == "name" ? 0 : group.rate;
}

std::string NameOf(const Group& group) {
  return group.source + "\n" + group.destination + "\n" + group.route;
}

std::string RateText(double rate) {
  if (rate >= 1000) return fmt::format("{:.1f}k/s", rate / 1000);
  return fmt::format("{:.{}f}/s", rate, rate >= 10 ? 0 : rate >= 1 ? 1 : 2);
}

std::string ShareText(const Group& group) {
  if (group.errors == 0) return "0%";
  const double percent = group.error_share() * 100;
  return percent < 0.1 ? "<0.1%" : fmt::format("{}{:.1f}%", group.about(), percent);
}

Tone ToneOf(const Group& group) {
  if (group.errors == 0) return Tone::kPlain;
  return group.error_share() >= kErrorsBad ? Tone::kBad : Tone::kWarning;
}

class TopTable {
 public:
  TopTable(const TopOptions& options, const Page& page) : options_(options), page_(page) {
    const size_t parts = options.by == "route" ? 4 : 2;  // a route has two parts
    if (page.columns > 0) {
      const size_t room = std::max(page.columns, kNumbersColumns) - kNumbersColumns;
      name_columns_ = std::max(kNameMin, room / parts);
    }
  }

  std::string Text(const std::vector<Group>& groups) {
    Widen(groups);
    if (page_.header) {
      Line(Names("SOURCE", "DESTINATION", options_.by == "route" ? "ROUTE" : ""),
           {"RATE", "RECORDS", "ERRORS", "CLIENT P50", "P99", "SERVER P50", "P99", "BETWEEN P50",
            "P99"},
           Tone::kPlain);
    }
    for (const Group& group : groups) {
      Line(Names(group.source, group.destination, group.route),
           {group.about() + RateText(group.rate),
            fmt::format("{}{:.0f}", group.about(), group.requests), ShareText(group),
            DurationText(group.client.p50), DurationText(group.client.p99),
            DurationText(group.server.p50), DurationText(group.server.p99),
            DurationText(group.between.p50), DurationText(group.between.p99)},
           page_.color ? ToneOf(group) : Tone::kPlain);
    }
    return std::move(out_);
  }

 private:
  // Without a terminal's width the names take what they need.
  void Widen(const std::vector<Group>& groups) {
    for (const Group& group : groups) {
      source_columns_ = std::max(source_columns_, TextColumns(group.source));
      destination_columns_ = std::max(destination_columns_, TextColumns(group.destination));
      route_columns_ = std::max(route_columns_, TextColumns(group.route));
    }
    if (name_columns_ == 0) return;
    source_columns_ = std::min(source_columns_, name_columns_);
    destination_columns_ = std::min(destination_columns_, name_columns_);
    route_columns_ = std::min(route_columns_, 2 * name_columns_);
  }

  std::string Names(const std::string& source, const std::string& destination,
                    const std::string& route) const {
    const auto sized = [](const std::string& text, size_t columns) {
      return PadText(FitText(text, columns), columns);
    };
    std::string out = sized(source, source_columns_) + (source == "SOURCE" ? "   " : " → ") +
                      sized(destination, destination_columns_);
    return options_.by == "route" ? out + "  " + sized(route, route_columns_) : out;
  }

  void Line(const std::string& names, const std::vector<std::string>& numbers, Tone tone) {
    static constexpr size_t kColumns[] = {8, 8, 7, 11, 8, 11, 8, 12, 8};
    out_ += names;
    for (size_t i = 0; i < numbers.size(); ++i) {
      const std::string cell = fmt::format("{:>{}}", numbers[i], kColumns[i]);
      out_ += i == 2 ? Colored(cell, tone) : cell;
    }
    out_ += '\n';
  }

  const TopOptions& options_;
  const Page& page_;
  size_t name_columns_ = 0;  // 0: as wide as they are
  size_t source_columns_ = 6;
  size_t destination_columns_ = 11;
  size_t route_columns_ = 5;
  std::string out_;
};

// Where a summary has the groups, and what they are called.
struct Kind {
  const char* list;
  const char* left_out;
  const char* heading;
};
Kind KindOf(const std::string& by) {
  if (by == "edge") return {"edges", "edgesLeftOut", "edges"};
  if (by == "route") return {"routes", "routesLeftOut", "routes"};
  const char* heading = by == "zone"      ? "pairs of zones"
                        : by == "version" ? "pairs of versions"
                                          : "pairs of pods";
  return {"groups", "groupsLeftOut", heading};
}

std::string HeadOf(const Json& summary, size_t groups, size_t shown, const TopOptions& options) {
  const Kind kind = KindOf(options.by);
  const double seconds = Number(summary, "windowMs").value_or(0) / 1000;
  std::string out =
      fmt::format("{:.0f} records of {:.0f} s", Number(summary, "records").value_or(0), seconds);
  if (const auto requests = Number(summary, "requests")) {
    out += fmt::format(", for ≈{:.0f} requests by sampling", *requests);
  }
  out += fmt::format(", {} {}", groups, kind.heading);
  const auto left_out = Number(summary, kind.left_out);
  if (shown < groups) out += fmt::format(", the first {} of them", shown);
  if (left_out.value_or(0) > 0) out += fmt::format(", {:.0f} records of others", *left_out);
  return out + "\n";
}

}  // namespace

StatusOr<std::string> TopText(std::string_view summary, const TopOptions& options,
                              const Page& page) {
  const Json json = Json::parse(summary.begin(), summary.end(), nullptr, false);
  const Json& list = Part(json, KindOf(options.by).list);
  if (!list.is_array()) return absl::InvalidArgumentError("read summary: no groups are in it");
  std::vector<Group> groups;
  for (const Json& each : list) groups.push_back(GroupOf(each));
  std::sort(groups.begin(), groups.end(), [&](const Group& a, const Group& b) {
    const double left = SortValue(a, options.sort);
    const double right = SortValue(b, options.sort);
    return left != right ? left > right : NameOf(a) < NameOf(b);
  });
  const size_t all = groups.size();
  if (options.rows_max > 0 && all > options.rows_max) groups.resize(options.rows_max);
  const std::string head = page.header ? HeadOf(json, all, groups.size(), options) : std::string();
  return head + TopTable(options, page).Text(groups);
}

std::string LeftOutText(std::string_view state, const std::vector<std::string>& taps) {
  constexpr size_t kEdgesShown = 3;
  std::string out;
  const Json json = Json::parse(state.begin(), state.end(), nullptr, false);
  for (const Json& tap : Part(json, "taps")) {
    const std::string name = Text(tap, "tap");
    const Json& edges = Part(Part(tap, "limitedEdges"), "edges");
    if (!taps.empty() && std::find(taps.begin(), taps.end(), name) == taps.end()) continue;
    if (!edges.is_array() || edges.empty()) continue;
    double rest = Number(Part(tap, "limitedEdges"), "others").value_or(0);
    out += fmt::format("left out by maxRecordsPerSecond of tap {} since it began:", name);
    for (size_t i = 0; i < edges.size(); ++i) {
      const double records = Number(edges[i], "records").value_or(0);
      if (i >= kEdgesShown) {
        rest += records;
        continue;
      }
      out += fmt::format("{} {:.0f} of {} → {}", i == 0 ? "" : ",", records,
                         EndOf(Part(edges[i], "source")), EndOf(Part(edges[i], "destination")));
    }
    out += rest > 0 ? fmt::format(", {:.0f} of other edges\n", rest) : std::string("\n");
  }
  return out;
}

}  // namespace traffictap::cli::print
