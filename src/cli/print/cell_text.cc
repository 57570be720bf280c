// SPDX-License-Identifier: Apache-2.0
#include "cli/print/cell_text.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <vector>

#include "cli/print/visible_text.h"
#include "fmt/format.h"

namespace traffictap::cli::print {
namespace {

constexpr const char* kUnknown = "-";

// A call of gRPC that failed has the code 200.
std::string Answer(const v1::Side& side) {
  const auto& grpc = side.grpc_status();
  return grpc.empty() || grpc == "OK" ? fmt::format("{}", side.code()) : VisibleText(grpc);
}

void AddFlags(const v1::Side& side, std::vector<std::string>* out) {
  for (const auto& flag : side.flags()) {
    if (std::find(out->begin(), out->end(), flag) == out->end()) out->push_back(flag);
  }
}

const char* ColorOf(Tone tone) {
  switch (tone) {
    case Tone::kGood: return "32";
    case Tone::kWarning: return "33";
    case Tone::kBad: return "31";
    case Tone::kPlain: break;
  }
  return "0";
}

// NAMESPACE/NAME of a Service's host in the cluster, any other host as it is.
std::string ServiceName(const std::string& host) {
  const auto dot = host.find('.');
  const auto end = dot == std::string::npos ? dot : host.find('.', dot + 1);
  if (end == std::string::npos || host.compare(end, 5, ".svc.") != 0) return host;
  return host.substr(dot + 1, end - dot - 1) + "/" + host.substr(0, dot);
}

// NAMESPACE/sa:ACCOUNT of Istio's spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT, or nothing.
std::string AccountName(const std::string& principal) {
  const auto ns = principal.find("/ns/");
  const auto account = principal.find("/sa/");
  if (ns == std::string::npos || account == std::string::npos || account < ns) return "";
  return principal.substr(ns + 4, account - ns - 4) + "/sa:" + principal.substr(account + 4);
}

// Of an end without a proxy that told of it: the service that was called or who its certificate
// names says more than an address.
std::string BetterName(const v1::Workload& end) {
  if (!end.name().empty() && end.name() != end.ip()) return "";
  return end.service().empty() ? AccountName(end.principal()) : ServiceName(end.service());
}

}  // namespace

std::string EndText(const v1::Workload& end) {
  if (const auto better = BetterName(end); !better.empty()) return VisibleText(better);
  const std::string name = !end.name().empty() ? end.name() : end.ip();
  const std::string shown = !name.empty()              ? VisibleText(name)
                            : end.namespace_().empty() ? "?"
                                                       : "…";
  return end.namespace_().empty() ? shown : VisibleText(end.namespace_()) + "/" + shown;
}

std::string MethodText(const v1::TrafficPair& pair) {
  const auto& request = pair.request();
  const auto& text = request.method().empty() ? request.protocol() : request.method();
  return text.empty() ? kUnknown : VisibleText(text);
}

std::string PathText(const v1::TrafficPair& pair) {
  const auto& path = pair.request().path();
  return VisibleText(path.empty() ? pair.destination().address() : path);
}

std::string CodesText(const v1::TrafficPair& pair) {
  const bool tcp = pair.request().protocol() == "TCP";
  if (tcp) return kUnknown;
  const std::string client = pair.has_client() ? Answer(pair.client()) : kUnknown;
  const int last = pair.server_size() - 1;
  const std::string server = last >= 0 ? Answer(pair.server(last)) : kUnknown;
  return client == server ? client : client + "/" + server;
}

std::string ArrowText(const v1::TrafficPair& pair) {
  if (pair.server_size() == 0) return "→?";
  return pair.has_client() ? "→" : "?→";
}

std::string JoinFlags(const v1::TrafficPair& pair, char separator) {
  std::vector<std::string> flags;
  AddFlags(pair.client(), &flags);
  for (const auto& server : pair.server()) AddFlags(server, &flags);
  return fmt::format("{}", fmt::join(flags, std::string(1, separator)));
}

std::string DurationText(std::optional<double> ms) {
  if (!ms) return kUnknown;
  const double size = std::abs(*ms);
  if (size >= 10'000) return fmt::format("{:.1f}s", *ms / 1000);
  if (size >= 1000) return fmt::format("{:.2f}s", *ms / 1000);
  if (size >= 100) return fmt::format("{:.0f}ms", *ms);
  return fmt::format("{:.{}f}ms", *ms, size >= 10 ? 1 : 2);
}

std::optional<double> ClientMs(const v1::TrafficPair& pair) {
  return pair.timings().has_client_ms() ? std::optional(pair.timings().client_ms()) : std::nullopt;
}

std::optional<double> ServerMs(const v1::TrafficPair& pair) {
  return pair.timings().has_server_ms() ? std::optional(pair.timings().server_ms()) : std::nullopt;
}

std::optional<double> BetweenMs(const v1::TrafficPair& pair) {
  return pair.timings().has_between_ms() ? std::optional(pair.timings().between_ms())
                                         : std::nullopt;
}

std::string ClockText(const v1::TrafficPair& pair, bool utc) {
  if (!pair.timings().has_start_time()) return kUnknown;
  const auto& start = pair.timings().start_time();
  const auto seconds = static_cast<time_t>(start.seconds());
  tm parts{};
  if (utc) {
    gmtime_r(&seconds, &parts);
  } else {
    localtime_r(&seconds, &parts);
  }
  return fmt::format("{:02}:{:02}:{:02}.{:03}", parts.tm_hour, parts.tm_min, parts.tm_sec,
                     start.nanos() / 1'000'000);
}

std::string InstantText(const v1::TrafficPair& pair) {
  if (!pair.timings().has_start_time()) return {};
  const auto& start = pair.timings().start_time();
  const auto seconds = static_cast<time_t>(start.seconds());
  tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     start.nanos() / 1'000'000);
}

std::string VerdictText(const v1::TrafficPair& pair) {
  return VisibleText(pair.state().empty() ? pair.verdict() : pair.state());
}

Tone ToneOf(const v1::TrafficPair& pair) {
  const auto& verdict = pair.verdict();
  if (verdict == "Ok") return pair.orphan_reason().empty() ? Tone::kPlain : Tone::kWarning;
  if (verdict == "Retried" || verdict == "ClientAborted") return Tone::kWarning;
  return Tone::kBad;
}

std::string Colored(const std::string& text, Tone tone) {
  if (tone == Tone::kPlain || text.empty()) return text;
  return fmt::format("\x1b[{}m{}\x1b[0m", ColorOf(tone), text);
}

}  // namespace traffictap::cli::print
