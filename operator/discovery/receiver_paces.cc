// SPDX-License-Identifier: Apache-2.0
#include "operator/discovery/receiver_paces.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace traffictap::discovery {

uint32_t PaceAt(double times_mean) {
  using Paces = ReceiverPaces;
  const double part = (times_mean - Paces::kEnough) / (Paces::kMuch - Paces::kEnough);
  const double above = (Paces::kFull - Paces::kSlowest) * std::clamp(part, 0.0, 1.0);
  return Paces::kSlowest + static_cast<uint32_t>(std::lround(above));
}

double ReceiverPaces::Receiver::rate() const {
  return static_cast<double>(entries - first_entries) * base::kSecond /
         static_cast<double>(at - first_at);
}

void ReceiverPaces::Hear(const std::string& instance, uint64_t entries, base::Nanos now) {
  if (round_began_ == 0) round_began_ = now;
  if (now - round_began_ >= kRound) {
    EndRound();
    round_began_ = now;
  }
  const auto [found, is_new] = receivers_.try_emplace(instance);
  Receiver& one = found->second;
  if (is_new || entries < one.entries) {
    one.first_entries = entries;
    one.first_at = now;
  }
  one.entries = entries;
  one.at = now;
}

void ReceiverPaces::SetConnected(const std::set<std::string>& instances) {
  std::erase_if(receivers_, [&](const auto& one) { return !instances.contains(one.first); });
}

uint32_t ReceiverPaces::PaceOf(const std::string& instance) const {
  const auto found = receivers_.find(instance);
  return found == receivers_.end() ? kFull : found->second.pace;
}

// Who came in the second half of it, or was not heard then, keeps its pace and is no measure for the others.
void ReceiverPaces::EndRound() {
  std::vector<Receiver*> whole;
  double sum = 0;
  for (auto& [instance, one] : receivers_) {
    if (one.at - one.first_at < kRound / 2) continue;
    whole.push_back(&one);
    sum += one.rate();
  }
  const double mean = sum / static_cast<double>(whole.size());
  for (Receiver* one : whole) {
    one->pace = PaceAt(mean > 0 ? one->rate() / mean : 1);
    one->first_entries = one->entries;
    one->first_at = one->at;
  }
}

}  // namespace traffictap::discovery
