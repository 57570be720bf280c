// SPDX-License-Identifier: Apache-2.0
#include "als/decode_common.h"

#include "als/decode_peer.h"
#include "als/decode_values.h"
#include "als/reporter.h"
#include "als/wire_reader.h"
#include "envoy/data/accesslog/v3/accesslog.pb.h"

namespace traffictap::als {
namespace {

using Common = envoy::data::accesslog::v3::AccessLogCommon;
using Tls = envoy::data::accesslog::v3::TLSProperties;
using envoy::data::accesslog::v3::AccessLogType;
using traffic::AccessEntry;
using traffic::DryRunResult;
using traffic::EntryFacts;
using traffic::LogMoment;
using traffic::PeerMesh;
using traffic::Text;

// An enum's number as its place in EntryFacts holds it; one too large to be known is 0.
uint8_t SmallEnum(uint64_t number) { return number < 256 ? static_cast<uint8_t>(number) : 0; }

// CertificateProperties: the first URI among the subject's alternative names.
bool DecodeCertificate(std::string_view bytes, std::string_view* uri) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() != 1 || !reader.is_bytes()) {
      reader.Skip();
      continue;
    }
    WireReader san(reader.Bytes());
    while (san.Next()) {
      if (san.field() == 1 && uri->empty()) {
        *uri = san.Bytes();
      } else {
        san.Skip();
      }
    }
    if (!san.ok()) return false;
  }
  return reader.ok();
}

bool DecodeTls(std::string_view bytes, AccessEntry* entry) {
  WireReader reader(bytes);
  bool valid = true;
  while (valid && reader.Next()) {
    switch (reader.field()) {
      case Tls::kTlsVersionFieldNumber:
        entry->facts.tls_version = SmallEnum(reader.Varint());
        break;
      case Tls::kTlsSniHostnameFieldNumber: entry->text(Text::kTlsSni) = reader.Bytes(); break;
      case Tls::kLocalCertificatePropertiesFieldNumber:
        valid = DecodeCertificate(reader.Bytes(), &entry->text(Text::kLocalPrincipal));
        break;
      case Tls::kPeerCertificatePropertiesFieldNumber:
        valid = DecodeCertificate(reader.Bytes(), &entry->text(Text::kPeerPrincipal));
        break;
      default:
        if (reader.field() > Tls::kJa3FingerprintFieldNumber) ++entry->facts.unknown_fields;
        reader.Skip();
    }
  }
  return valid && reader.ok();
}

// What policies that are only tried would have done (operator/mesh/envoy_filter.cc asks for it): any
// that denies counts, and what a denying one is called before an allowing one.
void ReadDryRun(std::string_view key, std::string_view value, AccessEntry* entry) {
  auto& result = entry->facts.dry_run;
  auto& policy = entry->text(Text::kDryRunPolicy);
  if (key == "dryRunDeny" || key == "dryRunAllow") {
    if (value == "denied") result = DryRunResult::kDenied;
    if (value == "allowed" && result == DryRunResult::kNone) result = DryRunResult::kAllowed;
  }
  if (key == "dryRunDenyPolicy" || (key == "dryRunAllowPolicy" && policy.empty())) policy = value;
}

// The tap's own custom tags.
bool DecodeCustomTag(std::string_view bytes, AccessEntry* entry, EndHints* hints) {
  std::string_view key;
  std::string_view value;
  if (!DecodeMapEntry(bytes, &key, &value)) return false;
  if (key == "traffictap_side") hints->side = value;
  if (key == "tlsMode") hints->tls_mode = value;
  if (key == "peerWorkload") entry->text(Text::kPeerWorkload) = value;
  if (key == "peerNamespace") entry->text(Text::kPeerNamespace) = value;
  if (key.starts_with("dryRun")) ReadDryRun(key, value, entry);
  return true;
}

bool DecodeFilterState(std::string_view bytes, EndHints* hints) {
  std::string_view key;
  std::string_view value;
  if (!DecodeMapEntry(bytes, &key, &value)) return false;
  if (key == "upstream_peer") hints->upstream = value;
  if (key == "downstream_peer") hints->downstream = value;
  if (key == "io.istio.peer_principal") hints->opener = value;
  if (key == "wasm.upstream_peer" && hints->upstream.empty()) hints->upstream = value;
  if (key == "wasm.downstream_peer" && hints->downstream.empty()) hints->downstream = value;
  return true;
}

