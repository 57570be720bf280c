// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "pairing/remote_proxies.h"

namespace traffictap {

// Notes what it is told, and answers what the test says.
class NotedProxies final : public pairing::RemoteProxies {
 public:
  bool Set(const std::string& receiver, const pairing::RemoteProxy& proxy,
           const traffic::Node* former) override {
    if (full) return false;
    known[receiver + " " + proxy.node->ip] = proxy.streams;
    formers += former == nullptr ? 0 : 1;
    return true;
  }
  void Gone(const std::string& receiver, const traffic::Node& node) override {
    known.erase(receiver + " " + node.ip);
  }
  void Heard(const std::string& receiver, base::Nanos theirs, base::Nanos ours, bool bye) override {
    heard.push_back(fmt::format("{} {} {}{}", receiver, theirs / base::kSecond,
                                (ours - theirs) / base::kSecond, bye ? " bye" : ""));
  }
  std::vector<std::string> ForgetSilent() override {
    ++sweeps;
    return silent;
  }
  void SetComplete(bool to) override { all = to; }
  bool complete() const override { return all; }
  pairing::PeerState Lookup(const pairing::PeerPlace&, base::Nanos, base::Nanos) const override {
    return state;
  }

  std::map<std::string, uint32_t> known;
  std::vector<std::string> heard;
  std::vector<std::string> silent;
  pairing::PeerState state = pairing::PeerState::kUnknown;
  int formers = 0;
  int sweeps = 0;
  bool full = false;
  bool all = false;
};

}  // namespace traffictap
