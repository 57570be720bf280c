// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "opentelemetry/proto/resource/v1/resource.pb.h"
#include "traffic/node.h"

namespace traffictap::sinks {

// Who reported: the workload whose proxy wrote the entry. Attributes of OpenTelemetry's semantic
// conventions (service.*, k8s.*).
void FillResource(const traffic::Node& node, opentelemetry::proto::resource::v1::Resource* out);

}  // namespace traffictap::sinks
