// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/attachment_name.h"

#include "absl/strings/ascii.h"
#include "base/fnv1a.h"
#include "fmt/format.h"

namespace traffictap::plan {
namespace {

constexpr size_t kNameMax = 253;
constexpr size_t kHashDigits = 16;

}  // namespace

std::string NamespacePatchName() { return "traffictap-namespace"; }

std::string PatchNameOf(const Workload& workload) {
  std::string name =
      fmt::format("traffictap-{}-{}", absl::AsciiStrToLower(workload.kind), workload.name);
  if (name.size() <= kNameMax) return name;
  const uint64_t hash = base::Fnv1a(name);
  name.resize(kNameMax - kHashDigits - 1);
  while (name.back() == '.' || name.back() == '-') name.pop_back();
  return fmt::format("{}-{:016x}", name, hash);
}

std::string IdOf(const Patch& patch) {
  const char* kind = patch.mechanism == Mechanism::kEnvoyFilter ? "EnvoyFilter" : "Telemetry";
  return fmt::format("{}/{}/{}", kind, patch.at.ns, patch.at.name);
}

}  // namespace traffictap::plan
