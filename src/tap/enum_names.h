// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include "tap/destination_spec.h"
#include "tap/tap_spec.h"

// The words of a TrafficTap for the values of its enums, one table for each: the schema, the text
// that is written, and whoever shows a value take them from here.
namespace traffictap::tap {

template <typename E>
struct EnumName {
  E value;
  const char* name;
};

constexpr auto EnumNames(TargetKind) {
  using K = TargetKind;
  return std::to_array<EnumName<TargetKind>>({{K::kWorkload, "Workload"},
                                              {K::kDeployment, "Deployment"},
                                              {K::kStatefulSet, "StatefulSet"},
                                              {K::kDaemonSet, "DaemonSet"},
                                              {K::kReplicaSet, "ReplicaSet"},
                                              {K::kJob, "Job"},
                                              {K::kCronJob, "CronJob"},
                                              {K::kRollout, "Rollout"},
                                              {K::kDeploymentConfig, "DeploymentConfig"},
                                              {K::kPod, "Pod"},
                                              {K::kService, "Service"},
                                              {K::kNamespace, "Namespace"},
                                              {K::kGateway, "Gateway"}});
}

constexpr auto EnumNames(Direction) {
  return std::to_array<EnumName<Direction>>({{Direction::kInbound, "Inbound"},
                                             {Direction::kOutbound, "Outbound"},
                                             {Direction::kBoth, "Both"}});
}

constexpr auto EnumNames(PeerAttach) {
  return std::to_array<EnumName<PeerAttach>>({{PeerAttach::kSameNamespace, "SameNamespace"},
                                              {PeerAttach::kMesh, "Mesh"},
                                              {PeerAttach::kNone, "None"}});
}

constexpr auto EnumNames(OrphanPolicy) {
  return std::to_array<EnumName<OrphanPolicy>>(
      {{OrphanPolicy::kEmit, "Emit"}, {OrphanPolicy::kDrop, "Drop"}});
}

constexpr auto EnumNames(QueryValues) {
  return std::to_array<EnumName<QueryValues>>(
      {{QueryValues::kRedact, "Redact"}, {QueryValues::kKeep, "Keep"}});
}

constexpr auto EnumNames(OutputType) {
  return std::to_array<EnumName<OutputType>>({{OutputType::kFile, "File"},
                                              {OutputType::kStdout, "Stdout"},
                                              {OutputType::kKafka, "Kafka"},
                                              {OutputType::kOtlp, "Otlp"}});
}

constexpr auto EnumNames(TriggerType) {
  return std::to_array<EnumName<TriggerType>>({{TriggerType::kErrorRatio, "ErrorRatio"},
                                               {TriggerType::kLatency, "Latency"},
                                               {TriggerType::kWebhook, "Webhook"}});
}

constexpr auto EnumNames(Exemplars) {
  return std::to_array<EnumName<Exemplars>>({{Exemplars::kTraceId, "TraceId"},
                                             {Exemplars::kRecordId, "RecordId"},
                                             {Exemplars::kNone, "None"}});
}

constexpr auto EnumNames(Compression) {
  return std::to_array<EnumName<Compression>>(
      {{Compression::kNone, "None"}, {Compression::kGzip, "Gzip"}, {Compression::kZstd, "Zstd"}});
}

constexpr auto EnumNames(KafkaSecurity) {
  return std::to_array<EnumName<KafkaSecurity>>({{KafkaSecurity::kPlaintext, "Plaintext"},
                                                 {KafkaSecurity::kSsl, "Ssl"},
                                                 {KafkaSecurity::kSaslPlaintext, "SaslPlaintext"},
                                                 {KafkaSecurity::kSaslSsl, "SaslSsl"}});
}

constexpr auto EnumNames(KafkaHeaders) {
  return std::to_array<EnumName<KafkaHeaders>>(
      {{KafkaHeaders::kPlain, "Plain"}, {KafkaHeaders::kCloudEvents, "CloudEvents"}});
}

constexpr auto EnumNames(OtlpProtocol) {
  return std::to_array<EnumName<OtlpProtocol>>(
      {{OtlpProtocol::kGrpc, "Grpc"}, {OtlpProtocol::kHttpProtobuf, "HttpProtobuf"}});
}

constexpr auto EnumNames(DeliveryClass) {
  return std::to_array<EnumName<DeliveryClass>>({{DeliveryClass::kBestEffort, "BestEffort"},
                                                 {DeliveryClass::kDurable, "Durable"},
                                                 {DeliveryClass::kExactlyOnce, "ExactlyOnce"}});
}

constexpr auto EnumNames(DestinationType) {
  return std::to_array<EnumName<DestinationType>>(
      {{DestinationType::kKafka, "Kafka"}, {DestinationType::kOtlp, "Otlp"}});
}

constexpr auto EnumNames(LabelRequirement::Operator) {
  using Operator = LabelRequirement::Operator;
  return std::to_array<EnumName<Operator>>({{Operator::kIn, "In"},
                                            {Operator::kNotIn, "NotIn"},
                                            {Operator::kExists, "Exists"},
                                            {Operator::kDoesNotExist, "DoesNotExist"}});
}

// "Workload"; "" for a value that is none of the enum's.
template <typename E>
constexpr const char* NameOf(E value) {
  for (const auto& row : EnumNames(value)) {
    if (row.value == value) return row.name;
  }
  return "";
}

// What the lists of a match take. Envoy's access log tells these methods apart and no others.
inline constexpr const char* kMethods[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                           "CONNECT", "OPTIONS", "TRACE", "PATCH"};
inline constexpr const char* kSchemes[] = {"http", "https"};
inline constexpr const char* kProtocols[] = {"HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3", "TCP"};
// Envoy's short names, in the order of its protobuf's fields. tap may not see traffic/: a test
// keeps both lists equal.
inline constexpr const char* kResponseFlags[] = {"LH",   "UH",  "UT",  "LR", "UR",  "UF",    "UC",
                                                 "UO",   "NR",  "DI",  "FI", "RL",  "UAEX",  "RLSE",
                                                 "DC",   "URX", "SI",  "IH", "DPE", "UMSDR", "RFCF",
                                                 "NFCF", "DT",  "UPE", "NC", "OM",  "DF",    "DR"};
// gRPC's statuses by number; the same test keeps them equal to what records have.
inline constexpr const char* kGrpcStatuses[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

}  // namespace traffictap::tap
