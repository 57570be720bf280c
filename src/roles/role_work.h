// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/metrics.h"
#include "base/status.h"
#include "pipeline/detour.h"

namespace traffictap::roles {

// A role's part of the pipeline, as the process sees it. The calls here are for any thread.
class RoleWork : public pipeline::Detour {
 public:
  // Ok: it does its work; or else why not, and what to do.
  virtual Status readiness() const = 0;
  virtual void WriteMetrics(base::MetricWriter& writer) const = 0;
};

}  // namespace traffictap::roles
