// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh/tap_reader.h"

#include <utility>

#include "operator/mesh/read_taps.h"

namespace traffictap::mesh {

std::vector<plan::TapObject> TapReader::Read(const std::vector<ObjectPtr>& objects) {
  std::vector<plan::TapObject> out;
  std::map<ObjectPtr, plan::TapObject> read;
  for (const auto& object : objects) {
    if (object->deleting()) continue;
    const auto former = read_.find(object);
    out.push_back(former == read_.end() ? ReadTap(*object) : former->second);
    read.emplace(object, out.back());
  }
  read_ = std::move(read);
  return out;
}

}  // namespace traffictap::mesh
