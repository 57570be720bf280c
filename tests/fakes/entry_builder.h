// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "traffic/access_entry.h"
#include "traffic/node.h"
#include "traffic/traffic_pair.h"

namespace traffictap::fakes {

// "10.0.0.1:80" or "[fd00::1]:80"; empty is absent.
inline traffic::SocketAddress Address(const std::string& text) {
  if (text.empty()) return {};
  const auto colon = text.rfind(':');
  std::string ip = text.substr(0, colon);
  if (ip.front() == '[') ip = ip.substr(1, ip.size() - 2);
  return traffic::ParseSocketAddress(ip, static_cast<uint16_t>(std::stoi(text.substr(colon + 1))))
      .value();
}

inline traffic::NodePtr MakeNode(const std::string& ip, const std::string& workload = "web",
                                 const std::string& ns = "shop") {
  auto node = std::make_shared<traffic::Node>();
  node->id = "sidecar~" + ip + "~" + workload + "-0." + ns + "~" + ns + ".svc.cluster.local";
  node->cluster = workload + "." + ns;
  node->proxy_type = "sidecar";
  node->ip = ip;
  if (const auto own = traffic::ParseSocketAddress(ip, 0)) node->addresses = {*own};
  node->pod = workload + "-0";
  node->ns = ns;
  node->workload = workload;
  node->labels = {{"app", workload}};
  return node;
}

// An entry in the making. Unless told otherwise: a GET of / by HTTP/1.1 that went well in 10 ms.
class EntryBuilder {
 public:
  EntryBuilder() {
    facts_.method = traffic::Method::kGet;
    facts_.http_version = traffic::HttpVersion::kHttp11;
    facts_.response_code = 200;
    facts_.start_time = 1'700'000'000 * base::kSecond;
    facts_.duration = 10 * base::kMillisecond;
    facts_.attempt_count = 1;
    Set(traffic::Text::kPath, "/");
    Set(traffic::Text::kAuthority, "web.shop:8080");
    Set(traffic::Text::kScheme, "http");
    Set(traffic::Text::kResponseCodeDetails, "via_upstream");
  }

  static EntryBuilder Client() { return EntryBuilder().Reports(traffic::Reporter::kSource); }
  static EntryBuilder Server() { return EntryBuilder().Reports(traffic::Reporter::kDestination); }

  EntryBuilder& Reports(traffic::Reporter reporter) {
    facts_.reporter = reporter;
    return *this;
  }
  // The connection between the two proxies: both halves of one request name the same.
  EntryBuilder& Connection(const std::string& client_end, const std::string& server_end) {
    const bool source = facts_.reporter == traffic::Reporter::kSource;
    (source ? facts_.upstream_local : facts_.downstream_direct_remote) = Address(client_end);
    (source ? facts_.upstream_remote : facts_.downstream_local) = Address(server_end);
    return *this;
  }
  EntryBuilder& Set(traffic::Text which, std::string text) {
    texts_[static_cast<size_t>(which)] = std::move(text);
    return *this;
  }
  EntryBuilder& Id(std::string id) { return Set(traffic::Text::kRequestId, std::move(id)); }
  EntryBuilder& Path(std::string path) { return Set(traffic::Text::kPath, std::move(path)); }
  // Tells halves apart in a test; nothing of the product looks at it.
  EntryBuilder& Tag(std::string tag) { return Set(traffic::Text::kReferer, std::move(tag)); }
  EntryBuilder& Code(uint32_t code) {
    facts_.response_code = code;
    return *this;
  }
  EntryBuilder& Flag(traffic::ResponseFlag flag) {
    facts_.response_flags.Add(flag);
    return *this;
  }
  EntryBuilder& Attempts(uint32_t attempts) {
    facts_.attempt_count = attempts;
    return *this;
  }
  EntryBuilder& Tcp() {
    facts_.kind = traffic::EntryKind::kTcp;
    facts_.method = traffic::Method::kUnspecified;
    facts_.http_version = traffic::HttpVersion::kUnspecified;
    facts_.response_code = 0;
    for (auto& text : texts_) text.clear();
    return *this;
  }
  // For what has no word of its own here.
  traffic::EntryFacts& facts() { return facts_; }

  // Valid as long as the builder.
  traffic::AccessEntry entry() const {
    traffic::AccessEntry out;
    out.facts = facts_;
    for (size_t i = 0; i < texts_.size(); ++i) out.texts[i] = texts_[i];
    return out;
  }

 private:
  traffic::EntryFacts facts_;
  std::array<std::string, traffic::kTextCount> texts_;
};

}  // namespace traffictap::fakes
