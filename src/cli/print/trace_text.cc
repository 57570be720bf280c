// SPDX-License-Identifier: Apache-2.0
#include "cli/print/trace_text.h"

#include <algorithm>
#include <array>

#include "cli/print/cell_text.h"
#include "cli/print/visible_text.h"
#include "fmt/format.h"
#include "observe/trace_tree.h"

namespace traffictap::cli::print {
namespace {

using observe::TraceHop;

constexpr size_t kDeepest = 40;  // levels that are drawn apart

struct Line {
  std::string name;
  std::array<std::string, 6> cells;
  Tone tone = Tone::kPlain;
};

class Lines {
 public:
  Lines(const std::vector<v1::TrafficPair>& records, const observe::TraceTree& tree)
      : records_(records), tree_(tree) {
    for (const auto& root : tree_.roots) AddRoot(root);
  }
  std::vector<Line> Take() { return std::move(lines_); }

 private:
  // Depth first, and not by recursion: a file may hold a chain of any length.
  void AddRoot(const observe::TraceRoot& root) {
    const std::string caller = VisibleText(root.caller.empty() ? "unknown" : root.caller);
    lines_.push_back({root.gap.empty() ? caller : fmt::format("{} ({})", caller, root.gap), {}});
    struct Pending {
      size_t hop;
      size_t depth;
      std::string stem;
      bool last;
    };
    std::vector<Pending> pending;
    const auto push = [&](const std::vector<size_t>& hops, size_t depth, const std::string& stem) {
      for (size_t i = hops.size(); i-- > 0;) {
        pending.push_back({hops[i], depth, stem, i + 1 == hops.size()});
      }
    };
    push(root.hops, 0, "");
    while (!pending.empty()) {
      const Pending now = std::move(pending.back());
      pending.pop_back();
      AddHop(now.hop, now.stem + (now.last ? "└─ " : "├─ "));
      const bool deeper = now.depth < kDeepest;
      push(tree_.hops[now.hop].children, now.depth + 1,
           deeper ? now.stem + (now.last ? "   " : "│  ") : now.stem);
    }
  }

  void AddHop(size_t index, const std::string& stem) {
    const auto& record = records_[index];
    const TraceHop& hop = tree_.hops[index];
    const std::string& grpc = record.response().grpc_status();
    Line line;
    line.name = fmt::format("{}{} {} {}", stem, EndText(record.destination()), MethodText(record),
                            PathText(record));
    line.cells = {grpc.empty() || grpc == "OK" ? CodesText(record) : VisibleText(grpc),
                  VerdictText(record),
                  DurationText(hop.total_ms),
                  DurationText(hop.self_ms),
                  DurationText(BetweenMs(record)),
                  LinkText(record, hop)};
    line.tone = ToneOf(record);
    lines_.push_back(std::move(line));
  }

  // With the reason where a side is missing, since that is why less is known.
  static std::string LinkText(const v1::TrafficPair& record, const TraceHop& hop) {
    const std::string link = ToString(hop.link);
    if (record.orphan_reason().empty()) return link;
    const std::string reason = VisibleText(record.orphan_reason());
    return link.empty() ? reason : fmt::format("{}, {}", link, reason);
  }

  const std::vector<v1::TrafficPair>& records_;
  const observe::TraceTree& tree_;
  std::vector<Line> lines_;
};

}  // namespace

std::string TraceText(const std::vector<v1::TrafficPair>& records, const Page& page) {
  constexpr std::array<size_t, 6> kColumns = {6, 16, 9, 9, 9, 0};
  const observe::TraceTree tree = observe::MakeTraceTree(records);
  std::vector<Line> lines = Lines(records, tree).Take();
  if (page.header) {
    lines.insert(
        lines.begin(),
        Line{"CALL", {"CODE", "VERDICT", "TOTAL", "SELF", "BETWEEN", "PLACED BY"}, Tone::kPlain});
  }
  constexpr size_t kFigures = 56;  // all columns but the first and the last, and what is between
  constexpr size_t kNarrowest = 20;
  size_t widest = 0;
  size_t others = 0;
  for (const Line& line : lines) {
    if (line.cells[0].empty()) continue;
    widest = std::max(widest, TextColumns(line.name));
    others = std::max(others, kFigures + 2 + TextColumns(line.cells.back()));
  }
  if (page.columns > others + kNarrowest) widest = std::min(widest, page.columns - others);
  std::string out;
  for (const Line& line : lines) {
    if (line.cells[0].empty()) {
      out += line.name + "\n";
      continue;
    }
    out += PadText(FitText(line.name, widest), widest);
    for (size_t i = 0; i < line.cells.size(); ++i) {
      const bool figure = i >= 2 && i <= 4;
      const std::string cell = figure ? fmt::format("{:>{}}", line.cells[i], kColumns[i])
                                      : PadText(line.cells[i], kColumns[i]);
      out += (figure ? " " : "  ") + (i == 1 && page.color ? Colored(cell, line.tone) : cell);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

}  // namespace traffictap::cli::print
