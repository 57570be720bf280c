// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>
#include <vector>

#include "fakes/entry_builder.h"
#include "fmt/format.h"
#include "pairing/slow_pairer.h"

namespace traffictap {

// Halves of random requests and connections of a small mesh: one seed, one story. Clocks of the
// nodes are an hour apart.
class RandomHalves {
 public:
  explicit RandomHalves(uint32_t seed) : random_(seed) {}

  // Up to `count` exchanges, their halves in the order in which they were made.
  std::vector<ModelHalf> Make(int count) {
    std::vector<ModelHalf> out;
    for (int i = 0; i < count; ++i) AddExchange(&out);
    // Some arrive twice.
    for (size_t i = 0, size = out.size(); i < size; ++i) {
      if (Roll(20) == 0) out.push_back(out[i]);
    }
    return out;
  }

  int Roll(int sides) { return std::uniform_int_distribution<int>(0, sides - 1)(random_); }
  std::mt19937& random() { return random_; }

 private:
  void AddExchange(std::vector<ModelHalf>* out) {
    switch (Roll(11)) {
      case 0: return AddRetried(out, NewId());
      case 1: return AddHops(out);
      case 2: return AddWithoutId(out);
      case 3: return AddTcp(out);
      case 4: return AddUnreached(out);
      case 5: return AddStream(out);
      case 6: return AddCalls(out);
      case 7: return AddTranslated(out);
      case 8: return AddRedirect(out);
      default: return AddPlain(out, NewId(), "/" + std::to_string(Roll(3)));
    }
  }

  void AddPlain(std::vector<ModelHalf>* out, const std::string& id, const std::string& path) {
    const auto [client_end, server_end] = NewConnection();
    ModelHalf half = NewHalf(id, path, client_end, server_end);
    if (Roll(6) != 0) out->push_back(Server(half));
    if (Roll(6) != 0) out->push_back(Client(half));
  }

  // Apps pass one id on, with another path or with the same.
  void AddHops(std::vector<ModelHalf>* out) {
    const std::string id = NewId();
    const int hops = 2 + Roll(3);
    for (int i = 0; i < hops; ++i) {
      if (Roll(3) == 0) {
        AddRetried(out, id);
      } else {
        AddPlain(out, id, Roll(2) == 0 ? "/same" : "/" + std::to_string(i));
      }
    }
  }

  // Several calls under one id over one connection, which end in any order.
  void AddCalls(std::vector<ModelHalf>* out) {
    const auto [client_end, server_end] = NewConnection();
    ModelHalf half = NewHalf(NewId(), "/", client_end, server_end);
    for (int i = 0, calls = 2 + Roll(4); i < calls; ++i) {
      half.path = Roll(2) == 0 ? "/slow" : "/fast";
      half.method = Roll(3) == 0 ? "POST" : "GET";
      half.code = Roll(3) == 0 ? 404 : 200;
      if (Roll(8) != 0) out->push_back(Server(half));
      if (Roll(6) == 0) half.code = Roll(2) == 0 ? 503 : 0;  // a client that saw something else…
      if (Roll(6) == 0) half.details = "response_timeout";   // …or answered by itself
      if (Roll(8) != 0) out->push_back(Client(half));
      half.details = "via_upstream";
    }
  }

  // The client called an address that was translated on the way, or another machine called for it.
  void AddTranslated(std::vector<ModelHalf>* out) {
    const auto [client_end, server_end] = NewConnection();
    ModelHalf half = NewHalf(Roll(3) == 0 ? "" : NewId(), "/", client_end, server_end);
    if (half.id.empty()) {
      half.tcp = true;
      half.path = half.method = half.authority = "";
    }
    if (Roll(6) != 0) {
      ModelHalf server = half;
      if (Roll(2) == 0) server.client_end = NewConnection().first;
      out->push_back(Server(server));
    }
    half.server_end = fmt::format("10.96.0.{}:80", 1 + Roll(4));
    if (Roll(6) != 0) out->push_back(Client(half));
  }

  // The client's proxy follows a redirect: both of its entries have the path that it went on to.
  void AddRedirect(std::vector<ModelHalf>* out) {
    const auto [client_end, server_end] = NewConnection();
    ModelHalf half = NewHalf(NewId(), "/from", client_end, server_end);
    half.code = 302;
    if (Roll(8) != 0) out->push_back(Server(half));
    half.path = "/to";
    half.details = "internal_redirect";
    ModelHalf first = Client(half);
    out->push_back(first);
    half.code = 200;
    half.details = "via_upstream";
    if (Roll(8) != 0) out->push_back(Server(half));
    ModelHalf second = Client(half);
    second.start = first.start;
    if (Roll(8) != 0) out->push_back(second);
  }

  void AddRetried(std::vector<ModelHalf>* out, const std::string& id) {
    const int attempts = 2 + Roll(3);
    auto [client_end, server_end] = NewConnection();
    const std::string ip = client_end.substr(0, client_end.rfind(':'));
    ModelHalf half = NewHalf(id, "/same", client_end, server_end);
    for (int i = 0; i < attempts; ++i) {
      // Now and then over the same connection.
      if (i > 0 && Roll(4) != 0) {
        half.client_end = fmt::format("{}:{}", ip, ++port_);
        half.server_end = NewConnection().second;
      }
      // Now and then something that succeeded looks like an attempt: a mirror.
      half.code = i + 1 < attempts && Roll(5) != 0 ? 503 : 200;
      if (Roll(6) != 0) out->push_back(Server(half));
    }
    half.attempts = static_cast<uint32_t>(attempts);
    if (Roll(8) == 0) half.client_end.clear();
    if (Roll(8) != 0) out->push_back(Client(half));
  }

