// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace traffictap::traffic {

// A header list in one text: for each header the length of its name and of its value (two bytes
// each, host order), then the bytes. Names are lower case, as Envoy logs them. Made by AppendHeader
// only, so reading needs no checks.

// Cuts name and value at 65535 bytes.
inline void AppendHeader(std::string* list, std::string_view name, std::string_view value) {
  const uint16_t lengths[2] = {static_cast<uint16_t>(name.size() < 65535 ? name.size() : 65535),
                               static_cast<uint16_t>(value.size() < 65535 ? value.size() : 65535)};
  list->append(reinterpret_cast<const char*>(lengths), sizeof(lengths));
  list->append(name.substr(0, lengths[0])).append(value.substr(0, lengths[1]));
}

// Calls visit(name, value) for each header; views into `list`.
template <typename Visit>
void ForEachHeader(std::string_view list, Visit visit) {
  while (list.size() >= 4) {
    uint16_t lengths[2];
    std::memcpy(lengths, list.data(), sizeof(lengths));
    visit(list.substr(4, lengths[0]), list.substr(4 + lengths[0], lengths[1]));
    list.remove_prefix(4 + lengths[0] + lengths[1]);
  }
}

// The first value under `name`; a null view (data() == nullptr) where there is none.
inline std::string_view FindHeader(std::string_view list, std::string_view name) {
  std::string_view found;
  ForEachHeader(list, [&](std::string_view n, std::string_view v) {
    if (n == name && found.data() == nullptr) found = v;
  });
  return found;
}

}  // namespace traffictap::traffic
