#pragma once

#include <vector>

#include "kube/object.h"
#include "operator/plan/mesh_plan.h"

namespace traffictap::mesh {

// The object to apply for a patch: every field that the operator owns and no other, so that it can
// be applied as a whole by one field manager. Equal patches give equal objects. Its taps own it:
// with the last of them it is garbage to the API server, operator or not.
kube::Object Render(const plan::Patch& patch);

// In the order of the plan.
std::vector<kube::Object> RenderAll(const plan::MeshPlan& plan);

}  // namespace traffictap::mesh
