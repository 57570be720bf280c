// SPDX-License-Identifier: Apache-2.0
#include "cli/print/time_line.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "cli/print/cell_text.h"
#include "cli/print/visible_text.h"
#include "fmt/format.h"
#include "observe/explanation.h"
#include "observe/time_parts.h"

namespace traffictap::cli::print {
namespace {

using Pair = v1::TrafficPair;
using v1::Side;

constexpr size_t kLabelColumns = 22;
constexpr size_t kSideColumns = 20;
constexpr size_t kWidthMin = 60;
constexpr size_t kWidthMax = 110;
constexpr size_t kWidthUnknown = 100;

struct NamedSide {
  std::string name;
  const Side* side;
};

// Of one side in a row of the table.
using Cell = std::string (*)(const Side&);
struct Row {
  const char* label;
  Cell cell;
};

std::optional<double> If(bool known, double ms) { return known ? std::optional(ms) : std::nullopt; }
std::string OrDash(const std::string& text) { return text.empty() ? "-" : VisibleText(text); }

std::string Flags(const Side& side) {
  return OrDash(fmt::format("{}", fmt::join(side.flags(), ",")));
}

std::string Code(const Side& side) {
  return side.code() == 0 ? "0 (no response)" : fmt::format("{}", side.code());
}

std::string Bytes(uint64_t received, uint64_t sent) {
  return received + sent == 0 ? "-" : fmt::format("{}/{}", received, sent);
}

// A side that the reader may not see is only its code.
constexpr Row kSayings[] = {
    {"code", Code},
    {"details", [](const Side& s) { return OrDash(s.code_details()); }},
    {"flags", Flags},
    {"pod", [](const Side& s) { return s.reduced() ? "(hidden)" : OrDash(s.pod()); }},
    {"bytes in/out",
     [](const Side& s) {
       return Bytes(s.downstream_wire_bytes_received(), s.downstream_wire_bytes_sent());
     }},
    {"called from", [](const Side& s) { return OrDash(s.downstream_direct_remote()); }},
    {"called on", [](const Side& s) { return OrDash(s.upstream_remote()); }},
    {"upstream failure", [](const Side& s) { return OrDash(s.upstream_transport_failure()); }},
    {"connection ended", [](const Side& s) { return OrDash(s.connection_termination()); }},
};

constexpr Row kMoments[] = {
    {"request received",
     [](const Side& s) { return DurationText(If(s.has_last_rx_byte_ms(), s.last_rx_byte_ms())); }},
    {"first byte onward",
     [](const Side& s) {
       return DurationText(If(s.has_first_upstream_tx_byte_ms(), s.first_upstream_tx_byte_ms()));
     }},
    {"request sent on",
     [](const Side& s) {
       return DurationText(If(s.has_last_upstream_tx_byte_ms(), s.last_upstream_tx_byte_ms()));
     }},
    {"answer's first byte",
     [](const Side& s) {
       return DurationText(If(s.has_first_upstream_rx_byte_ms(), s.first_upstream_rx_byte_ms()));
     }},
    {"answer received",
     [](const Side& s) {
       return DurationText(If(s.has_last_upstream_rx_byte_ms(), s.last_upstream_rx_byte_ms()));
     }},
    {"answer sent",
     [](const Side& s) {
       return DurationText(If(s.has_last_downstream_tx_byte_ms(), s.last_downstream_tx_byte_ms()));
     }},
    {"total", [](const Side& s) { return DurationText(If(s.has_duration_ms(), s.duration_ms())); }},
};

// Each side by the name of its lane on the time line.
std::vector<NamedSide> SidesOf(const Pair& pair) {
  std::vector<NamedSide> out;
  if (pair.has_client()) out.push_back({"client", &pair.client()});
  for (int i = 0; i < pair.server_size(); ++i) {
    out.push_back({observe::ServerName(pair, i), &pair.server(i)});
  }
  return out;
}

class TimeLine {
 public:
  TimeLine(const Pair& pair, const Page& page)
      : pair_(pair), page_(page), told_(observe::Explain(pair)), sides_(SidesOf(pair)) {
    const size_t columns = page.columns > 0 ? page.columns : kWidthUnknown;
    width_ = std::clamp(columns, kWidthMin, kWidthMax);
  }

