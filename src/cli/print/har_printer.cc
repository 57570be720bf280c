// SPDX-License-Identifier: Apache-2.0
#include "cli/print/har_printer.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "cli/print/cell_text.h"
#include "cli/print/har_url.h"
#include "cli/print/visible_text.h"
#include "nlohmann/json.hpp"
#include "traffic/read_pair.h"

namespace traffictap::cli::print {
namespace {

using Json = nlohmann::ordered_json;
using Pair = v1::TrafficPair;

constexpr const char* kHead =
    R"({"log":{"version":"1.2","creator":{"name":"TrafficTap","version":"v1"},"entries":[)";

// HAR's numbers are plain: what microseconds can tell, and no rounding errors beyond.
double Micros(double ms) { return std::round(ms * 1000) / 1000; }

Json Headers(const google::protobuf::Map<std::string, std::string>& headers) {
  const std::map<std::string, std::string> sorted(headers.begin(), headers.end());
  Json out = Json::array();
  for (const auto& [name, value] : sorted) out.push_back({{"name", name}, {"value", value}});
  return out;
}

std::string HeaderValue(const google::protobuf::Map<std::string, std::string>& headers,
                        const std::string& name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

// As it was sent: nothing is decoded.
Json QueryString(const std::string& path) {
  Json out = Json::array();
  const size_t query = path.find('?');
  if (query == std::string::npos) return out;
  for (size_t begin = query + 1; begin < path.size();) {
    const size_t end = std::min(path.find('&', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    const size_t equals = std::min(part.find('='), part.size());
    if (!part.empty()) {
      out.push_back({{"name", part.substr(0, equals)},
                     {"value", equals < part.size() ? part.substr(equals + 1) : std::string()}});
    }
    begin = end + 1;
  }
  return out;
}

double SizeOr(uint64_t bytes, double otherwise) {
  return bytes > 0 ? static_cast<double>(bytes) : otherwise;
}

std::string HttpVersion(const Pair& pair) {
  return pair.request().protocol().empty() ? "HTTP/1.1" : pair.request().protocol();
}

Json Request(const Pair& pair) {
  const auto& request = pair.request();
  return {{"method", request.method()},
          {"url", HarUrl(pair)},
          {"httpVersion", HttpVersion(pair)},
          {"cookies", Json::array()},
          {"headers", Headers(request.headers())},
          {"queryString", QueryString(request.path())},
          {"headersSize", static_cast<int64_t>(SizeOr(request.headers_bytes(), -1))},
          {"bodySize", request.body_bytes()}};
}

Json Response(const Pair& pair) {
  const auto& response = pair.response();
  return {{"status", response.code()},
          {"statusText", ""},
          {"httpVersion", HttpVersion(pair)},
          {"cookies", Json::array()},
          {"headers", Headers(response.headers())},
          {"content",
           {{"size", response.body_bytes()},
            {"mimeType", HeaderValue(response.headers(), "content-type")}}},
          {"redirectURL", HeaderValue(response.headers(), "location")},
          {"headersSize", static_cast<int64_t>(SizeOr(response.headers_bytes(), -1))},
          {"bodySize", response.body_bytes()}};
}

// The whole time in parts that one clock measured, the reporter's: until its proxy began to send
// the request on, until it had, until the answer began, until the end. A moment that did not come
// is the one before it, so that the parts always make up the whole.
Json Timings(const v1::Side& side, double total) {
  double last = 0;
  const auto until = [&](bool happened, double moment) {
    const double at = happened ? std::clamp(moment, last, total) : last;
    const double part = at - last;
    last = at;
    return Micros(part);
  };
  const double blocked =
      until(side.has_first_upstream_tx_byte_ms(), side.first_upstream_tx_byte_ms());
  const double send = until(side.has_last_upstream_tx_byte_ms(), side.last_upstream_tx_byte_ms());
  const double wait =
      until(true, side.has_first_upstream_rx_byte_ms() ? side.first_upstream_rx_byte_ms() : total);
  return {{"blocked", blocked}, {"send", send}, {"wait", wait}, {"receive", until(true, total)}};
}

void AddText(const char* name, const std::string& text, Json* out) {
  if (!text.empty()) (*out)[name] = text;
}

void AddNumber(const char* name, std::optional<double> value, Json* out) {
  if (value) (*out)[name] = *value;
}

// What HAR has no words for; names that begin with "_" are for that.
Json Beyond(const Pair& pair) {
  Json out = Json::object();
  AddText("id", pair.id(), &out);
  AddText("tap", pair.tap(), &out);
  AddText("requestId", pair.request().id(), &out);
  AddText("verdict", pair.verdict(), &out);
  AddText("orphanReason", pair.orphan_reason(), &out);
  AddText("reporter", pair.reporter(), &out);
  AddText("sourceNamespace", pair.source().namespace_(), &out);
  AddText("source", pair.source().name(), &out);
  AddText("destinationNamespace", pair.destination().namespace_(), &out);
  AddText("destination", pair.destination().name(), &out);
  AddText("codeDetails", pair.response().code_details(), &out);
  AddText("grpcStatus", pair.response().grpc_status(), &out);
  AddText("flags", JoinFlags(pair, ','), &out);
  AddNumber("clientMs", ClientMs(pair), &out);
  AddNumber("serverMs", ServerMs(pair), &out);
  AddNumber("betweenMs", BetweenMs(pair), &out);
  out["attempts"] = pair.server_size();
  // Absent, as in the record: it stands for one request.
  if (const double weight = traffic::WeightOf(pair); weight != 1) out["weight"] = weight;
  return out;
}

Json Entry(const Pair& pair) {
  const double total = ClientMs(pair).value_or(ServerMs(pair).value_or(0));
  const int last = pair.server_size() - 1;
  const v1::Side none;
  const auto& side = pair.has_client() ? pair.client() : last >= 0 ? pair.server(last) : none;
  const std::string time = InstantText(pair);
  Json out = {{"startedDateTime", time.empty() ? "1970-01-01T00:00:00.000Z" : time},
              {"time", Micros(total)},
              {"request", Request(pair)},
              {"response", Response(pair)},
              {"cache", Json::object()},
              {"timings", Timings(side, total)}};
  AddText("serverIPAddress", pair.destination().ip(), &out);
  AddText("connection", side.upstream_local(), &out);
  out["_traffictap"] = Beyond(pair);
  return out;
}

class HarPrinter final : public Printer {
 public:
  explicit HarPrinter(const Page& page) : page_(page) {}

  Status Print(std::string_view line, std::string* out) override {
    const auto pair = traffic::ReadPair(line);
    if (!pair.ok()) return pair.status();
    // An entry has a request and its answer, whole.
    if (pair->request().protocol() == "TCP" || !pair->state().empty()) {
      ++left_out_;
      return absl::OkStatus();
    }
    const std::string entry = Entry(*pair).dump(-1, ' ', false, Json::error_handler_t::replace);
    *out += entries_++ == 0 ? std::string(kHead) + "\n" : ",\n";
    *out += page_.terminal ? VisibleJson(entry) : entry;
    return absl::OkStatus();
  }

  void Finish(std::string* out) override {
    if (entries_ == 0) *out += kHead;
    *out += "\n]}}\n";
  }

  size_t left_out() const override { return left_out_; }

 private:
  const Page page_;
  size_t entries_ = 0;
  size_t left_out_ = 0;
};

}  // namespace

std::unique_ptr<Printer> MakeHarPrinter(const Page& page) {
  return std::make_unique<HarPrinter>(page);
}

}  // namespace traffictap::cli::print
