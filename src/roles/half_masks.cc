// SPDX-License-Identifier: Apache-2.0
#include "roles/half_masks.h"

#include <utility>

namespace traffictap::roles {
namespace {

static_assert(alignof(traffic::PackedEntry) <= alignof(uint64_t));

// Sets of taps that are remembered. There are as many as ways to be admitted by some taps and not by others.
constexpr size_t kMasksMax = 1024;

}  // namespace

void HalfMasks::UseTable(pipeline::TapTablePtr table) {
  masks_.clear();
  mask_ = nullptr;
  taps_.clear();
  table_ = std::move(table);
  taps_.resize(table_->specs().size());
}

const redaction::TapNeeds* HalfMasks::NeedsOf(size_t slot) {
  if (slot >= taps_.size() || !table_->specs()[slot]) return nullptr;
  const auto& spec = *table_->specs()[slot];
  OfTap& tap = taps_[slot];
  if (!tap.needs) {
    tap.time = std::make_unique<pipeline::PatternTime::Account>(&pattern_time_, spec.ns);
    tap.needs = std::make_unique<redaction::TapNeeds>(spec, tap.time.get());
  }
  return tap.needs.get();
}

void HalfMasks::UseTaps(const traffic::TapSet& taps) {
  slots_.clear();
  taps.ForEach([this](size_t slot) { slots_.push_back(slot); });
  if (masks_.size() >= kMasksMax) masks_.clear();
  auto& mask = masks_[slots_];
  if (!mask) {
    std::vector<const redaction::TapNeeds*> all;
    for (const size_t slot : slots_) {
      if (const auto* needs = NeedsOf(slot); needs != nullptr) all.push_back(needs);
    }
    mask = std::make_unique<redaction::HalfMask>(all);
  }
  mask_ = mask.get();
}

const traffic::PackedEntry& HalfMasks::Mask(const traffic::PackedEntry& entry) {
  const auto masked = mask_->Mask(traffic::Unpack(entry));
  if (masked.tested_pattern) EndRecord();
  if (!masked.changed && masked.path_mark == 0) return entry;
  packed_.resize((traffic::PackedSize(masked.entry) + sizeof(uint64_t) - 1) / sizeof(uint64_t));
  auto* out = traffic::Pack(masked.entry, entry.request_id_hash, packed_.data());
  out->taps = entry.taps;
  out->arrival = entry.arrival;
  out->node = entry.node;
  out->path_mark = masked.path_mark;
  return *out;
}

void HalfMasks::EndRecord() {
  bool refused = false;
  for (const size_t slot : slots_) {
    if (slot < taps_.size() && taps_[slot].time) refused |= taps_[slot].time->EndRecord();
  }
  if (refused) ++over_budget_;
}

}  // namespace traffictap::roles
