// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "kube/object.h"
#include "operator/plan/mesh_snapshot.h"

namespace traffictap::mesh {

// The object to apply for a patch: every field that the operator owns and no other, so that it can
// be applied as a whole by one field manager. Equal patches give equal objects. Its taps own it, but
// for those of another namespace, and `keeper`, if there is one: with the last of its owners it is
// garbage to the API server, operator or not. A keeper lets a patch outlive its taps for the grace
// time, and takes it along when the installation goes.
struct Keeper {
  std::string ns;  // the installation's namespace
  std::string uid;
};
// Whether a tap of another namespace wants it (peers), which cannot own it.
bool NeedsKeeper(const plan::Patch& patch);
kube::Object Render(const plan::Patch& patch, const std::optional<Keeper>& keeper);

// The patch that one of our own objects is.
plan::StandingPatch ReadStanding(const kube::Object& object);

}  // namespace traffictap::mesh
