// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace traffictap::bench {

struct LoadOptions {
  std::string address;  // of the receiver, IP:PORT
  std::string tls;      // a directory with ca.pem, proxy.pem and proxy.key; empty: plain text
  size_t streams = 16;  // half of them clients' proxies, half servers'; even
  uint64_t requests = 10'000;  // in all, rounded up to whole messages of every stream
  size_t entries = 20;         // in a message: what Envoy's buffer of 16 kB holds
  uint64_t rate = 50'000;      // entries a second at most
  uint32_t namespaces = 1;     // that the proxies are spread over
  bool one_sided = false;      // the servers' proxies stay silent
};

// nullopt after printing what is wrong.
std::optional<LoadOptions> ParseLoadOptions(int argc, const char* const* argv);

}  // namespace traffictap::bench