// A gateway has objects of both ends: the far one is upstream of a client's proxy and downstream of
// a server's. An object is proof of a proxy there; the tag is of the endpoint's metadata alone,
// which for a server's entry is its own application, and "unknown" where there is none.
void ReadPeer(const EndHints& hints, AccessEntry* entry) {
  const bool source = entry->facts.reporter == traffic::Reporter::kSource;
  const PeerNames peer = DecodePeerObject(source ? hints.upstream : hints.downstream);
  auto& workload = entry->text(Text::kPeerWorkload);
  auto& ns = entry->text(Text::kPeerNamespace);
  if (workload.empty() && ns.empty()) {
    workload = peer.workload;
    ns = peer.ns;
  }
  if (entry->text(Text::kPeerPrincipal).starts_with("spiffe://")) {
    entry->facts.peer_mesh = PeerMesh::kMeshed;
  } else if (!peer.empty()) {
    entry->facts.peer_mesh = PeerMesh::kMeshed;
  } else if (source && !hints.tls_mode.empty()) {
    entry->facts.peer_mesh = hints.tls_mode == "istio" ? PeerMesh::kMeshed : PeerMesh::kNotMeshed;
  }
}

// The inner connection of a tunnel has no TLS of its own. That its client is known proves no proxy that
// could be tapped: ztunnel opens the tunnels of pods that have none.
void ReadOpener(const EndHints& hints, AccessEntry* entry) {
  auto& principal = entry->text(Text::kPeerPrincipal);
  if (entry->facts.reporter == traffic::Reporter::kSource || !principal.empty()) return;
  principal = DecodePrincipalObject(hints.opener);
}

LogMoment MomentOf(uint8_t type) {
  switch (type) {
    case AccessLogType::TcpUpstreamConnected:
    case AccessLogType::DownstreamStart:
    case AccessLogType::UpstreamPoolReady:
    case AccessLogType::DownstreamTunnelSuccessfullyEstablished:
    case AccessLogType::UdpTunnelUpstreamConnected: return LogMoment::kStart;
    case AccessLogType::TcpPeriodic:
    case AccessLogType::DownstreamPeriodic:
    case AccessLogType::UpstreamPeriodic:
    case AccessLogType::UdpPeriodic: return LogMoment::kPeriodic;
    default: return LogMoment::kEnd;
  }
}

base::Nanos* DurationOf(uint32_t field, EntryFacts* facts) {
  switch (field) {
    case Common::kTimeToLastRxByteFieldNumber: return &facts->last_rx_byte;
    case Common::kTimeToFirstUpstreamTxByteFieldNumber: return &facts->first_upstream_tx_byte;
    case Common::kTimeToLastUpstreamTxByteFieldNumber: return &facts->last_upstream_tx_byte;
    case Common::kTimeToFirstUpstreamRxByteFieldNumber: return &facts->first_upstream_rx_byte;
    case Common::kTimeToLastUpstreamRxByteFieldNumber: return &facts->last_upstream_rx_byte;
    case Common::kTimeToFirstDownstreamTxByteFieldNumber: return &facts->first_downstream_tx_byte;
    case Common::kTimeToLastDownstreamTxByteFieldNumber: return &facts->last_downstream_tx_byte;
    case Common::kDurationFieldNumber: return &facts->duration;
    case Common::kStartTimeFieldNumber: return &facts->start_time;
    default: return nullptr;
  }
}

traffic::SocketAddress* AddressOf(uint32_t field, EntryFacts* facts) {
  switch (field) {
    case Common::kDownstreamRemoteAddressFieldNumber: return &facts->downstream_remote;
    case Common::kDownstreamLocalAddressFieldNumber: return &facts->downstream_local;
    case Common::kUpstreamRemoteAddressFieldNumber: return &facts->upstream_remote;
    case Common::kUpstreamLocalAddressFieldNumber: return &facts->upstream_local;
    case Common::kDownstreamDirectRemoteAddressFieldNumber: return &facts->downstream_direct_remote;
    default: return nullptr;
  }
}

