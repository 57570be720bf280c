// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sinks/otlp/attribute_writer.h"
#include "traffic/traffic_pair.h"

namespace traffictap::sinks {

// What one side says of the request or connection, by the names of OpenTelemetry's semantic
// conventions for HTTP (stable since 1.23) and network: http.*, url.*, server.*, client.*,
// network.*, user_agent.original, tls.*, error.type.
void AddRequestAttributes(const traffic::PackedEntry& entry, AttributeWriter& out);

// What kind of failure this side saw (attribute error.type), or empty: a client's counts from 400
// on, a server's from 500 on; without a response Envoy's first response flag, or "no_response".
std::string ErrorType(const traffic::PackedEntry& entry);

// Envoy's short names of the entry's flags.
std::vector<std::string> FlagNames(const traffic::PackedEntry& entry);

}  // namespace traffictap::sinks
