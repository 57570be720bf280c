// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sinks/otlp/otlp_transport.h"
#include "tap/output_spec.h"
#include "traffic/record_batch.h"

namespace traffictap::sinks {

// Records on their way into one request per signal, grouped by the proxy that reported them.
class ExportBatch {
 public:
  explicit ExportBatch(const tap::OtlpOutput& spec);
  ~ExportBatch();
  ExportBatch(ExportBatch&&) noexcept;
  ExportBatch& operator=(ExportBatch&&) noexcept;

  // `observed`: when we saw it, Unix epoch.
  void Add(const std::shared_ptr<const traffic::RecordBatch>& batch, size_t index,
           base::Nanos observed);
  uint64_t records() const { return records_; }
  // Of the larger one of the requests, about.
  uint64_t bytes() const;
  // The whole request of `signal`, as the protocol's Export…ServiceRequest.
  std::string Serialize(Signal signal) const;

 private:
  struct Requests;
  std::unique_ptr<Requests> requests_;
  uint64_t records_ = 0;
};

}  // namespace traffictap::sinks
