#include "operator/plan/istio_version.h"

#include <charconv>
#include <utility>

namespace traffictap::plan {

bool IsAtLeast(const std::string& version, int major, int minor) {
  const char* const end = version.data() + version.size();
  int found_major = 0;
  int found_minor = 0;
  const auto [dot, error] = std::from_chars(version.data(), end, found_major);
  if (error != std::errc() || dot == end || *dot != '.') return true;
  if (std::from_chars(dot + 1, end, found_minor).ec != std::errc()) return true;
  return std::pair(found_major, found_minor) >= std::pair(major, minor);
}

}  // namespace traffictap::plan
