// SPDX-License-Identifier: Apache-2.0
#include "cli/print/csv_printer.h"

#include "cli/print/cell_text.h"
#include "cli/print/visible_text.h"
#include "fmt/format.h"
#include "traffic/read_pair.h"

namespace traffictap::cli::print {
namespace {

using Pair = v1::TrafficPair;

struct Column {
  const char* name;
  bool number;  // never a formula: a minus sign in front is its own
  std::string (*value)(const Pair&);
};

std::string NameOf(const v1::Workload& end) { return end.name().empty() ? end.ip() : end.name(); }

std::string Number(std::optional<double> value) {
  return value ? fmt::format("{}", *value) : std::string();
}

std::string Count(uint64_t value) { return fmt::format("{}", value); }

// A connection has none.
std::string Code(const Pair& pair, bool answered, uint32_t code) {
  return answered && pair.request().protocol() != "TCP" ? Count(code) : std::string();
}

std::string ServerCode(const Pair& pair) {
  const int last = pair.server_size() - 1;
  return Code(pair, last >= 0, last >= 0 ? pair.server(last).code() : 0);
}

std::string OffsetMs(const Pair& pair) {
  const auto& timings = pair.timings();
  return timings.has_clock_offset_ms() ? Number(timings.clock_offset_ms()) : std::string();
}

// src/web/ui/src/export.ts has the same ones in the same order.
constexpr Column kColumns[] = {
    {"time", false, [](const Pair& p) { return InstantText(p); }},
    {"tap", false, [](const Pair& p) { return p.tap(); }},
    {"id", false, [](const Pair& p) { return p.id(); }},
    {"requestId", false, [](const Pair& p) { return p.request().id(); }},
    {"verdict", false, [](const Pair& p) { return p.verdict(); }},
    {"orphanReason", false, [](const Pair& p) { return p.orphan_reason(); }},
    {"reporter", false, [](const Pair& p) { return p.reporter(); }},
    {"sourceNamespace", false, [](const Pair& p) { return p.source().namespace_(); }},
    {"source", false, [](const Pair& p) { return NameOf(p.source()); }},
    {"destinationNamespace", false, [](const Pair& p) { return p.destination().namespace_(); }},
    {"destination", false, [](const Pair& p) { return NameOf(p.destination()); }},
    {"service", false, [](const Pair& p) { return p.destination().service(); }},
    {"protocol", false, [](const Pair& p) { return p.request().protocol(); }},
    {"method", false, [](const Pair& p) { return p.request().method(); }},
    {"authority", false, [](const Pair& p) { return p.request().authority(); }},
    {"path", false, [](const Pair& p) { return p.request().path(); }},
    {"code", true, [](const Pair& p) { return Code(p, true, p.response().code()); }},
    {"clientCode", true, [](const Pair& p) { return Code(p, p.has_client(), p.client().code()); }},
    {"serverCode", true, ServerCode},
    {"grpcStatus", false, [](const Pair& p) { return p.response().grpc_status(); }},
    {"flags", false, [](const Pair& p) { return JoinFlags(p, ' '); }},
    {"attempts", true, [](const Pair& p) { return Count(static_cast<uint64_t>(p.server_size())); }},
    {"clientMs", true, [](const Pair& p) { return Number(ClientMs(p)); }},
    {"serverMs", true, [](const Pair& p) { return Number(ServerMs(p)); }},
    {"betweenMs", true, [](const Pair& p) { return Number(BetweenMs(p)); }},
    {"clockOffsetMs", true, OffsetMs},
    {"requestBytes", true, [](const Pair& p) { return Count(p.request().body_bytes()); }},
    {"responseBytes", true, [](const Pair& p) { return Count(p.response().body_bytes()); }},
    {"state", false, [](const Pair& p) { return p.state(); }},
    {"weight", true, [](const Pair& p) { return Number(traffic::WeightOf(p)); }},
};

std::string Quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

// What a spreadsheet could run begins with one of these (OWASP: CSV injection).
std::string Guarded(const std::string& text) {
  const bool formula =
      !text.empty() && std::string_view("=+-@\t\r\n").find(text[0]) != std::string_view::npos;
  return formula ? "'" + text : text;
}

class CsvPrinter final : public Printer {
 public:
  explicit CsvPrinter(const Page& page) : page_(page) {}

  Status Print(std::string_view line, std::string* out) override {
    const auto pair = traffic::ReadPair(line);
    if (!pair.ok()) return pair.status();
    Head(out);
    AppendLine(out, [&](const Column& column) { return Cell(column, *pair); });
    return absl::OkStatus();
  }

  void Finish(std::string* out) override { Head(out); }

 private:
  void Head(std::string* out) {
    if (page_.header && !headed_) {
      AppendLine(out, [](const Column& column) { return std::string(column.name); });
    }
    headed_ = true;
  }

  std::string Cell(const Column& column, const Pair& pair) const {
    const std::string value = column.value(pair);
    if (column.number) return value;
    return Quoted(Guarded(page_.terminal ? VisibleText(value) : value));
  }

  template <typename Cell>
  static void AppendLine(std::string* out, Cell cell) {
    for (const Column& column : kColumns) {
      if (&column != kColumns) *out += ',';
      *out += cell(column);
    }
    *out += "\r\n";
  }

  const Page page_;
  bool headed_ = false;
};

}  // namespace

std::unique_ptr<Printer> MakeCsvPrinter(const Page& page) {
  return std::make_unique<CsvPrinter>(page);
}

}  // namespace traffictap::cli::print
