// SPDX-License-Identifier: Apache-2.0
#include "traffic/rpc.h"

namespace traffictap::traffic {

std::optional<Rpc> RpcOf(const PackedEntry& entry) {
  const bool grpc_client = entry.facts.method == Method::kPost &&
                           entry.facts.http_version == HttpVersion::kHttp2 &&
                           entry.text(Text::kUserAgent).starts_with("grpc-");
  if (entry.facts.grpc_status == GrpcStatus::kAbsent && !grpc_client) return std::nullopt;
  const std::string_view path = entry.text(Text::kPath);
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == path.size())
    return std::nullopt;
  return Rpc{path.substr(1, slash - 1), path.substr(slash + 1)};
}

}  // namespace traffictap::traffic
