// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/yaml_text.h"

#include "cli/print/write_yaml.h"

namespace traffictap::cli {

std::string YamlText(const kube::Json& value) {
  std::string out;
  print::AppendYaml(nlohmann::ordered_json(value), &out);
  return out;
}

}  // namespace traffictap::cli
