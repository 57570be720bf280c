// SPDX-License-Identifier: Apache-2.0
#include "operator/istiod/syncz_client.h"

#include <arpa/inet.h>

#include "absl/strings/numbers.h"
#include "base/text_file.h"
#include "fmt/format.h"
#include "kube/http_transport.h"

namespace traffictap::istiod {
namespace {

constexpr const char* kSyncz = "/debug/syncz";
constexpr const char* kVersion = "/version";
constexpr size_t kTokenBytesMax = 1 << 16;

std::string ReadToken(const std::string& file) {
  return file.empty() ? "" : base::ReadTextFile(file, kTokenBytesMax).value_or("");
}

// No name: istiod is asked by the addresses of its pods, each for the proxies that it serves.
bool IsIpAndPort(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return false;
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  in6_addr ignored{};
  const int family = host.find(':') == std::string::npos ? AF_INET : AF_INET6;
  int port = 0;
  return inet_pton(family, host.c_str(), &ignored) == 1 &&
         absl::SimpleAtoi(address.substr(colon + 1), &port) && port > 0 && port <= 65535;
}

Status Refused(const std::string& asked, int code) {
  const auto message = fmt::format("ask istiod {}: HTTP {}", asked, code);
  if (code != 401 && code != 403) return absl::UnavailableError(message);
  return absl::PermissionDeniedError(
      message +
      ": give the operator a token of audience istio-ca (--istiod-token), and name its namespace "
      "in istiod's DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES");
}

StatusOr<std::string> Get(const std::string& address, const std::string& path,
                          const std::string& token, const SynczOptions& options) {
  if (!IsIpAndPort(address)) {
    return absl::InvalidArgumentError(fmt::format("ask istiod \"{}\": must be IP:PORT", address));
  }
  kube::HttpTransportOptions to;
  to.server = "http://" + address;
  to.user_agent = "traffictap-operator";
  to.response_bytes_max = options.response_bytes_max;
  const auto transport = kube::HttpTransport::Make(std::move(to));
  if (!transport.ok()) return transport.status();
  kube::HttpRequest request;
  request.target = path;
  request.accept = "*/*";
  if (!token.empty()) request.authorization = "Bearer " + token;
  auto response = (*transport)->Send(request, options.timeout);
  if (!response.ok()) {
    return absl::UnavailableError(
        fmt::format("ask istiod {}: {}", address, Message(response.status())));
  }
  if (response->code != 200) return Refused(address + path, response->code);
  return std::move(response->body);
}

}  // namespace

StatusOr<ProxySyncs> FetchSyncz(const std::vector<std::string>& addresses,
                                const SynczOptions& options) {
  ProxySyncs out;
  const std::string token = ReadToken(options.token_file);
  for (const auto& address : addresses) {
    const auto answer = Get(address, kSyncz, token, options);
    if (!answer.ok()) return answer.status();
    TT_RETURN_IF_ERROR(ReadSyncz(*answer, address, &out));
  }
  if (addresses.empty()) return absl::UnavailableError("ask istiod: no istiod is known");
  return out;
}

StatusOr<std::string> FetchVersion(const std::string& address, const SynczOptions& options) {
  auto answer = Get(address, kVersion, "", options);
  if (!answer.ok()) return answer.status();
  // "1.29.2-commit-Clean": what stands before the first '-' that does not belong to it.
  if (answer->starts_with(kUnknownVersion)) return kUnknownVersion;
  if (answer->starts_with('v')) answer->erase(0, 1);
  return answer->substr(0, answer->find_first_not_of("0123456789."));
}

}  // namespace traffictap::istiod
