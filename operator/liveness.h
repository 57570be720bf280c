// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/clock.h"
#include "operator/controller/step_timer.h"
#include "web/http_server.h"

namespace traffictap::op {

// The longest that a step of a loop can take. Each call to the API server and each silence of a
// watch ends by itself after at most 80 s, of which a watch that is opened has two.
inline constexpr base::Nanos kStepMax = 5 * 60 * base::kSecond;

// What /healthz answers: 503 once a step takes longer than `step_max`, with the loops that hang, for
// then only another process helps. An API server that is away makes no step longer than that.
web::HttpResponse Liveness(const std::vector<controller::Loop>& loops, base::Nanos step_max);

}  // namespace traffictap::op
