// SPDX-License-Identifier: Apache-2.0
#include "cli/print/table_printer.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "cli/print/cell_text.h"
#include "cli/print/visible_text.h"
#include "fmt/format.h"
#include "traffic/read_pair.h"

namespace traffictap::cli::print {
namespace {

using Pair = v1::TrafficPair;

constexpr size_t kWidthUnknown = 140;  // what columns are laid out for where nothing is cut

struct Column {
  const char* heading;
  size_t columns;    // the least where `weight` is set
  size_t weight;     // its share of the columns that are left; 0: none
  size_t leave_out;  // narrow terminals do without the highest first; 0: never
  bool colored;      // in the tone of the record
  std::string (*text)(const Pair&, const Page&);
};

std::string Client(const Pair& pair, const Page&) { return DurationText(ClientMs(pair)); }
std::string Server(const Pair& pair, const Page&) { return DurationText(ServerMs(pair)); }
std::string Between(const Pair& pair, const Page&) { return DurationText(BetweenMs(pair)); }
std::string Time(const Pair& pair, const Page& page) { return ClockText(pair, page.utc); }
std::string Source(const Pair& pair, const Page&) { return EndText(pair.source()); }
std::string Arrow(const Pair& pair, const Page&) { return ArrowText(pair); }
std::string Destination(const Pair& pair, const Page&) { return EndText(pair.destination()); }
std::string MethodOf(const Pair& pair, const Page&) { return MethodText(pair); }
std::string Path(const Pair& pair, const Page&) { return PathText(pair); }
std::string Codes(const Pair& pair, const Page&) { return CodesText(pair); }
std::string VerdictOf(const Pair& pair, const Page&) { return VerdictText(pair); }

const std::vector<Column>& TableColumns() {
  static const std::vector<Column> columns = {
      {"TIME", 12, 0, 3, false, Time},      {"SOURCE", 10, 2, 0, false, Source},
      {"", 2, 0, 0, true, Arrow},           {"DESTINATION", 11, 2, 0, false, Destination},
      {"METHOD", 7, 0, 0, false, MethodOf}, {"PATH", 12, 4, 0, false, Path},
      {"CODE", 7, 0, 0, true, Codes},       {"VERDICT", 14, 0, 2, true, VerdictOf},
      {"CLIENT", 7, 0, 0, false, Client},   {"SERVER", 7, 0, 4, false, Server},
      {"BETWEEN", 7, 0, 5, false, Between},
  };
  return columns;
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }
std::string Bytes(uint64_t bytes) { return fmt::format("{}", bytes); }

const std::vector<Column>& WideColumns() {
  static const std::vector<Column> columns = {
      {"TIME", 24, 0, 0, false, [](const Pair& p, const Page&) { return OrDash(InstantText(p)); }},
      {"SOURCE", 24, 0, 0, false, Source},
      {"SOURCE POD", 32, 0, 0, false,
       [](const Pair& p, const Page&) { return OrDash(VisibleText(p.source().pod())); }},
      {"", 2, 0, 0, true, Arrow},
      {"DESTINATION", 24, 0, 0, false, Destination},
      {"DESTINATION POD", 32, 0, 0, false,
       [](const Pair& p, const Page&) { return OrDash(VisibleText(p.destination().pod())); }},
      {"PROTOCOL", 8, 0, 0, false,
       [](const Pair& p, const Page&) { return OrDash(VisibleText(p.request().protocol())); }},
      {"METHOD", 7, 0, 0, false, MethodOf},
      {"AUTHORITY", 24, 0, 0, false,
       [](const Pair& p, const Page&) { return OrDash(VisibleText(p.request().authority())); }},
      {"PATH", 32, 0, 0, false, Path},
      {"CODE", 7, 0, 0, true, Codes},
      {"FLAGS", 5, 0, 0, true,
       [](const Pair& p, const Page&) { return OrDash(VisibleText(JoinFlags(p, ','))); }},
      {"VERDICT", 14, 0, 0, true, VerdictOf},
      {"ORPHAN", 19, 0, 0, true,
       [](const Pair& p, const Page&) { return OrDash(VisibleText(p.orphan_reason())); }},
      {"CLIENT", 7, 0, 0, false, Client},
      {"SERVER", 7, 0, 0, false, Server},
      {"BETWEEN", 7, 0, 0, false, Between},
      {"TRIES", 5, 0, 0, false,
       [](const Pair& p, const Page&) { return fmt::format("{}", p.server_size()); }},
      {"BYTES IN", 8, 0, 0, false,
       [](const Pair& p, const Page&) { return Bytes(p.request().body_bytes()); }},
      {"BYTES OUT", 9, 0, 0, false,
       [](const Pair& p, const Page&) { return Bytes(p.response().body_bytes()); }},
      {"REQUEST ID", 36, 0, 0, false,
       [](const Pair& p, const Page&) { return OrDash(VisibleText(p.request().id())); }},
      {"TAP", 12, 0, 0, false, [](const Pair& p, const Page&) { return VisibleText(p.tap()); }},
  };
  return columns;
}

size_t LineColumns(const std::vector<Column>& columns) {
  return std::accumulate(columns.begin(), columns.end(), columns.size() - 1,
                         [](size_t sum, const Column& column) { return sum + column.columns; });
}

// The columns that a line of `width` has room for, the growing ones grown to fill it.
std::vector<Column> FitColumns(std::vector<Column> columns, size_t width) {
  const auto less = [](const Column& a, const Column& b) { return a.leave_out < b.leave_out; };
  while (LineColumns(columns) > width) {
    const auto least = std::max_element(columns.begin(), columns.end(), less);
    if (least->leave_out == 0) break;
    columns.erase(least);
  }
  const size_t used = LineColumns(columns);
  size_t left = used < width ? width - used : 0;
  size_t weights = 0;
  for (const Column& column : columns) weights += column.weight;
  for (Column& column : columns) {
    if (column.weight == 0) continue;
    const size_t share = left * column.weight / weights;
    column.columns += share;
    left -= share;
    weights -= column.weight;
  }
  return columns;
}

class TablePrinter final : public Printer {
 public:
  TablePrinter(const Page& page, std::vector<Column> columns, bool cut)
      : page_(page), columns_(std::move(columns)), cut_(cut) {}

