// SPDX-License-Identifier: Apache-2.0
#include "sinks/sink_registry.h"

#include "fmt/format.h"
#include "sinks/file/file_writer.h"
#include "sinks/kafka/kafka_writer.h"
#include "sinks/otlp/otlp_writer.h"
#include "sinks/queued_sink.h"
#include "sinks/stdout/stdout_writer.h"

namespace traffictap::sinks {
namespace {

StatusOr<std::unique_ptr<RecordWriter>> OpenFile(const tap::OutputSpec& spec,
                                                 const SinkContext& context) {
  if (context.output_dir.empty()) {
    return absl::InvalidArgumentError(
        "File outputs need a directory to stay in: start the collector with --output-dir");
  }
  return std::make_unique<FileWriter>(spec.file, context.output_dir, context.clock);
}

StatusOr<std::unique_ptr<RecordWriter>> OpenStdout(const tap::OutputSpec&, const SinkContext&) {
  return std::make_unique<StdoutWriter>();
}

StatusOr<std::unique_ptr<RecordWriter>> OpenKafka(const tap::OutputSpec& spec, const SinkContext&) {
  return std::make_unique<KafkaWriter>(spec.kafka);
}

StatusOr<std::unique_ptr<RecordWriter>> OpenOtlp(const tap::OutputSpec& spec,
                                                 const SinkContext& context) {
  return std::make_unique<OtlpWriter>(spec.otlp, MakeTransport(spec.otlp), context.clock);
}

struct Kind {
  tap::OutputType type;
  StatusOr<std::unique_ptr<RecordWriter>> (*open)(const tap::OutputSpec&, const SinkContext&);
};

// Every kind of output there is.
constexpr Kind kKinds[] = {
    {tap::OutputType::kFile, OpenFile},
    {tap::OutputType::kStdout, OpenStdout},
    {tap::OutputType::kKafka, OpenKafka},
    {tap::OutputType::kOtlp, OpenOtlp},
};

}  // namespace

StatusOr<std::unique_ptr<Sink>> OpenSink(const tap::OutputSpec& spec, const SinkContext& context) {
  for (const Kind& kind : kKinds) {
    if (kind.type != spec.type) continue;
    auto writer = kind.open(spec, context);
    if (!writer.ok()) return writer.status();
    QueuedSinkOptions options;
    options.name = fmt::format("{} {}", context.tap_key, spec.name);
    options.tap = context.tap_key;
    options.queue_bytes_max = spec.queue_bytes_max;
    options.memory = context.memory;
    return std::make_unique<QueuedSink>(*std::move(writer), options);
  }
  return absl::InvalidArgumentError(fmt::format("output \"{}\": unknown type", spec.name));
}

}  // namespace traffictap::sinks
