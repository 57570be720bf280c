// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace traffictap::tap {

// A YAML value as written: scalars stay text, so that `010` and `yes` mean what they say; keys keep
// their order and their duplicates.
struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string key;  // within a map
  int key_line = 0;
  std::string text;  // of a scalar
  int line = 0;      // from 1
  std::vector<YamlNode> children;
};

struct YamlFault {
  int line = 0;
  std::string message;  // empty: none
};

// The documents in `text`; `fault` tells where reading stopped. Bounds: 1 MiB, 64 levels, 100 000
// nodes. Aliases, anchors and tags are refused. No exception leaves.
std::vector<YamlNode> ReadYaml(const std::string& text, YamlFault* fault);

}  // namespace traffictap::tap