  Status Print(std::string_view line, std::string* out) override {
    const auto pair = traffic::ReadPair(line);
    if (!pair.ok()) return pair.status();
    if (page_.header && !headed_) AppendHeadings(out);
    headed_ = true;
    const Tone tone = page_.color ? ToneOf(*pair) : Tone::kPlain;
    AppendLine(out, [&](const Column& column) {
      const std::string text = Sized(column.text(*pair, page_), column);
      return column.colored ? Colored(text, tone) : text;
    });
    return absl::OkStatus();
  }

 private:
  std::string Sized(const std::string& text, const Column& column) const {
    const bool last = &column == &columns_.back();
    const std::string fitting = cut_ ? FitText(text, column.columns) : text;
    return last ? fitting : PadText(fitting, column.columns);
  }

  void AppendHeadings(std::string* out) const {
    AppendLine(out, [&](const Column& column) { return Sized(column.heading, column); });
  }

  template <typename Cell>
  void AppendLine(std::string* out, Cell cell) const {
    for (const Column& column : columns_) {
      if (&column != &columns_.front()) *out += ' ';
      *out += cell(column);
    }
    *out += '\n';
  }

  const Page page_;
  const std::vector<Column> columns_;
  const bool cut_;
  bool headed_ = false;
};

}  // namespace

std::unique_ptr<Printer> MakeTablePrinter(const Page& page) {
  const bool cut = page.columns > 0;
  auto columns = FitColumns(TableColumns(), cut ? page.columns : kWidthUnknown);
  return std::make_unique<TablePrinter>(page, std::move(columns), cut);
}

std::unique_ptr<Printer> MakeWidePrinter(const Page& page) {
  return std::make_unique<TablePrinter>(page, WideColumns(), false);
}

}  // namespace traffictap::cli::print
