// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace traffictap::tap::schema {

// A file of crds/, with all of its text.
struct CrdFile {
  std::string name;  // "traffictap.io_traffictaps.yaml"
  std::string text;
};

// The three kinds' CustomResourceDefinitions, as described here. `make crds` writes them.
std::vector<CrdFile> CrdFiles();

}  // namespace traffictap::tap::schema
