// SPDX-License-Identifier: Apache-2.0
#include "collector/snapshot_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/fnv1a.h"
#include "fmt/format.h"
#include "tap/schema_version.h"

namespace traffictap::collector {
namespace {

// The hash tells a tap with other peers, or one that is leased now, from the former one, as it tells
// another document.
tap::TapSpecPtr WithOperators(const tap::TapSpecPtr& document, const v1::CompiledTap& compiled,
                              bool leased) {
  if (compiled.peers().empty() && !leased) return document;
  auto out = std::make_shared<tap::TapSpec>(*document);
  std::string beside;
  for (const auto& peer : compiled.peers()) {
    out->known_peers.push_back({peer.namespace_(),
                                peer.workload(),
                                peer.attached(),
                                peer.network(),
                                {peer.addresses().begin(), peer.addresses().end()}});
    beside += peer.SerializeAsString();
  }
  if (leased) {
    out->lease = compiled.uid();
    beside += "lease " + out->lease;
  }
  if (!beside.empty()) out->content_hash ^= base::Fnv1a(beside);
  return out;
}

}  // namespace

StatusOr<SnapshotReader::DocumentPtr> SnapshotReader::Parse(const v1::CompiledTap& compiled,
                                                            tap::UnknownFields unknown) {
  const auto parsed =
      tap::ParseTaps(compiled.tap(), compiled.document(), tap::BrokerForm::kInline, unknown);
  if (!parsed.errors.empty()) return absl::InvalidArgumentError(parsed.errors[0].ToString());
  if (parsed.taps.size() != 1 || parsed.taps[0]->key() != compiled.tap()) {
    return absl::InvalidArgumentError(fmt::format(
        "compiled tap \"{}\": its document is not that one tap: operator and collector do not "
        "fit together",
        compiled.tap()));
  }
  Document out{compiled.document(), unknown, parsed.taps[0], {}};
  for (const auto& warning : parsed.warnings) {
    out.warnings.push_back({compiled.tap(), absl::UnimplementedError(warning.ToString())});
  }
  return std::make_shared<const Document>(std::move(out));
}

StatusOr<SnapshotReader::DocumentPtr> SnapshotReader::DocumentOf(const v1::CompiledTap& compiled,
                                                                 tap::UnknownFields unknown) const {
  const auto found = good_.find(compiled.tap());
  if (found != good_.end()) {
    const DocumentPtr& former = found->second.document;
    if (former->unknown == unknown && former->text == compiled.document()) return former;
  }
  return Parse(compiled, unknown);
}

SnapshotReader::Reading SnapshotReader::Read(const v1::DiscoverySnapshot& snapshot) {
  Reading out;
  std::set<std::string> present;
  const auto unknown = snapshot.schema_version() > tap::kSchemaVersion
                           ? tap::UnknownFields::kPassOver
                           : tap::UnknownFields::kRefuse;
  for (const auto& compiled : snapshot.taps()) {
    if (!present.insert(compiled.tap()).second) continue;
    const auto document = DocumentOf(compiled, unknown);
    if (document.ok()) {
      const auto& warnings = (*document)->warnings;
      out.warnings.insert(out.warnings.end(), warnings.begin(), warnings.end());
      const auto& spec = (*document)->spec;
      const bool leased =
          takes_leases_ && snapshot.grants_leases() && spec->limits.max_records.has_value();
      good_[compiled.tap()] = {WithOperators(spec, compiled, leased), compiled.uid(),
                               compiled.generation(), *document};
    } else {
      out.faults.push_back({compiled.tap(), document.status()});
    }
    const auto found = good_.find(compiled.tap());
    if (found != good_.end()) out.taps.push_back(found->second.spec);
  }
  std::erase_if(good_, [&](const auto& entry) { return !present.contains(entry.first); });
  return out;
}

als::ZoneTable::Zones ReadZones(const v1::DiscoverySnapshot& snapshot) {
  als::ZoneTable::Zones out;
  for (const auto& zone : snapshot.zones()) {
    for (const auto& node : zone.nodes()) out[node] = zone.name();
  }
  return out;
}

double ReadPace(const v1::StreamPace& pace) {
  return std::clamp(pace.per_mille(), 1u, 1000u) / 1000.0;
}

void SnapshotReader::Identify(v1::CollectorReport* report) const {
  for (auto& tap : *report->mutable_taps()) {
    const auto found = good_.find(tap.tap());
    if (found == good_.end()) continue;
    tap.set_uid(found->second.uid);
    tap.set_generation(found->second.generation);
  }
}

}  // namespace traffictap::collector
