// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tap/tap_spec.h"
#include "web/file_store.h"

namespace traffictap::collector {

// The files that the File outputs of the taps in force have written below `output_dir`.
class RecordFiles final : public web::FileStore {
 public:
  using Taps = std::function<std::vector<tap::TapSpecPtr>()>;

  // `taps`, those in force, is called by OutputsOf alone.
  RecordFiles(std::string collector, std::string output_dir, Taps taps)
      : collector_(std::move(collector)),
        output_dir_(std::move(output_dir)),
        taps_(std::move(taps)) {}

  std::string collector() const override { return collector_; }
  StatusOr<std::vector<Output>> OutputsOf(const std::string& tap) const override;
  StatusOr<std::vector<tap::OutputFile>> List(const Output& output) const override;
  StatusOr<std::unique_ptr<tap::OutputFileReader>> Open(
      const Output& output, const tap::OutputRange& range) const override;

 private:
  const std::string collector_;
  const std::string output_dir_;
  const Taps taps_;
};

}  // namespace traffictap::collector
