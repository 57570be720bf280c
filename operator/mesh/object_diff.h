// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "kube/object.h"

namespace traffictap::mesh {

// What to do so that exactly the desired objects are there.
struct ObjectDiff {
  std::vector<kube::Object> to_apply;   // missing, or changed by somebody: as desired
  std::vector<kube::Object> to_delete;  // ours and not desired: as they are now
  size_t unchanged = 0;
};

// Compares objects of one kind. `live` holds those that this operator has made and no others. An
// object is as desired when its whole spec is equal and its labels, annotations and owners hold at
// least those desired: others may add theirs. Objects that are being deleted are left alone. Pure.
ObjectDiff Diff(const std::vector<kube::Object>& desired, const std::vector<kube::Object>& live);

}  // namespace traffictap::mesh
