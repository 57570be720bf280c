#pragma once

#include "kube/object.h"
#include "operator/plan/mesh_snapshot.h"

// What others' Istio objects say that a tap must live beside. Fields that are absent or of another
// type than Istio defines read as empty.
namespace traffictap::gather {

plan::EnvoyFilterSummary ReadEnvoyFilter(const kube::Object& filter);
plan::TelemetrySummary ReadTelemetry(const kube::Object& telemetry);
plan::SidecarSummary ReadSidecar(const kube::Object& sidecar);

// The ConfigMap "istio" of the control plane (key `mesh`, MeshConfig as YAML): root namespace,
// providers and default access logging. What cannot be read leaves `settings` as it is.
void ReadMeshConfig(const kube::Object& config_map, plan::MeshSettings* settings);

}  // namespace traffictap::gather
