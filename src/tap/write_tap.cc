// SPDX-License-Identifier: Apache-2.0
#include "tap/write_tap.h"

#include "tap/schema/fields.h"

namespace traffictap::tap {

std::string WriteTap(const TapSpec& tap) {
  using schema::Json;
  Json metadata = {{"name", tap.name}};
  if (!tap.ns.empty()) metadata["namespace"] = tap.ns;
  const Json document = {{"apiVersion", "traffictap.io/v1alpha1"},
                         {"kind", tap.cluster_scoped ? "ClusterTrafficTap" : "TrafficTap"},
                         {"metadata", std::move(metadata)},
                         {"spec", schema::TapFields().write(tap)}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace traffictap::tap
