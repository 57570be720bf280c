// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "kube/object.h"
#include "operator/plan/mesh_snapshot.h"

namespace traffictap::mesh {

// Reads the taps of one plan after the other as ReadTap does, and parses only what the watch has
// brought since the one before: a thousand specs take longer to parse than to plan for. For one
// thread.
class TapReader {
 public:
  using ObjectPtr = std::shared_ptr<const kube::Object>;

  // In the order of `objects`, without those that are being deleted.
  std::vector<plan::TapObject> Read(const std::vector<ObjectPtr>& objects);

 private:
  // Of the last call. An object never changes, and the pointer keeps its address from another one.
  std::map<ObjectPtr, plan::TapObject> read_;
};

}  // namespace traffictap::mesh
