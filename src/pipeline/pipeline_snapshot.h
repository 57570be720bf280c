// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pairing/pairer.h"
#include "pipeline/ingress.h"
#include "pipeline/request_metrics.h"
#include "pipeline/tap_runtime.h"
#include "sinks/sink.h"
#include "tap/tap_spec.h"

namespace traffictap::pipeline {

// One tap's state at one moment.
struct TapSnapshot {
  std::string tap;  // "namespace/name"
  tap::TapSpecPtr spec;
  TapCounters counters;
  LimitedEdges limited_edges;
  std::map<std::string, sinks::SinkCounters> outputs;  // by name
  bool completed = false;                              // a limit has ended it for good
  TapIngressCounters ingress;
  std::vector<PeerSighting> peers_met = {};  // the other ends of its records, lately
  std::optional<RecorderState> recorder;     // of a tap that has one
  // Of a tap that has metrics: they count on.
  std::shared_ptr<const RequestMetrics> requests = nullptr;
};

// The state of a pipeline at one moment.
struct PipelineSnapshot {
  IngressCounters ingress;
  pairing::JoinCounters joins;
  size_t waiting_bytes = 0;
  size_t queue_bytes = 0;
  size_t output_bytes = 0;
  std::vector<TapSnapshot> taps;  // in slot order
};

}  // namespace traffictap::pipeline
