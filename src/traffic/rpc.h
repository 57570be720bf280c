// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "traffic/packed_entry.h"

namespace traffictap::traffic {

// A gRPC call's service and method: the path is "/PACKAGE.SERVICE/METHOD". Views into the entry.
struct Rpc {
  std::string_view service;
  std::string_view method;
};
// nullopt unless the entry is of a gRPC call: it has a grpc-status, or it is a POST over HTTP/2 of
// a client that calls itself one of gRPC ("grpc-go/1.60.1", …). Never made up for plain HTTP.
std::optional<Rpc> RpcOf(const PackedEntry& entry);

}  // namespace traffictap::traffic