std::string_view* TextOf(uint32_t field, AccessEntry* entry) {
  switch (field) {
    case Common::kUpstreamClusterFieldNumber: return &entry->text(Text::kUpstreamCluster);
    case Common::kUpstreamTransportFailureReasonFieldNumber:
      return &entry->text(Text::kUpstreamTransportFailure);
    case Common::kRouteNameFieldNumber: return &entry->text(Text::kRouteName);
    case Common::kConnectionTerminationDetailsFieldNumber:
      return &entry->text(Text::kConnectionTermination);
    case Common::kDownstreamTransportFailureReasonFieldNumber:
      return &entry->text(Text::kDownstreamTransportFailure);
    // An HTTP entry's own request id, read later, takes its place.
    case Common::kStreamIdFieldNumber: return &entry->text(Text::kRequestId);
    default: return nullptr;
  }
}

uint64_t* WireBytesOf(uint32_t field, EntryFacts* facts) {
  switch (field) {
    case Common::kDownstreamWireBytesSentFieldNumber: return &facts->downstream_wire_bytes_sent;
    case Common::kDownstreamWireBytesReceivedFieldNumber:
      return &facts->downstream_wire_bytes_received;
    case Common::kUpstreamWireBytesSentFieldNumber: return &facts->upstream_wire_bytes_sent;
    case Common::kUpstreamWireBytesReceivedFieldNumber: return &facts->upstream_wire_bytes_received;
    default: return nullptr;
  }
}

// Older Envoys tell of an intermediate entry by a flag, newer ones by the entry's type.
void SetMoment(LogMoment moment, EntryFacts* facts) {
  if (facts->moment == LogMoment::kEnd || moment == LogMoment::kStart) facts->moment = moment;
}

bool DecodeOther(WireReader* reader, AccessEntry* entry, EndHints* hints) {
  EntryFacts& facts = entry->facts;
  switch (reader->field()) {
    case Common::kResponseFlagsFieldNumber:
      return DecodeResponseFlags(reader->Bytes(), &facts.response_flags);
    case Common::kTlsPropertiesFieldNumber: return DecodeTls(reader->Bytes(), entry);
    case Common::kCustomTagsFieldNumber: return DecodeCustomTag(reader->Bytes(), entry, hints);
    case Common::kFilterStateObjectsFieldNumber: return DecodeFilterState(reader->Bytes(), hints);
    case Common::kUpstreamRequestAttemptCountFieldNumber:
      facts.attempt_count = static_cast<uint32_t>(reader->Varint());
      return true;
    case Common::kIntermediateLogEntryFieldNumber:
      if (reader->Varint() != 0) SetMoment(LogMoment::kPeriodic, &facts);
      return true;
    case Common::kAccessLogTypeFieldNumber:
      facts.access_log_type = SmallEnum(reader->Varint());
      SetMoment(MomentOf(facts.access_log_type), &facts);
      return true;
    case Common::kSampleRateFieldNumber:
    case Common::kMetadataFieldNumber: reader->Skip(); return true;
    default:
      ++facts.unknown_fields;
      reader->Skip();
      return true;
  }
}

}  // namespace

bool DecodeCommonProperties(std::string_view bytes, AccessEntry* entry, EndHints* hints) {
  WireReader reader(bytes);
  bool valid = true;
  while (valid && reader.Next()) {
    const uint32_t field = reader.field();
    if (auto* duration = DurationOf(field, &entry->facts)) {
      valid = DecodeSecondsNanos(reader.Bytes(), duration);
    } else if (auto* address = AddressOf(field, &entry->facts)) {
      valid = DecodeAddress(reader.Bytes(), address);
    } else if (auto* text = TextOf(field, entry)) {
      *text = reader.Bytes();
    } else if (auto* wire_bytes = WireBytesOf(field, &entry->facts)) {
      *wire_bytes = reader.Varint();
    } else {
      valid = DecodeOther(&reader, entry, hints);
    }
  }
  return valid && reader.ok();
}

void SettleEnds(const EndHints& hints, const traffic::Node* node, AccessEntry* entry) {
  entry->facts.reporter = ReporterOf(hints.side, *entry, node);
  ReadPeer(hints, entry);
  ReadOpener(hints, entry);
}

}  // namespace traffictap::als
