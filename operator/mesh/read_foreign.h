// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kube/object.h"
#include "operator/plan/foreign_objects.h"

namespace traffictap::mesh {

plan::EnvoyFilterSummary ReadEnvoyFilter(const kube::Object& object);
plan::TelemetrySummary ReadTelemetry(const kube::Object& object);
plan::SidecarSummary ReadSidecar(const kube::Object& object);

}  // namespace traffictap::mesh
