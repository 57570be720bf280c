// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "fakes/entry_builder.h"
#include "fmt/format.h"
#include "replay/record_merge.h"
#include "traffic/entry_batch.h"
#include "traffic/pair_json.h"
#include "traffic/read_pair.h"

namespace traffictap::fakes {

constexpr base::Nanos kBegin = 1'700'000'000 * base::kSecond;
inline const std::string kId = "11111111-2222-4333-8444-555555555555";

// One half of the request `id`, `seconds` after kBegin, on a connection of its own port.
inline EntryBuilder HalfOf(bool client, const std::string& id, double seconds, int port = 1001) {
  auto out = client ? EntryBuilder::Client() : EntryBuilder::Server();
  out.Id(id).Path("/cart/" + id.substr(0, 4));
  out.Connection("10.0.0.1:" + std::to_string(port), "10.0.0.2:8080");
  out.facts().start_time = kBegin + static_cast<base::Nanos>(seconds * 1e9);
  if (client) out.Set(traffic::Text::kUpstreamCluster, "outbound|8080||cart.shop.svc");
  return out;
}

// The line of a record. Either half may be null.
inline std::string LineOf(const EntryBuilder* client, const EntryBuilder* server,
                          const std::string& tap = "shop/t") {
  const auto client_node = MakeNode("10.0.0.1", "web");
  const auto server_node = MakeNode("10.0.0.2", "cart");
  traffic::EntryBatch clients(client_node);
  traffic::EntryBatch servers(server_node);
  traffic::TrafficPair pair;
  const traffic::PackedEntry* last = nullptr;
  if (client != nullptr) pair.client = clients.Add(client->entry());
  if (server != nullptr) last = servers.Add(server->entry());
  if (server != nullptr) pair.servers = {&last, 1};
  if (client == nullptr || server == nullptr) {
    pair.orphan_reason = traffic::OrphanReason::kNeverArrived;
  }
  std::string out;
  traffic::AppendPairJson({tap}, pair, &out);
  return out;
}

inline std::string Pair(const std::string& id, double seconds, int port = 1001) {
  const auto client = HalfOf(true, id, seconds, port);
  const auto server = HalfOf(false, id, seconds + 0.001, port);
  return LineOf(&client, &server);
}

inline std::string Half(bool client, const std::string& id, double seconds, int port = 1001) {
  const auto half = HalfOf(client, id, seconds, port);
  return LineOf(client ? &half : nullptr, client ? nullptr : &half);
}

inline replay::Record RecordOf(const std::string& line) {
  replay::Record out{line, *traffic::ReadPair(line), 0};
  out.start = out.pair.timings().start_time().seconds() * base::kSecond +
              out.pair.timings().start_time().nanos();
  return out;
}

// A request id that begins with `number`.
inline std::string IdOf(int number) { return fmt::format("{:08}", number) + kId.substr(8); }

}  // namespace traffictap::fakes
