// SPDX-License-Identifier: Apache-2.0
#include "sinks/sink_registry.h"

#include "fmt/format.h"
#include "sinks/file/file_writer.h"
#include "sinks/kafka/kafka_writer.h"
#include "sinks/kafka/transactional_sink.h"
#include "sinks/otlp/otlp_writer.h"
#include "sinks/queued_sink.h"
#include "sinks/spool/durable_sink.h"
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

// What a spool keeps is given up by its own age alone; a file's line counts once it is on disk.
tap::OutputSpec ForSpool(tap::OutputSpec spec) {
  spec.file.sync = true;
  spec.kafka.delivery_timeout = spec.otlp.delivery_timeout = spec.delivery.spool_age_max;
  return spec;
}

// "namespace/tap/output"; no namespace can be called "_cluster".
std::string SpoolPath(const std::string& tap_key, const std::string& output) {
  const bool cluster = tap_key.find('/') == std::string::npos;
  return fmt::format("{}{}/{}", cluster ? "_cluster/" : "", tap_key, output);
}

StatusOr<std::unique_ptr<Sink>> OpenDurable(const tap::OutputSpec& spec, const SinkContext& context,
                                            std::unique_ptr<RecordWriter> writer,
                                            const QueuedSinkOptions& options) {
  if (spec.type == tap::OutputType::kStdout) {
    return absl::InvalidArgumentError(
        "delivery.class Durable: type Stdout has nobody who acknowledges records; use type File, "
        "Kafka or Otlp");
  }
  if (context.spool_dir.empty()) {
    return absl::InvalidArgumentError(
        "delivery.class Durable needs a directory to keep records in: start the collector with "
        "--spool-dir, or set delivery.class to BestEffort");
  }
  SpoolOptions spool;
  spool.bytes_max = spec.delivery.spool_bytes_max;
  spool.age_max = spec.delivery.spool_age_max;
  spool.name = options.name;
  spool.clock = context.clock;
  return std::make_unique<DurableSink>(
      std::move(writer), MakeSpoolDisk(context.spool_dir, SpoolPath(context.tap_key, spec.name)),
      spool, options);
}

StatusOr<std::unique_ptr<Sink>> OpenTransactional(const tap::OutputSpec& spec,
                                                  const SinkContext& context) {
  if (spec.type != tap::OutputType::kKafka) {
    return absl::InvalidArgumentError(
        "delivery.class ExactlyOnce: only outputs of type Kafka can be part of a transaction");
  }
  if (context.transaction == nullptr) {
    return absl::InvalidArgumentError(
        "delivery.class ExactlyOnce needs receivers and pairers, whose progress is in Kafka too: "
        "install with shuffle.enabled (--role pairer), or set delivery.class to BestEffort or "
        "Durable");
  }
  return std::make_unique<TransactionalSink>(
      spec.kafka, fmt::format("{} {}", context.tap_key, spec.name), context.transaction);
}

}  // namespace

StatusOr<std::unique_ptr<Sink>> OpenSink(const tap::OutputSpec& spec, const SinkContext& context) {
  if (spec.exactly_once()) return OpenTransactional(spec, context);
  for (const Kind& kind : kKinds) {
    if (kind.type != spec.type) continue;
    auto writer = kind.open(spec.durable() ? ForSpool(spec) : spec, context);
    if (!writer.ok()) return writer.status();
    QueuedSinkOptions options;
    options.name = fmt::format("{} {}", context.tap_key, spec.name);
    options.tap = context.tap_key;
    options.queue_bytes_max = spec.queue_bytes_max;
    options.memory = context.memory;
    if (spec.durable()) return OpenDurable(spec, context, *std::move(writer), options);
    return std::make_unique<QueuedSink>(*std::move(writer), options);
  }
  return absl::InvalidArgumentError(fmt::format("output \"{}\": unknown type", spec.name));
}

}  // namespace traffictap::sinks
