// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "pairing/pairer.h"
#include "pipeline/ingress.h"
#include "pipeline/proxy_directory.h"
#include "pipeline/tap_fan_out.h"

namespace traffictap::pipeline {

// What a shard does in the place of joining what comes through its queue: a receiver sends that on, a
// pairer joins what comes from elsewhere. Used by the pairing thread, but for what is const.
class Detour {
 public:
  virtual ~Detour() = default;

  // Once, before all others. Pairs go to `next`. `proxies`: those that send to this process, and to be
  // told those that send to others. Both outlive the last call.
  virtual void Start(pairing::PairConsumer* next, ProxyDirectory* proxies) = 0;
  // Begins a turn of `wait` at most. `taps`: in force; null before there were any. False: nothing was
  // taken from the queue.
  virtual bool Take(AdmittedQueue* queue, const std::shared_ptr<TapsInForce>& taps,
                    base::Nanos wait) = 0;
  // As pairing::Pairer::RemoveTaps.
  virtual void RemoveTaps(const traffic::TapSet& removed) = 0;
  // Ends the turn, once its records are with the outputs. `last`: no other follows.
  virtual void Finish(bool last) = 0;

  // Where several processes share what comes; outlives the taps. Null: this one has all of it.
  virtual const PartitionTime* partition_time() const { return nullptr; }
  virtual pairing::JoinCounters joins() const = 0;
  virtual size_t waiting_bytes() const = 0;
};

}  // namespace traffictap::pipeline
