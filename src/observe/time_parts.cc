// SPDX-License-Identifier: Apache-2.0
#include "observe/time_parts.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"

namespace traffictap::observe {
namespace {

using v1::Side;

constexpr double kNanosPerMs = 1e6;

bool IsRetried(const v1::TrafficPair& pair) {
  return pair.server_size() > 1 || pair.client().attempts() > 1;
}

double StartMs(const Side& side) {
  return static_cast<double>(side.start_time().seconds()) * 1000 +
         side.start_time().nanos() / kNanosPerMs;
}

double BeginOf(const v1::TrafficPair& pair, int index) {
  const auto& last = pair.server(pair.server_size() - 1);
  const auto& side = pair.server(index);
  const auto& client = pair.client();
  const double total = client.has_duration_ms() ? client.duration_ms() : side.duration_ms();
  const double sent = client.has_first_upstream_tx_byte_ms()
                          ? client.first_upstream_tx_byte_ms()
                          : std::max(0.0, (total - last.duration_ms()) / 2);
  // Several attempts: the last one ends where the client's answer came.
  const bool retried = pair.server_size() > 1 && client.has_first_upstream_rx_byte_ms();
  const double anchor =
      retried ? std::max(sent, client.first_upstream_rx_byte_ms() - last.duration_ms()) : sent;
  return std::max(0.0, anchor + StartMs(side) - StartMs(last));
}

// Up to its end, whatever moments are missing or out of order.
std::vector<Phase> PhasesOf(const Side& side) {
  std::vector<Phase> out;
  double at = 0;
  const auto until = [&](std::string_view name, double moment) {
    const double end = std::clamp(moment, at, std::max(at, side.duration_ms()));
    if (end > at) out.push_back({name, at, end});
    at = end;
  };
  const double whole = side.duration_ms();
  if (!side.has_first_upstream_tx_byte_ms()) {
    // A request that was received and neither sent on nor answered from behind; of a connection, or
    // where moments are missing, only the whole is known.
    const bool answered = side.has_first_upstream_rx_byte_ms();
    until(side.has_last_rx_byte_ms() && !answered ? "not sent on" : "the whole time", whole);
    return out;
  }
  until("before sending on", side.first_upstream_tx_byte_ms());
  until("sending the request",
        side.has_last_upstream_tx_byte_ms() ? side.last_upstream_tx_byte_ms() : at);
  until("waiting for the answer",
        side.has_first_upstream_rx_byte_ms() ? side.first_upstream_rx_byte_ms() : whole);
  until("passing the answer on", whole);
  return out;
}

void AddTries(const v1::TrafficPair& pair, std::vector<TimePart>* out) {
  for (int i = 0; i < pair.server_size(); ++i) {
    const Side& side = pair.server(i);
    if (i > 0) {
      const Side& before = pair.server(i - 1);
      const bool same_clock = !side.pod().empty() && side.pod() == before.pod();
      const double gap = StartMs(side) - StartMs(before) - before.duration_ms();
      if (same_clock && gap > 0) out->push_back({"waited before the next try", gap});
    }
    out->push_back({fmt::format("try {}", i + 1), side.duration_ms()});
  }
}

}  // namespace

std::vector<TimePart> PartsOf(const v1::TrafficPair& pair) {
  std::vector<TimePart> out;
  if (!pair.timings().has_client_ms() || !pair.timings().has_server_ms()) return out;
  if (pair.server_size() > 1) {
    AddTries(pair, &out);
  } else {
    const auto& client = pair.client();
    if (!IsRetried(pair) && client.has_first_upstream_tx_byte_ms()) {
      out.push_back({"in the client's proxy, before it sent the request on",
                     client.first_upstream_tx_byte_ms()});
    }
    out.push_back({"in the server's proxy and application", pair.timings().server_ms()});
  }
  double rest = pair.timings().client_ms();
  for (const auto& part : out) rest -= part.ms;
  const bool unseen = static_cast<int>(pair.client().attempts()) > std::max(1, pair.server_size());
  out.push_back({unseen ? "elsewhere: network, proxies and the tries that no server reported"
                        : "elsewhere: network and proxies",
                 rest});
  return out;
}

std::string ServerName(const v1::TrafficPair& pair, int index) {
  return pair.server_size() > 1 ? fmt::format("server, try {}", index + 1) : "server";
}

std::vector<Lane> LanesOf(const v1::TrafficPair& pair) {
  std::vector<Lane> out;
  const auto& client = pair.client();
  if (pair.has_client() && client.has_duration_ms()) {
    out.push_back({"client", true, 0, client.duration_ms(), PhasesOf(client)});
  }
  for (int i = 0; i < pair.server_size(); ++i) {
    const Side& side = pair.server(i);
    if (!side.has_duration_ms()) continue;
    out.push_back(
        {ServerName(pair, i), false, BeginOf(pair, i), side.duration_ms(), PhasesOf(side)});
  }
  return out;
}

std::string ClockNote(const v1::TrafficPair& pair) {
  const auto& timings = pair.timings();
  if (!timings.has_clock_offset_ms() || !timings.has_client_ms() || IsRetried(pair)) return {};
  const double offset = timings.clock_offset_ms();
  if (offset >= 0 && offset <= timings.client_ms()) return {};
  return fmt::format(
      "By their clocks, the server began {:.2f} ms {} the client did: the two clocks differ. No "
      "time "
      "above depends on it.",
      std::abs(offset), offset < 0 ? "before" : "after");
}

}  // namespace traffictap::observe
