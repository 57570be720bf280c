// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/http_attributes.h"

#include <charconv>

#include "fmt/format.h"
#include "traffic/grpc_status.h"
#include "traffic/header_list.h"
#include "traffic/rpc.h"

namespace traffictap::sinks {
namespace {

using traffic::EntryKind;
using traffic::PackedEntry;
using traffic::Reporter;
using traffic::SocketAddress;
using traffic::Text;

void AddAddress(const char* ip_key, const char* port_key, const SocketAddress& address,
                AttributeWriter& out) {
  out.Text(ip_key, address.IpString());
  out.Number(port_key, address.port);
}

// The authority is HOST or HOST:PORT; an IPv6 address stands in brackets.
void AddServer(std::string_view authority, AttributeWriter& out) {
  const size_t colon = authority.rfind(':');
  unsigned port = 0;
  std::string_view host = authority;
  if (colon != std::string_view::npos) {
    const char* end = authority.data() + authority.size();
    const auto [stop, error] = std::from_chars(authority.data() + colon + 1, end, port);
    if (error == std::errc() && stop == end && port <= 65'535) {
      host = authority.substr(0, colon);
    } else {
      port = 0;
    }
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  out.Text("server.address", host);
  out.Number("server.port", port);
}

void AddUrl(const PackedEntry& entry, bool client, AttributeWriter& out) {
  const std::string_view path = entry.text(Text::kPath);
  const std::string_view scheme = entry.text(Text::kScheme);
  const std::string_view authority = entry.text(Text::kAuthority);
  const size_t query = path.find('?');
  out.Text("url.scheme", scheme);
  out.Text("url.path", path.substr(0, query));
  if (query != std::string_view::npos) out.Text("url.query", path.substr(query + 1));
  if (client && !authority.empty()) {
    out.Text("url.full",
             fmt::format("{}://{}{}", scheme.empty() ? "http" : scheme, authority, path));
  }
}

void AddHeaders(std::string_view prefix, std::string_view list, AttributeWriter& out) {
  traffic::ForEachHeader(list, [&](std::string_view name, std::string_view value) {
    out.Texts(fmt::format("{}{}", prefix, ToUtf8(name)), {std::string(value)});
  });
}

const char* ProtocolVersion(traffic::HttpVersion version) {
  constexpr const char* kVersions[] = {"", "1.0", "1.1", "2", "3"};
  return kVersions[static_cast<size_t>(version)];
}

// OpenTelemetry's conventions for gRPC (semantic-conventions: docs/rpc/grpc.md, the release
// candidate): rpc.method is the whole name, rpc.response.status_code the status by name.
void AddRpc(const PackedEntry& entry, AttributeWriter& out) {
  const auto rpc = traffic::RpcOf(entry);
  if (!rpc) return;
  out.Text("rpc.system.name", "grpc");
  out.Text("rpc.method", fmt::format("{}/{}", rpc->service, rpc->method));
  out.Text("rpc.response.status_code", ToString(entry.facts.grpc_status));
  out.Text("traffictap.grpc.message", entry.text(Text::kGrpcMessage));
}

void AddHttp(const PackedEntry& entry, bool client, AttributeWriter& out) {
  const auto& facts = entry.facts;
  const std::string method = traffic::ToString(facts.method);
  out.Text("http.request.method", method.empty() ? "_OTHER" : method);
  AddUrl(entry, client, out);
  AddServer(entry.text(Text::kAuthority), out);
  out.Number("http.response.status_code", facts.response_code);
  out.Text("network.protocol.name", "http");
  out.Text("network.protocol.version", ProtocolVersion(facts.http_version));
  out.Text("user_agent.original", entry.text(Text::kUserAgent));
  out.Number("http.request.body.size", facts.request_body_bytes);
  out.Number("http.response.body.size", facts.response_body_bytes);
  // Of the client, who alone knows of attempts before the last.
  if (client && facts.attempt_count > 1) {
    out.Number("http.request.resend_count", facts.attempt_count - 1);
  }
  AddRpc(entry, out);
  AddHeaders("http.request.header.", entry.text(Text::kRequestHeaders), out);
  AddHeaders("http.response.header.", entry.text(Text::kResponseHeaders), out);
  AddHeaders("traffictap.response.trailer.", entry.text(Text::kResponseTrailers), out);
}

void AddTls(const PackedEntry& entry, AttributeWriter& out) {
  constexpr const char* kVersions[] = {"", "1.0", "1.1", "1.2", "1.3"};
  const size_t version = entry.facts.tls_version;
  if (version > 0 && version < std::size(kVersions)) {
    out.Text("tls.protocol.name", "tls");
    out.Text("tls.protocol.version", kVersions[version]);
  }
  out.Text("tls.client.server_name", entry.text(Text::kTlsSni));
}

// A client's span fails by every status but OK, a server's by those that are its own fault
// (docs/rpc/grpc.md).
bool IsGrpcError(const traffic::EntryFacts& facts) {
  if (facts.reporter == Reporter::kSource) return facts.grpc_status > traffic::GrpcStatus::kOk;
  return traffic::IsServersFault(facts.grpc_status);
}

}  // namespace

void AddRequestAttributes(const PackedEntry& entry, AttributeWriter& out) {
  const auto& facts = entry.facts;
  const bool client = facts.reporter == Reporter::kSource;
  const bool http = facts.kind == EntryKind::kHttp;
  if (http) AddHttp(entry, client, out);
  out.Text("network.transport", "tcp");
  // Over what socket: the client's to the server, the server's to the client.
  AddAddress("network.peer.address", "network.peer.port", PeerAddress(entry), out);
  AddAddress("network.local.address", "network.local.port",
             client ? facts.upstream_local : facts.downstream_local, out);
  AddAddress("client.address", "client.port", facts.downstream_remote, out);
  if (!http) {
    AddAddress("server.address", "server.port",
               client ? facts.upstream_remote : facts.downstream_local, out);
    out.Number("traffictap.bytes.received", facts.request_body_bytes);
    out.Number("traffictap.bytes.sent", facts.response_body_bytes);
  }
  AddTls(entry, out);
  out.Text("error.type", ErrorType(entry));
}

std::string ErrorType(const PackedEntry& entry) {
  const auto& facts = entry.facts;
  const uint32_t first = facts.reporter == Reporter::kSource ? 400 : 500;
  if (facts.response_code >= first) return fmt::format("{}", facts.response_code);
  if (IsGrpcError(facts)) return ToString(facts.grpc_status);
  // Answered: what the flags then tell is no failure of this side.
  if (facts.response_code != 0) return {};
  const auto flags = FlagNames(entry);
  if (!flags.empty()) return flags.front();
  return facts.kind == EntryKind::kTcp ? "" : "no_response";
}

std::vector<std::string> FlagNames(const PackedEntry& entry) {
  std::vector<std::string> out;
  if (entry.facts.response_flags.empty()) return out;
  for (size_t flag = 1; flag <= traffic::kResponseFlagMax; ++flag) {
    const auto value = static_cast<traffic::ResponseFlag>(flag);
    if (entry.facts.response_flags.Contains(value)) out.push_back(traffic::ShortName(value));
  }
  return out;
}

}  // namespace traffictap::sinks
