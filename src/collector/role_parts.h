// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "collector/options.h"
#include "pipeline/pipeline_snapshot.h"
#include "roles/role_work.h"
#include "tap/tap_spec.h"

namespace traffictap::collector {

// What the role does in the place of joining what it receives; null: nothing, it is `all`. `clock`
// outlives it; `snapshot` is called by the pairing thread, once there are taps.
std::unique_ptr<roles::RoleWork> MakeRoleWork(const Options& options, const base::Clock* clock,
                                              std::function<pipeline::PipelineSnapshot()> snapshot);

// The taps for who only tests entries against them: without what acts on records. What that would have
// matched on stays, as `further_matches`.
std::vector<tap::TapSpecPtr> WithoutOutputs(const std::vector<tap::TapSpecPtr>& taps);

}  // namespace traffictap::collector
