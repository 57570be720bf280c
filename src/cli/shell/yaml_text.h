// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "kube/object.h"

namespace traffictap::cli {

// Objects of the API as a YAML document, as records are written (print/write_yaml.h), for people
// and for kubectl apply.
std::string YamlText(const kube::Json& value);

}  // namespace traffictap::cli
