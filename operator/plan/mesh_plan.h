// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "operator/plan/foreign_objects.h"
#include "operator/plan/peer_outcome.h"
#include "operator/plan/target_outcome.h"
#include "tap/tap_spec.h"

// What Compile writes: everything that shall be, so that what is there and not in the plan can go.
// Values only, in a fixed order: an unchanged mesh gives an equal plan.
namespace traffictap::plan {

// A tap, as an owner: a ClusterTrafficTap where `ns` is empty.
struct TapRef {
  std::string ns;
  std::string name;
  std::string uid;
  friend auto operator<=>(const TapRef&, const TapRef&) = default;
  std::string key() const { return ns.empty() ? name : ns + "/" + name; }
};

enum class Mechanism { kEnvoyFilter, kTelemetry };

// One access logger for some proxies of one namespace, shared by all taps that want any of them. No
// two patches of a plan select one pod: it would log everything twice.
struct Patch {
  Attachment at;  // with a deterministic name; neither selector nor targets: the whole namespace
  Mechanism mechanism = Mechanism::kEnvoyFilter;
  // Of an EnvoyFilter: the filters that get a logger, one or both. Of a Telemetry neither: Istio puts
  // its provider on all.
  bool http = false;
  bool tcp = false;
  std::vector<std::string> request_headers;  // sorted, lower case; EnvoyFilter alone
  std::vector<std::string> response_headers;
  // How often the proxies tell of streams that are open: the shortest that a tap asks for. 0: not.
  // EnvoyFilter alone.
  base::Nanos open_streams = 0;
  std::vector<std::string> providers;  // Telemetry alone: of MeshConfig, sorted
  // Telemetry alone: what the parent logs already, which ours would override
  std::vector<AccessLogging> kept;
  std::string log_name = "traffictap";
  std::string collector_host;
  uint16_t collector_port = 0;
  // sorted; empty where it waits for the next tap, and where it is standing
  std::vector<TapRef> owners;
  // Is there whether a tap wants it or not, as the namespace's administrator says.
  bool standing = false;
  // Set where it has more than its owners ask for: since when. After the grace time that goes.
  std::optional<base::Nanos> unneeded_since;
};

// A change of a patch makes the proxies under it drain the connections of the filters that change:
// they go on for the drain time, and are then closed.
struct Drain {
  std::string patch;         // "EnvoyFilter/NAMESPACE/NAME"
  std::vector<TapRef> taps;  // the patch's owners
  std::string message;  // "EnvoyFilter/shop/… is written: HTTP connections of 2 proxies drain …"
  friend auto operator<=>(const Drain&, const Drain&) = default;
};

// What the collector shall do for one tap.
struct CompiledTap {
  std::string key;  // "shop/errors", "everything"
  std::string uid;
  int64_t generation = 0;
  // the TrafficTap as JSON in the collector's form: destinations are resolved to brokers
  std::string document;
  std::vector<tap::KnownPeer> peers = {};
};

// A metav1.Condition to be; the writer adds observedGeneration and the time of its transition.
struct Condition {
  enum class Value { kTrue, kFalse, kUnknown };
  std::string type;
  Value status = Value::kUnknown;
  std::string reason;   // CamelCase
  std::string message;  // a sentence or two for a person: what is the matter and what to do
};

struct WorkloadMatch {
  std::string ns;
  std::string kind;
  std::string name;
  uint32_t pods = 0;         // of those that the tap selects
  uint32_t pods_meshed = 0;  // with a proxy that the plan can patch
  std::string patch;         // "NAMESPACE/NAME"; empty: none
  bool standing = false;     // the patch is
};

// Something that the tap's author should know.
struct Note {
  std::string subject;  // "shop/Deployment/legacy", "output kafka"
  std::string reason;   // "NotMeshed", "CollectorHidden", "TelemetryConflict", "AlsoCovers", …
  std::string message;
  friend auto operator<=>(const Note&, const Note&) = default;
};

// How a tap reaches its proxies: by patches that come and go with it, or by those that stand.
enum class AttachmentMode { kNone, kOnDemand, kStanding, kMixed };

// One tap's outcome. `conditions` holds, in this order: Accepted, Conflicted, OutputsResolved,
// Programmed, Completed. Programmed is True/Planned where there are patches: whoever sees the
// proxies' acknowledgements takes it from there.
struct TapOutcome {
  std::string key;
  TapRef tap;
  int64_t generation = 0;
  bool in_force = false;  // is compiled for the collectors, and patches where proxies match
  std::vector<Condition> conditions;
  std::vector<WorkloadMatch> workloads;  // sorted
  std::vector<Note> not_visible;       // sorted; traffic that it asks for and that will not be seen
  std::vector<Note> notes;             // sorted
  std::vector<TargetOutcome> targets;  // in the tap's order
  std::vector<PeerOutcome> peers;      // those that are attached first, then by name
  uint32_t pods_matched = 0;
  uint32_t pods_meshed = 0;
  // "POD.NAMESPACE", as Istio names them, of the matched pods that a patch reaches; sorted.
  std::vector<std::string> proxies;
  std::vector<std::string> patches;  // "EnvoyFilter/NAMESPACE/NAME", sorted
  AttachmentMode attachment = AttachmentMode::kNone;
  std::vector<Patch> planned;  // of a tap that is planned only: what it would add or change
  // What its patches cost when they come and go: "HTTP connections of 2 proxies drain within 45s".
  std::string cost;
  std::optional<base::Nanos> started;  // to be kept in status: limits.duration counts from it
  std::optional<base::Nanos> ends;     // where a limit says so
};

struct MeshPlan {
  std::vector<Patch> patches;              // sorted by namespace, name
  std::vector<CompiledTap> compiled_taps;  // sorted by key
  std::vector<TapOutcome> outcomes;        // sorted by key, one per tap of the snapshot
  std::vector<Note> faults;   // sorted; of namespaces that say their attachment wrongly
  std::vector<Drain> drains;  // sorted; what the change from `standing` costs
  // When time alone changes the plan again (a startTime, an endTime, a duration); compile again
  // then.
  std::optional<base::Nanos> next_change;
};

}  // namespace traffictap::plan
