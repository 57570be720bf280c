// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "operator/reconcilers/reports.h"

namespace traffictap {

// As the operator keeps what collectors send.
inline reconcilers::Reports Shared(const std::vector<v1::CollectorReport>& reports) {
  reconcilers::Reports out;
  for (auto report : reports) {
    auto* taps = report.mutable_taps();
    std::sort(taps->pointer_begin(), taps->pointer_end(),
              [](const auto* a, const auto* b) { return a->tap() < b->tap(); });
    out.push_back(std::make_shared<const v1::CollectorReport>(std::move(report)));
  }
  return out;
}

}  // namespace traffictap
