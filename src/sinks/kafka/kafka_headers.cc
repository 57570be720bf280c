// SPDX-License-Identifier: Apache-2.0
#include "sinks/kafka/kafka_headers.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/rfc3339.h"
#include "fmt/format.h"
#include "traffic/record_id.h"

namespace traffictap::sinks {
namespace {

constexpr std::string_view kApi = "/apis/traffictap.io/v1alpha1";

// The path of the tap's object: a URI reference, as `source` has to be.
std::string SourceOf(const std::string& tap) {
  const size_t slash = tap.find('/');
  if (slash == std::string::npos) return fmt::format("{}/clustertraffictaps/{}", kApi, tap);
  return fmt::format("{}/namespaces/{}/traffictaps/{}", kApi, tap.substr(0, slash),
                     tap.substr(slash + 1));
}

// "namespace/name", or empty: a peer's names are what its proxy says, and a header is text.
std::string SubjectOf(const traffic::TrafficPair& pair) {
  std::string_view ns, name;
  if (pair.server() != nullptr) {
    ns = pair.server()->node->ns;
    name = pair.server()->node->workload;
  } else {
    ns = pair.client->text(traffic::Text::kPeerNamespace);
    name = pair.client->text(traffic::Text::kPeerWorkload);
  }
  std::string out = fmt::format("{}/{}", ns, name);
  const auto plain = [](unsigned char c) { return c > 0x20 && c < 0x7f; };
  const bool known = !ns.empty() && !name.empty() && std::all_of(out.begin(), out.end(), plain);
  return known ? out : "";
}

// With the nanoseconds that a record's own startTime has.
std::string TimeOf(base::Nanos time) {
  std::string out = base::FormatRfc3339(time);
  out.pop_back();  // Z
  return fmt::format("{}.{:09}Z", out, time % base::kSecond);
}

}  // namespace

kafkaclient::MessageHeaders HeadersOf(tap::KafkaHeaders kind, const traffic::RecordBatch& records,
                                      size_t index) {
  kafkaclient::MessageHeaders out = {{"content-type", "application/json"},
                                     {"traffictap-schema", "v1"}};
  if (kind != tap::KafkaHeaders::kCloudEvents) return out;
  const traffic::TrafficPair pair = records.pair(index);
  const traffic::PackedEntry& principal = pair.principal();
  out.emplace_back("ce_specversion", "1.0");
  out.emplace_back("ce_type", "io.traffictap.record.v1");
  out.emplace_back("ce_source", SourceOf(records.origin().tap));
  out.emplace_back("ce_id", traffic::RecordIdText(traffic::RecordIdOf(principal)));
  if (principal.facts.start_time > 0) {
    out.emplace_back("ce_time", TimeOf(principal.facts.start_time));
  }
  if (std::string subject = SubjectOf(pair); !subject.empty()) {
    out.emplace_back("ce_subject", std::move(subject));
  }
  return out;
}

}  // namespace traffictap::sinks
