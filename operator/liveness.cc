// SPDX-License-Identifier: Apache-2.0
#include "operator/liveness.h"

#include <string>

#include "fmt/format.h"

namespace traffictap::op {

web::HttpResponse Liveness(const std::vector<controller::Loop>& loops, base::Nanos step_max) {
  std::string hanging;
  for (const auto& loop : loops) {
    // A loop between two steps never hangs, whatever the bound.
    if (loop.step == 0 || loop.step <= step_max) continue;
    hanging += fmt::format("{} has not moved for {} s\n", loop.name, loop.step / base::kSecond);
  }
  if (hanging.empty()) return {200, "text/plain", "ok\n"};
  return {503, "text/plain", hanging};
}

}  // namespace traffictap::op
