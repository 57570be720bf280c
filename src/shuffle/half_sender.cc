// SPDX-License-Identifier: Apache-2.0
#include "shuffle/half_sender.h"

#include <chrono>
#include <thread>
#include <utility>

#include "base/log.h"
#include "traffic/partition_key.h"

namespace traffictap::shuffle {

HalfSender::HalfSender(HalfSenderOptions options, BlockOutlet* outlet, const base::Clock* clock)
    : options_(std::move(options)),
      outlet_(outlet),
      clock_(clock),
      builder_(options_.blocks, [outlet](uint32_t partition, std::string block, uint32_t count) {
        outlet->Send(partition, std::move(block), count);
      }) {}

bool HalfSender::HasRoom(base::Nanos wait) {
  if (!open_) {
    if (clock_->Monotonic() < open_at_) {
      std::this_thread::sleep_for(std::chrono::nanoseconds(wait));
      return false;
    }
    if (const Status opened = outlet_->Open(); !opened.ok()) {
      if (opened != trouble_) {
        log::For("shuffle").error("cannot write to Kafka err=\"{}\"", Message(opened));
      }
      trouble_ = opened;
      open_at_ = clock_->Monotonic() + options_.retry_wait;
      return false;
    }
    trouble_ = absl::OkStatus();
    open_ = true;
  }
  outlet_->Poll(0);
  const auto has_room = [&] {
    return outlet_->bytes() < options_.bytes_max && !absl::IsFailedPrecondition(outlet_->status());
  };
  if (has_room()) return true;
  outlet_->Poll(wait);
  return has_room();
}

void HalfSender::Add(uint64_t key, const traffic::PackedEntry& entry, const traffic::NodePtr& node,
                     std::span<const uint64_t> taps, base::Nanos window) {
  const uint32_t partition = traffic::PartitionOf(key, options_.blocks.partitions);
  builder_.Add(partition, entry, node, taps, window, clock_->Monotonic());
}

void HalfSender::EndTurn() {
  if (options_.blocks.cipher) options_.blocks.cipher->Refresh();
  builder_.Advance(clock_->Monotonic());
  outlet_->Poll(0);
}

void HalfSender::Finish(base::Nanos wait) {
  if (open_) {
    builder_.Bye(clock_->Monotonic());
    outlet_->Close(wait);
  }
  Publish();
}

void HalfSender::Publish() {
  SenderState out;
  const Status outlet = open_ ? outlet_->status() : absl::OkStatus();
  out.trouble = trouble_.ok() ? outlet : trouble_;
  out.open = open_;
  out.counters = outlet_->counters();
  out.building = builder_.pending();
  out.bytes = outlet_->bytes();
  absl::MutexLock lock(&mutex_);
  state_ = std::move(out);
}

SenderState HalfSender::state() const {
  absl::MutexLock lock(&mutex_);
  return state_;
}

}  // namespace traffictap::shuffle
