// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/status.h"
#include "pipeline/detour.h"

namespace traffictap::kafkaclient {
class RecordTransaction;
}

namespace traffictap::roles {

// A role's part of the pipeline, as the process sees it. The calls here are for any thread.
class RoleWork : public pipeline::Detour {
 public:
  // Ok: it does its work; or else why not, and what to do.
  virtual Status readiness() const = 0;
  // What outputs with delivery.class ExactlyOnce write into, which lives as long; null: there can be none.
  virtual kafkaclient::RecordTransaction* transaction() { return nullptr; }
  virtual void WriteMetrics(base::MetricWriter& writer) const = 0;
  // What arrived in the log before this time, by the broker's clock, is taken as far as this process is
  // to take it; INT64_MIN: it does not know. A role that reads no log has nothing left to take.
  virtual base::Nanos read_until() const { return INT64_MAX; }
};

}  // namespace traffictap::roles
