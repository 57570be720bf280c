// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace traffictap::kube {

// "IP:PORT". The API has addresses of IPv6 without the brackets that they need before a port.
inline std::string HostPort(const std::string& ip, const std::string& port) {
  return (ip.find(':') == std::string::npos ? ip : "[" + ip + "]") + ":" + port;
}

}  // namespace traffictap::kube