  void AddWithoutId(std::vector<ModelHalf>* out) {
    const auto [client_end, server_end] = NewConnection();
    for (int i = 0, requests = 1 + Roll(4); i < requests; ++i) {
      ModelHalf half = NewHalf("", Roll(2) == 0 ? "/a" : "/b", client_end, server_end);
      if (Roll(8) != 0) out->push_back(Server(half));
      if (Roll(8) != 0) out->push_back(Client(half));
    }
  }

  void AddTcp(std::vector<ModelHalf>* out) {
    const auto [client_end, server_end] = NewConnection();
    ModelHalf half = NewHalf("", "", client_end, server_end);
    half.tcp = true;
    half.method = half.authority = "";
    if (Roll(6) != 0) out->push_back(Server(half));
    if (Roll(6) != 0) out->push_back(Client(half));
  }

  // A client that got no connection, or that does not say which.
  void AddUnreached(std::vector<ModelHalf>* out) {
    const auto [client_end, server_end] = NewConnection();
    ModelHalf half = NewHalf(Roll(2) == 0 ? NewId() : "", "/", Roll(2) == 0 ? "" : client_end,
                             Roll(2) == 0 ? "" : server_end);
    half.refused = Roll(2) == 0;
    if (Roll(2) == 0) out->push_back(Server(half));
    out->push_back(Client(half));
  }

  // Either side tells of it up to three times while it is open, and of its end if there is one.
  void AddStream(std::vector<ModelHalf>* out) {
    const auto [client_end, server_end] = NewConnection();
    ModelHalf half = NewHalf(NewId(), "/stream", client_end, server_end);
    if (Roll(3) == 0) {
      half.tcp = true;
      half.id = half.path = half.method = half.authority = "";
    } else {
      half.attempts = Roll(6) == 0 ? 2 : 1;
      if (Roll(8) == 0) half.client_end.clear();
    }
    for (const bool client : {true, false}) {
      if (Roll(8) == 0) continue;
      const ModelHalf last = client ? Client(half) : Server(half);
      for (int i = 1, count = Roll(4); i <= count; ++i) {
        out->push_back(last);
        out->back().tag = NewTag();
        out->back().open = i;
      }
      if (Roll(4) != 0) out->push_back(last);
    }
  }

  ModelHalf NewHalf(const std::string& id, const std::string& path, const std::string& client_end,
                    const std::string& server_end) {
    ModelHalf half;
    half.id = id;
    half.path = path;
    half.client_end = client_end;
    half.server_end = server_end;
    half.meshed = Roll(2) == 0;
    return half;
  }

  ModelHalf Client(ModelHalf half) { return Sided(half, true); }
  ModelHalf Server(ModelHalf half) {
    half.attempts = 1;
    half.refused = false;
    half.details = "via_upstream";
    // Envoy may rewrite the version's digit on the way.
    if (half.id.size() > 14 && Roll(3) == 0) half.id[14] = 'a';
    return Sided(half, false);
  }
  ModelHalf Sided(ModelHalf half, bool client) {
    half.client = client;
    half.tag = NewTag();
    const std::string end = client ? half.client_end : half.server_end;
    half.node = end.empty() ? "10.9.9.9" : end.substr(0, end.rfind(':'));
    half.start = (start_ += base::kMillisecond) + (Roll(3) - 1) * 3600 * base::kSecond;
    half.tap = static_cast<size_t>(Roll(3));
    half.window = kWindows[half.tap];
    return half;
  }

  std::string NewTag() { return "h" + std::to_string(++tag_); }
  std::string NewId() { return fmt::format("{:08}-0000-4000-8000-000000000000", ++id_); }
  std::pair<std::string, std::string> NewConnection() {
    return {fmt::format("10.0.0.{}:{}", 1 + Roll(4), ++port_),
            fmt::format("10.0.1.{}:80", 1 + Roll(4))};
  }

 public:
  static constexpr base::Nanos kWindows[] = {1 * base::kSecond, 3 * base::kSecond,
                                             10 * base::kSecond};

 private:
  std::mt19937 random_;
  int tag_ = 0;
  int id_ = 0;
  int port_ = 1024;
  base::Nanos start_ = 1'700'000'000 * base::kSecond;
};

// The entry that a proxy would write of `half`.
inline fakes::EntryBuilder EntryOf(const ModelHalf& half) {
  auto builder = half.client ? fakes::EntryBuilder::Client() : fakes::EntryBuilder::Server();
  if (half.tcp) builder.Tcp();
  builder.Connection(half.client_end, half.server_end)
      .Tag(half.tag)
      .Id(half.id)
      .Attempts(half.attempts);
  if (!half.tcp) {
    builder.Path(half.path).Code(half.code).Set(traffic::Text::kAuthority, half.authority);
    builder.Set(traffic::Text::kResponseCodeDetails, half.details);
    if (half.method == "POST") builder.facts().method = traffic::Method::kPost;
  }
  if (half.refused) builder.Flag(traffic::ResponseFlag::kUpstreamConnectionFailure);
  if (half.open > 0) {
    builder.facts().moment = traffic::LogMoment::kPeriodic;
    builder.facts().duration = half.open * base::kMillisecond;
  }
  builder.facts().start_time = half.start;
  builder.facts().peer_mesh =
      half.meshed ? traffic::PeerMesh::kMeshed : traffic::PeerMesh::kNotMeshed;
  return builder;
}

}  // namespace traffictap