  std::string Text() {
    Head();
    Blame();
    Table();
    Bars();
    WhereTheTimeWent();
    Meanings();
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void Line(fmt::format_string<Args...> format, Args&&... args) {
    out_ += fmt::format(format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  std::string InTone(const std::string& text) const {
    return page_.color ? Colored(text, ToneOf(pair_)) : text;
  }

  static std::string End(const v1::Workload& end) {
    return end.pod().empty() ? EndText(end) : EndText(end) + " (" + VisibleText(end.pod()) + ")";
  }

  void Head() {
    const auto& request = pair_.request();
    const bool tcp = request.protocol() == "TCP";
    const std::string where =
        tcp ? pair_.destination().address()
            : fmt::format("{}://{}{}", request.scheme(), request.authority(), request.path());
    Line("{} {}", MethodText(pair_), VisibleText(where));
    Line("  {} {} {}", End(pair_.source()), ArrowText(pair_), End(pair_.destination()));
    Line("  at {}, {}", InstantText(pair_), OrDash(request.protocol()));
    Line("  request id {}, record {}, tap {}", OrDash(request.id()), OrDash(pair_.id()),
         OrDash(pair_.tap()));
  }

  void Blame() {
    Line("\n{}{}", InTone(VerdictText(pair_)),
         told_.blame.empty() ? "" : fmt::format(": {}", told_.blame));
    if (!told_.cause.empty()) Line("{}", VisibleText(told_.cause));
    if (!told_.missing.empty()) Line("{}", VisibleText(told_.missing));
  }

  // As many sides as fit, the client's and the last attempts first.
  std::vector<NamedSide> FittingSides() const {
    const size_t room = std::max<size_t>(2, (width_ - kLabelColumns) / kSideColumns);
    std::vector<NamedSide> out = sides_;
    const auto first_server = pair_.has_client() ? 1 : 0;
    while (out.size() > room) out.erase(out.begin() + first_server);
    return out;
  }

  void Rows(const std::vector<NamedSide>& sides, std::span<const Row> rows) {
    for (const Row& row : rows) {
      std::string line = "  " + PadText(row.label, kLabelColumns - 2);
      bool known = false;
      for (const auto& side : sides) {
        const std::string cell = row.cell(*side.side);
        known = known || cell != "-";
        line += PadText(FitText(cell, kSideColumns - 1), kSideColumns);
      }
      while (line.ends_with(' ')) line.pop_back();
      if (known) Line("{}", line);
    }
  }

  void Table() {
    const auto sides = FittingSides();
    std::string head = std::string(kLabelColumns, ' ');
    for (const auto& side : sides) head += PadText(side.name, kSideColumns);
    while (head.ends_with(' ')) head.pop_back();
    Line("\n{}", head);
    const bool tcp = pair_.request().protocol() == "TCP";
    Rows(sides, std::span(kSayings).subspan(tcp ? 1 : 0));
    Line("  after its start");
    Rows(sides, kMoments);
  }

  void Bars() {
    double total = 0;
    for (const auto& lane : told_.lanes) total = std::max(total, lane.begin_ms + lane.duration_ms);
    if (total <= 0) return;
    Line("");
    const size_t room = width_ - kLabelColumns - 10;
    for (const auto& lane : told_.lanes) {
      const auto at = [&](double ms) {
        return static_cast<size_t>(
            std::lround(std::clamp(ms / total, 0.0, 1.0) * static_cast<double>(room)));
      };
      const size_t begin = std::min(at(lane.begin_ms), room - 1);
      const size_t end = std::max(at(lane.begin_ms + lane.duration_ms), begin + 1);
      std::string bar(begin, ' ');
      for (size_t i = begin; i < end; ++i) bar += "█";
      Line("  {}{}{}", PadText(lane.name, kLabelColumns - 2), PadText(bar, room + 1),
           DurationText(lane.duration_ms));
    }
  }

  void Part(double ms, std::string_view what) {
    const double total = pair_.timings().client_ms();
    const std::string share = total > 0 ? fmt::format("{:.0f}%", ms / total * 100) : std::string();
    Line("  {:>8} {:>5}  {}", DurationText(ms), share, what);
  }

  void WhereTheTimeWent() {
    if (told_.parts.empty()) return;
    Line("\nWhere the time went");
    Part(pair_.timings().client_ms(), "in all, as the client's proxy saw it; of this");
    for (const auto& part : told_.parts) Part(part.ms, part.name);
    if (!told_.note.empty()) Line("  {}", told_.note);
  }

  void Meanings() {
    if (told_.flags.empty()) return;
    Line("\nFlags");
    for (const auto& [flag, meaning] : told_.flags) {
      Line("  {} {}", PadText(VisibleText(flag), 6),
           meaning.empty() ? "newer than this program: see Envoy's %RESPONSE_FLAGS%" : meaning);
    }
  }

  const Pair& pair_;
  const Page& page_;
  const observe::Explanation told_;
  const std::vector<NamedSide> sides_;
  size_t width_ = 0;
  std::string out_;
};

}  // namespace

std::string TimeLineText(const Pair& pair, const Page& page) { return TimeLine(pair, page).Text(); }

}  // namespace traffictap::cli::print
