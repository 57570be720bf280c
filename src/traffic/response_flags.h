// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace traffictap::traffic {

// Envoy's response flags; the numbers are the field numbers of
// envoy.data.accesslog.v3.ResponseFlags.
enum class ResponseFlag : uint8_t {
  kFailedLocalHealthcheck = 1,
  kNoHealthyUpstream,
  kUpstreamRequestTimeout,
  kLocalReset,
  kUpstreamRemoteReset,
  kUpstreamConnectionFailure,
  kUpstreamConnectionTermination,
  kUpstreamOverflow,
  kNoRouteFound,
  kDelayInjected,
  kFaultInjected,
  kRateLimited,
  kUnauthorized,
  kRateLimitServiceError,
  kDownstreamConnectionTermination,
  kUpstreamRetryLimitExceeded,
  kStreamIdleTimeout,
  kInvalidEnvoyRequestHeaders,
  kDownstreamProtocolError,
  kUpstreamMaxStreamDurationReached,
  kResponseFromCacheFilter,
  kNoFilterConfigFound,
  kDurationTimeout,
  kUpstreamProtocolError,
  kNoClusterFound,
  kOverloadManager,
  kDnsResolutionFailure,
  kDownstreamRemoteReset,
};
constexpr size_t kResponseFlagMax = 63;

// A set of response flags. A flag newer than the enum keeps its number and is shown as
// "FLAG<number>".
class ResponseFlags {
 public:
  void Add(ResponseFlag flag) { bits_ |= uint64_t{1} << static_cast<unsigned>(flag); }
  bool Contains(ResponseFlag flag) const { return (bits_ >> static_cast<unsigned>(flag)) & 1; }
  bool Intersects(ResponseFlags other) const { return (bits_ & other.bits_) != 0; }
  bool empty() const { return bits_ == 0; }
  uint64_t bits() const { return bits_; }

  friend bool operator==(ResponseFlags, ResponseFlags) = default;

 private:
  uint64_t bits_ = 0;
};

// Envoy's short name, as in %RESPONSE_FLAGS%: "UF", "DC", … ("FLAG29" for an unknown one).
std::string ShortName(ResponseFlag flag);
// nullopt unless `name` is one of Envoy's short names.
std::optional<ResponseFlag> ParseResponseFlag(std::string_view name);

}  // namespace traffictap::traffic
