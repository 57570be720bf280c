// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/export_batch.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "sinks/otlp/log_record.h"
#include "sinks/otlp/resource.h"
#include "sinks/otlp/spans.h"

namespace traffictap::sinks {
namespace {

namespace logs = opentelemetry::proto::logs::v1;
namespace trace = opentelemetry::proto::trace::v1;

// The version of the semantic conventions that the attributes' names are of.
constexpr const char* kSchemaUrl = "https://opentelemetry.io/schemas/1.30.0";

// ResourceLogs or ResourceSpans of one proxy, with its scope.
template <typename OfResource>
auto* Begin(const traffic::Node& node, OfResource* of_resource) {
  FillResource(node, of_resource->mutable_resource());
  of_resource->set_schema_url(kSchemaUrl);
  if constexpr (std::is_same_v<OfResource, logs::ResourceLogs>) {
    auto* scope = of_resource->add_scope_logs();
    scope->mutable_scope()->set_name("traffictap");
    return scope;
  } else {
    auto* scope = of_resource->add_scope_spans();
    scope->mutable_scope()->set_name("traffictap");
    return scope;
  }
}

}  // namespace

struct ExportBatch::Requests {
  bool wants_logs;
  bool wants_traces;
  opentelemetry::proto::collector::logs::v1::ExportLogsServiceRequest logs_request;
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest traces_request;
  // By the nodes' addresses, which `alive` keeps from being used again.
  std::map<const traffic::Node*, logs::ScopeLogs*> log_scopes;
  std::map<const traffic::Node*, trace::ScopeSpans*> span_scopes;
  std::vector<std::shared_ptr<const traffic::RecordBatch>> alive;
  std::array<uint64_t, kSignalCount> bytes{};

  void AddLog(const traffic::RecordOrigin& origin, const traffic::TrafficPair& pair,
              base::Nanos observed) {
    const traffic::Node* node = pair.principal().node;
    auto& scope = log_scopes[node];
    if (scope == nullptr) scope = Begin(*node, logs_request.add_resource_logs());
    auto* record = scope->add_log_records();
    FillLogRecord(origin, pair, observed, record);
    bytes[static_cast<size_t>(Signal::kLogs)] += record->ByteSizeLong();
  }

  void AddSpans(const traffic::RecordOrigin& origin, const traffic::TrafficPair& pair) {
    std::vector<trace::Span*> spans;
    AppendSpans(origin, pair, [&](const traffic::PackedEntry& entry) {
      auto& scope = span_scopes[entry.node];
      if (scope == nullptr) scope = Begin(*entry.node, traces_request.add_resource_spans());
      spans.push_back(scope->add_spans());
      return spans.back();
    });
    for (const auto* span : spans) {
      bytes[static_cast<size_t>(Signal::kTraces)] += span->ByteSizeLong();
    }
  }
};

ExportBatch::ExportBatch(const tap::OtlpOutput& spec) : requests_(std::make_unique<Requests>()) {
  requests_->wants_logs = spec.logs;
  requests_->wants_traces = spec.traces;
}

ExportBatch::~ExportBatch() = default;
ExportBatch::ExportBatch(ExportBatch&&) noexcept = default;
ExportBatch& ExportBatch::operator=(ExportBatch&&) noexcept = default;

void ExportBatch::Add(const std::shared_ptr<const traffic::RecordBatch>& batch, size_t index,
                      base::Nanos observed) {
  auto& alive = requests_->alive;
  if (alive.empty() || alive.back() != batch) alive.push_back(batch);
  const traffic::TrafficPair pair = batch->pair(index);
  if (requests_->wants_logs) requests_->AddLog(batch->origin(), pair, observed);
  if (requests_->wants_traces) requests_->AddSpans(batch->origin(), pair);
  ++records_;
}

uint64_t ExportBatch::bytes() const {
  return *std::max_element(requests_->bytes.begin(), requests_->bytes.end());
}

std::string ExportBatch::Serialize(Signal signal) const {
  return signal == Signal::kLogs ? requests_->logs_request.SerializeAsString()
                                 : requests_->traces_request.SerializeAsString();
}

}  // namespace traffictap::sinks
