#pragma once

#include <string_view>

#include "traffic/access_entry.h"

namespace traffictap::als {

// envoy.data.accesslog.v3.AccessLogCommon into `entry`. False: not valid protobuf.
bool DecodeCommonProperties(std::string_view bytes, traffic::AccessEntry* entry);

// The side that an upstream cluster's name tells: Istio calls a server's own cluster
// "inbound|PORT||" (or with '_' after a rename of '|'), and InboundPassthroughCluster where its
// port is not declared; every other name is a client's.
traffic::Reporter ReporterOf(std::string_view upstream_cluster);

}  // namespace traffictap::als
