// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "operator/reconcilers/reports.h"

namespace traffictap {

// As the operator keeps what collectors send.
inline reconcilers::Reports Shared(const std::vector<v1::CollectorReport>& reports) {
  reconcilers::Reports out;
  for (const auto& report : reports) {
    out.push_back(std::make_shared<const v1::CollectorReport>(report));
  }
  return out;
}

}  // namespace traffictap
