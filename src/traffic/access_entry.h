// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "traffic/grpc_status.h"
#include "traffic/node.h"
#include "traffic/response_flags.h"
#include "traffic/socket_address.h"
#include "traffic/trace_context.h"

namespace traffictap::traffic {

// Which end of the request wrote an entry; the words are those of Istio's `reporter` label.
enum class Reporter : uint8_t { kSource, kDestination };

enum class EntryKind : uint8_t { kHttp, kTcp };

// envoy.data.accesslog.v3.HTTPAccessLogEntry.HTTPVersion, by number; TCP entries have kUnspecified.
enum class HttpVersion : uint8_t { kUnspecified, kHttp10, kHttp11, kHttp2, kHttp3 };

// envoy.config.core.v3.RequestMethod, by number. A method that Envoy does not know is kUnspecified.
enum class Method : uint8_t {
  kUnspecified,
  kGet,
  kHead,
  kPost,
  kPut,
  kDelete,
  kConnect,
  kOptions,
  kTrace,
  kPatch
};

// What an entry tells about its stream's life (from envoy.data.accesslog.v3.AccessLogType).
enum class LogMoment : uint8_t { kEnd, kStart, kPeriodic };

// What one side said of whether the other one is part of the mesh.
enum class PeerMesh : uint8_t { kUnknown, kMeshed, kNotMeshed };

// What AuthorizationPolicies that are only tried (Istio's dry run) would have done.
enum class DryRunResult : uint8_t { kNone, kAllowed, kDenied };

// A duration that the entry does not carry.
constexpr base::Nanos kAbsent = -1;

// The numbers of an entry. Durations are nanoseconds since `start_time`, as the proxy measured
// them, or kAbsent.
struct EntryFacts {
  EntryKind kind = EntryKind::kHttp;
  Reporter reporter = Reporter::kSource;
  LogMoment moment = LogMoment::kEnd;
  HttpVersion http_version = HttpVersion::kUnspecified;
  Method method = Method::kUnspecified;
  PeerMesh peer_mesh = PeerMesh::kUnknown;
  GrpcStatus grpc_status = GrpcStatus::kAbsent;
  DryRunResult dry_run = DryRunResult::kNone;
  uint8_t tls_version = 0;  // envoy TLSProperties.TLSVersion by number; 0 = no TLS seen downstream
  uint8_t access_log_type = 0;  // envoy AccessLogType by number
  uint32_t response_code = 0;   // 0: none was sent
  uint32_t attempt_count = 0;   // upstream_request_attempt_count
  uint32_t unknown_fields = 0;  // how many fields this build does not know were skipped
  ResponseFlags response_flags;
  TraceContext trace;  // absent for connections

  base::Nanos start_time = 0;  // Unix epoch, by the proxy's own clock
  base::Nanos last_rx_byte = kAbsent;
  base::Nanos first_upstream_tx_byte = kAbsent;
  base::Nanos last_upstream_tx_byte = kAbsent;
  base::Nanos first_upstream_rx_byte = kAbsent;
  base::Nanos last_upstream_rx_byte = kAbsent;
  base::Nanos first_downstream_tx_byte = kAbsent;
  base::Nanos last_downstream_tx_byte = kAbsent;
  base::Nanos duration = kAbsent;  // whole life of the request or connection

  uint64_t request_headers_bytes = 0;
  uint64_t request_body_bytes = 0;  // TCP: received_bytes
  uint64_t response_headers_bytes = 0;
  uint64_t response_body_bytes = 0;  // TCP: sent_bytes
  uint64_t downstream_wire_bytes_sent = 0;
  uint64_t downstream_wire_bytes_received = 0;
  uint64_t upstream_wire_bytes_sent = 0;
  uint64_t upstream_wire_bytes_received = 0;

  SocketAddress downstream_remote;         // after X-Forwarded-For and PROXY protocol
  SocketAddress downstream_direct_remote;  // the peer of the socket
  SocketAddress downstream_local;
  SocketAddress upstream_local;
  SocketAddress upstream_remote;
};

// The texts of an entry. The three header lists are packed (traffic/header_list.h).
enum class Text : uint8_t {
  kRequestId,
  kScheme,
  kAuthority,
  kPath,
  kOriginalPath,
  kUserAgent,
  kReferer,
  kForwardedFor,
  kResponseCodeDetails,
  kRouteName,
  kUpstreamCluster,
  kUpstreamTransportFailure,
  kDownstreamTransportFailure,
  kConnectionTermination,
  kTlsSni,
  kPeerPrincipal,
  kLocalPrincipal,
  kPeerWorkload,
  kPeerNamespace,
  kGrpcMessage,
  kDryRunPolicy,  // that decided it, as traffic::ReadPolicyId reads it; empty where none matched
  kRequestHeaders,
  kResponseHeaders,
  kResponseTrailers,
};
constexpr size_t kTextCount = static_cast<size_t>(Text::kResponseTrailers) + 1;

// One side's log of a request or connection, as decoded: a view, valid only while the message it
// came from is. Texts may be any bytes: what shows them escapes them. At most kTextBytesMax each,
// the rest cut off.
struct AccessEntry {
  static constexpr size_t kTextBytesMax = 16 * 1024;

  EntryFacts facts;
  std::array<std::string_view, kTextCount> texts;

  std::string_view text(Text which) const { return texts[static_cast<size_t>(which)]; }
  std::string_view& text(Text which) { return texts[static_cast<size_t>(which)]; }
};

}  // namespace traffictap::traffic
