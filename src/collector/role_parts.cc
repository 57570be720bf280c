// SPDX-License-Identifier: Apache-2.0
#include "collector/role_parts.h"

#include <random>
#include <utility>

#include "fmt/format.h"
#include "roles/pairer_work.h"
#include "roles/receiver_work.h"
#include "shuffle/kafka_outlet.h"
#include "shuffle/kafka_pairer_log.h"
#include "shuffle/kafka_proxy_log.h"
#include "shuffle/kafka_proxy_outlet.h"

namespace traffictap::collector {
namespace {

// Another one after each start: its halves are numbered anew.
std::string ReceiverName(const std::string& member) {
  constexpr size_t kMemberMax = 200;  // shuffle::kReceiverBytesMax has to hold all
  std::random_device random;
  return fmt::format("{}-{:08x}{:08x}", member.substr(0, kMemberMax), random(), random());
}

std::unique_ptr<roles::RoleWork> MakeReceiver(const Options& options, const base::Clock* clock) {
  const auto& settings = options.role.shuffle;
  shuffle::HalfSenderOptions sender;
  sender.blocks.receiver = ReceiverName(settings.member);
  sender.blocks.partitions = settings.partitions;
  sender.blocks.cipher = settings.cipher;
  sender.bytes_max = options.shuffle_bytes_max;
  shuffle::ProxyPublisherOptions proxies;
  proxies.receiver = sender.blocks.receiver;
  proxies.cipher = settings.proxies_cipher;
  return std::make_unique<roles::ReceiverWork>(
      std::move(sender), std::make_unique<shuffle::KafkaOutlet>(settings, clock),
      std::move(proxies), std::make_unique<shuffle::KafkaProxyOutlet>(settings), clock,
      options.close_wait / 2);
}

}  // namespace

std::unique_ptr<roles::RoleWork> MakeRoleWork(
    const Options& options, const base::Clock* clock,
    std::function<pipeline::PipelineSnapshot()> snapshot) {
  const RoleTraits& traits = TraitsOf(options.role.role);
  if (!traits.shuffles) return nullptr;
  if (traits.receives) return MakeReceiver(options, clock);
  shuffle::GroupMemberOptions member;
  member.waiting_bytes_max = options.pipeline.waiting_bytes_max;
  member.cipher = options.role.shuffle.cipher;
  member.outputs = [snapshot = std::move(snapshot)] { return roles::ProgressOf(snapshot()); };
  const auto& settings = options.role.shuffle;
  shuffle::ProxyReaderOptions proxies;
  proxies.cipher = settings.proxies_cipher;
  return std::make_unique<roles::PairerWork>(
      std::move(member), std::make_unique<shuffle::KafkaPairerLog>(settings, clock),
      std::move(proxies), std::make_unique<shuffle::KafkaProxyLog>(settings), clock,
      settings.partitions);
}

std::vector<tap::TapSpecPtr> WithoutOutputs(const std::vector<tap::TapSpecPtr>& taps) {
  std::vector<tap::TapSpecPtr> out;
  for (const auto& tap : taps) {
    auto bare = std::make_shared<tap::TapSpec>(*tap);
    for (auto& output : bare->outputs) bare->further_matches.push_back(std::move(output.match));
    bare->outputs.clear();
    if (bare->recorder) {
      for (auto& trigger : bare->recorder->triggers) {
        bare->further_matches.emplace_back().paths = std::move(trigger.paths);
      }
    }
    bare->recorder.reset();
    bare->metrics.reset();
    out.push_back(std::move(bare));
  }
  return out;
}

}  // namespace traffictap::collector
