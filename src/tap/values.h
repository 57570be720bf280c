// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "tap/match_spec.h"

// The texts of single values, as every field, option and parameter reads and writes them.
namespace traffictap::tap {

// "500-599", "404", "5xx". kInvalidArgument says what is allowed, here and below.
StatusOr<CodeRange> ParseCodeRange(const std::string& text);
std::string FormatCodeRange(const CodeRange& range);

// "5s", "100ms", "1h30m".
StatusOr<base::Nanos> ParseDuration(const std::string& text);
// "1h30m", "100ms"; the shortest text that ParseDuration reads as `duration`.
std::string FormatDuration(base::Nanos duration);

// "128Mi", "10M", "4096".
StatusOr<uint64_t> ParseBytes(const std::string& text);
// "128Mi", "4097": in the largest binary unit that leaves a whole number.
std::string FormatBytes(uint64_t bytes);

// A token of HTTP: what the name of a header may be.
bool IsHeaderName(const std::string& text);
// The lower-cased name of a header that records can have. kInvalidArgument: no name, or one that
// carries credentials and is never captured.
StatusOr<std::string> ParseHeaderName(std::string text);

// 32 or 16 hexadecimal digits in lower case, of which one is not 0: what the id of a trace may be.
bool IsTraceId(const std::string& text);

// A label of DNS, as names of Kubernetes' namespaces and outputs are; 1 to 63 characters.
bool IsDnsLabel(const std::string& text);
// Names of workloads, pods and other objects may hold dots.
bool IsObjectName(const std::string& text);

// 1 to 65535, in digits without a zero in front.
bool IsPort(const std::string& text);
// HOST:PORT, as Kafka's clients take a broker. IPv6 addresses stand in brackets.
bool IsBroker(const std::string& text);
// What Kafka takes as the name of a topic or of a consumer group.
bool IsTopic(const std::string& text);
inline constexpr size_t kTopicMax = 249;  // characters, Kafka's bound
// What IsTopic asks for, for people.
inline constexpr char kTopicRule[] =
    "must be 1 to 249 letters, digits, '.', '_' or '-', and not . or ..";

}  // namespace traffictap::tap
