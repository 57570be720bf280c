// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "filter/pair_filter.h"
#include "fmt/format.h"

namespace traffictap::filter {
namespace {

using traffic::PackedEntry;
using traffic::SocketAddress;
using traffic::Text;
using traffic::TrafficPair;

struct Block {
  SocketAddress base;
  int bits = 0;  // of the 128 of the mapped form

  bool Contains(const SocketAddress& address) const {
    // "::/0" is all of IPv6 and nothing of IPv4.
    if (base.is_v4() != address.is_v4()) return false;
    for (int bit = 0; bit < bits; ++bit) {
      const int mask = 0x80 >> (bit % 8);
      if ((base.ip[bit / 8] & mask) != (address.ip[bit / 8] & mask)) return false;
    }
    return address.present();
  }
};

StatusOr<Block> ParseBlock(const std::string& text) {
  const auto invalid = absl::InvalidArgumentError(fmt::format(
      "ipBlock \"{}\": use an address and a prefix length, for example 10.0.0.0/8", text));
  const auto slash = text.find('/');
  const auto address = traffic::ParseSocketAddress(text.substr(0, slash), 0);
  if (slash == std::string::npos || !address) return invalid;
  const int bits_max = address->is_v4() ? 32 : 128;
  int bits = -1;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + slash + 1, end, bits);
  if (parsed.ec != std::errc() || parsed.ptr != end || bits < 0 || bits > bits_max) return invalid;
  return Block{*address, bits + (128 - bits_max)};
}

// The far end of a record, as seen from the tap's own: from its entry where there is one, else as
// told.
struct FarEnd {
  std::string_view workload;
  std::string_view ns;
  std::string_view principal;
  SocketAddress address;
};

FarEnd Describe(const PackedEntry* own, const PackedEntry* told_by) {
  FarEnd out;
  if (told_by != nullptr) {
    out.workload = told_by->text(Text::kPeerWorkload);
    out.ns = told_by->text(Text::kPeerNamespace);
    out.principal = told_by->text(Text::kPeerPrincipal);
    out.address = traffic::FarAddress(*told_by);
  }
  if (own != nullptr) {
    out.workload = own->node->workload;
    out.ns = own->node->ns;
    if (!own->text(Text::kLocalPrincipal).empty()) out.principal = own->text(Text::kLocalPrincipal);
  }
  return out;
}

struct Rule {
  tap::Peer peer;
  bool has_block = false;
  Block block;

  bool Holds(const FarEnd& end) const {
    return (peer.workload.empty() || end.workload == peer.workload) &&
           (peer.ns.empty() || end.ns == peer.ns) &&
           (peer.principal.empty() || end.principal == peer.principal) &&
           (!has_block || block.Contains(end.address));
  }
};

Status Compile(const std::vector<tap::Peer>& peers, std::vector<Rule>* rules) {
  for (const auto& peer : peers) {
    Rule rule{peer, !peer.ip_block.empty(), {}};
    if (rule.has_block) {
      const auto block = ParseBlock(peer.ip_block);
      if (!block.ok()) return block.status();
      rule.block = *block;
    }
    rules->push_back(rule);
  }
  return absl::OkStatus();
}

}  // namespace

struct PeerFilter::Rules {
  tap::Direction direction = tap::Direction::kBoth;
  std::vector<Rule> include;
  std::vector<Rule> exclude;

  static bool Names(const std::vector<Rule>& rules, const FarEnd& end) {
    return std::any_of(rules.begin(), rules.end(),
                       [&](const Rule& rule) { return rule.Holds(end); });
  }
};

PeerFilter::PeerFilter() : rules_(std::make_unique<Rules>()) {}
PeerFilter::~PeerFilter() = default;

StatusOr<std::unique_ptr<PeerFilter>> PeerFilter::Create(const tap::TapSpec& spec) {
  std::unique_ptr<PeerFilter> out(new PeerFilter);
  out->rules_->direction = spec.direction;
  TT_RETURN_IF_ERROR(Compile(spec.peers.include, &out->rules_->include));
  TT_RETURN_IF_ERROR(Compile(spec.peers.exclude, &out->rules_->exclude));
  return out;
}

bool PeerFilter::Matches(const TrafficPair& pair, const OwnEnds& own) const {
  if (rules_->include.empty() && rules_->exclude.empty()) return true;
  const PackedEntry* server = pair.server();
  // Either end may be the far one, as long as the other is one that the tap looks from.
  std::vector<FarEnd> ends;
  if (rules_->direction != tap::Direction::kInbound && pair.client != nullptr && own.client) {
    ends.push_back(Describe(server, pair.client));
  }
  if (rules_->direction != tap::Direction::kOutbound && server != nullptr && own.server) {
    ends.push_back(Describe(pair.client, server));
  }
  const auto excluded = [&](const FarEnd& end) { return Rules::Names(rules_->exclude, end); };
  if (ends.empty() || std::any_of(ends.begin(), ends.end(), excluded)) return false;
  return rules_->include.empty() || std::any_of(ends.begin(), ends.end(), [&](const FarEnd& end) {
           return Rules::Names(rules_->include, end);
         });
}

}  // namespace traffictap::filter
