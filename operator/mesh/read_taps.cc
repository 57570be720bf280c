// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh/read_taps.h"

#include "base/rfc3339.h"
#include "tap/parse_destination.h"
#include "tap/parse_tap.h"

namespace traffictap::mesh {
namespace {

uint64_t ReadCount(const kube::Object& object, const char* pointer) {
  const kube::Json* value = object.Find(pointer);
  return value != nullptr && value->is_number_unsigned() ? value->get<uint64_t>() : 0;
}

// Whom a former operator had found, so that a restart takes no peer away: in the order of the status,
// those that were attached first.
std::vector<plan::SeenPeer> ReadPeers(const kube::Object& object) {
  std::vector<plan::SeenPeer> out;
  const kube::Json* peers = object.Find("/status/peers");
  if (peers == nullptr || !peers->is_array()) return out;
  for (const kube::Json& peer : *peers) {
    plan::SeenPeer seen{kube::TextOf(peer, "namespace"), kube::TextOf(peer, "kind"),
                        kube::TextOf(peer, "name")};
    if (!seen.ns.empty() && !seen.kind.empty() && !seen.name.empty())
      out.push_back(std::move(seen));
  }
  return out;
}

// What is read as a tap is what its author wrote: status, and what the API server keeps books with,
// is not parsed.
std::string DocumentOf(const kube::Object& object) {
  kube::Json document = kube::Json::object();
  for (const char* field : {"apiVersion", "kind", "spec"}) {
    const auto found = object.value().find(field);
    if (found != object.value().end()) document[field] = *found;
  }
  document["metadata"]["name"] = object.name();
  if (!object.ns().empty()) document["metadata"]["namespace"] = object.ns();
  return kube::Object(std::move(document)).Serialize();
}

}  // namespace

plan::TapObject ReadTap(const kube::Object& object) {
  plan::TapObject tap;
  tap.ns = object.ns();
  tap.name = object.name();
  tap.uid = object.uid();
  tap.generation = object.generation();
  tap.created = base::ParseRfc3339(object.Text("/metadata/creationTimestamp")).value_or(0);
  tap.suspended = object.annotation("traffictap.io/suspend") == "true";
  tap.plan_only = object.annotation("traffictap.io/plan-only") == "true";
  tap.started = base::ParseRfc3339(object.Text("/status/startedAt"));
  tap.records = ReadCount(object, "/status/records");
  tap.peers = ReadPeers(object);
  tap::ParseResult parsed =
      tap::ParseTaps(tap.key(), DocumentOf(object), tap::BrokerForm::kByDestination);
  tap.faults = std::move(parsed.errors);
  if (parsed.taps.size() == 1 && tap.faults.empty()) tap.spec = parsed.taps.front();
  return tap;
}

plan::DestinationObject ReadDestination(const kube::Object& object) {
  plan::DestinationObject out;
  out.name = object.name();
  tap::DestinationResult parsed = tap::ParseDestinations(out.name, DocumentOf(object));
  out.faults = std::move(parsed.errors);
  if (parsed.destinations.size() == 1 && out.faults.empty()) {
    out.spec = parsed.destinations.front();
  }
  return out;
}

}  // namespace traffictap::mesh
