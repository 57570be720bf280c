// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sinks/memory_pool.h"
#include "sinks/sink.h"
#include "tap/tap_spec.h"

namespace traffictap::kafkaclient {
class RecordTransaction;
}

namespace traffictap::sinks {

// What the process gives to its outputs.
struct SinkContext {
  std::string output_dir;              // File outputs stay below it
  std::string tap_key;                 // "namespace/name", for messages
  const base::Clock* clock = nullptr;  // outlives the sinks
  // That all outputs draw on; null: each has its own bound alone.
  std::shared_ptr<MemoryPool> memory;
  std::string spool_dir = {};  // Durable outputs keep their records below it
  // That ExactlyOnce outputs write into, which outlives them; null: there can be none.
  kafkaclient::RecordTransaction* transaction = nullptr;
};

// Opens the output that `spec` describes. What only the outside world can heal (broker down, disk
// full) is not an error here: the sink retries and tells in its counters. kInvalidArgument: the spec
// can never work.
StatusOr<std::unique_ptr<Sink>> OpenSink(const tap::OutputSpec& spec, const SinkContext& context);

// OpenSink, or what a test has in its place.
using SinkOpener =
    std::function<StatusOr<std::unique_ptr<Sink>>(const tap::OutputSpec&, const SinkContext&)>;

}  // namespace traffictap::sinks
