// SPDX-License-Identifier: Apache-2.0
#include "cli/records/missing_notice.h"

#include "cli/print/missing_text.h"

namespace traffictap::cli {

void MissingNotice::Tell(std::string_view answer) {
  const std::string missing = MissingOf(answer);
  if (missing == told_) return;
  told_ = missing;
  console_->Say(missing.empty() ? "all pairers answer again: the records are complete"
                                : "warning: " + missing);
}

std::string MissingOf(std::string_view answer, std::string_view what) {
  std::string out = print::MissingText(answer, what);
  if (!out.empty()) out.pop_back();
  return out;
}

}  // namespace traffictap::cli
