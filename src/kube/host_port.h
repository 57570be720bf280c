// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "fmt/format.h"

namespace traffictap::kube {

// "IP:PORT". The API has addresses of IPv6 without the brackets that they need before a port.
inline std::string HostPort(const std::string& ip, const std::string& port) {
  return ip.find(':') == std::string::npos ? fmt::format("{}:{}", ip, port)
                                           : fmt::format("[{}]:{}", ip, port);
}

}  // namespace traffictap::kube
