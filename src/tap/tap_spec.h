// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tap/match_spec.h"
#include "tap/metrics_spec.h"
#include "tap/output_spec.h"
#include "tap/peer_spec.h"
#include "tap/recorder_spec.h"

// What the user asked for: the values of a TrafficTap (traffictap.io/v1alpha1) after parsing and
// validation. Field names are those of the YAML; absent means the default shown. Values only: no
// behaviour, no input or output.
namespace traffictap::tap {

using Labels = std::map<std::string, std::string>;

// kWorkload is a workload of any kind.
enum class TargetKind {
  kWorkload,
  kDeployment,
  kStatefulSet,
  kDaemonSet,
  kReplicaSet,
  kJob,
  kCronJob,
  kRollout,           // argoproj.io
  kDeploymentConfig,  // apps.openshift.io
  kPod,
  kService,
  kNamespace,
  kGateway
};

// Proxies to tap. `name` and `selector` both hold where both are set; a Namespace target takes
// neither, or the name of a namespace in a ClusterTrafficTap; a Service target takes a name alone.
struct Target {
  TargetKind kind = TargetKind::kWorkload;
  std::string name;
  Labels selector;
  std::string ns = {};  // `namespace`, of a ClusterTrafficTap alone; empty: any
};

enum class Direction { kInbound, kOutbound, kBoth };

enum class OrphanPolicy { kEmit, kDrop };
struct PairingSpec {
  base::Nanos window = 5 * base::kSecond;  // 100ms to 10m
  OrphanPolicy orphans = OrphanPolicy::kEmit;
};

struct SamplingSpec {
  double ratio = 1.0;  // 0 to 1
  bool always_keep_errors = false;
  bool always_keep_slow = false;                   // needs slow_threshold
  base::Nanos slow_threshold = 1 * base::kSecond;  // `slowThreshold`
};

struct LimitsSpec {
  std::optional<base::Nanos> duration;    // since the tap was first in force
  std::optional<base::Nanos> start_time;  // Unix epoch
  std::optional<base::Nanos> end_time;    // Unix epoch
  std::optional<uint64_t> max_records;
  std::optional<uint64_t> max_records_per_second;
};

struct CaptureSpec {
  std::vector<std::string> request_headers;  // lower case; never one of the credentials
  std::vector<std::string> response_headers;
  bool trace = true;  // the ids of trace and span
  // How often proxies are asked to tell of streams that are open; absent: not at all.
  std::optional<base::Nanos> open_streams;
};

// How often they can be asked to.
inline constexpr base::Nanos kOpenStreamsMin = base::kSecond;
inline constexpr base::Nanos kOpenStreamsMax = 3600 * base::kSecond;

enum class QueryValues { kRedact, kKeep };
struct RedactionRule {
  std::string pattern;      // RE2
  std::string replacement;  // \0 to \9 stand for groups
};
struct RedactionSpec {
  QueryValues query_values = QueryValues::kRedact;
  // over path, referer, authority, user agent and captured header values
  std::vector<RedactionRule> rules;
};

struct TapSpec {
  std::string name;
  std::string ns;               // empty for a ClusterTrafficTap
  bool cluster_scoped = false;  // kind ClusterTrafficTap
  std::vector<Target> targets;  // empty: every proxy of the namespace (of the cluster)
  Direction direction = Direction::kBoth;
  PeerSelection peers;
  MatchSpec match;
  PairingSpec pairing;
  SamplingSpec sampling;
  LimitsSpec limits;
  CaptureSpec capture;
  RedactionSpec redaction;
  std::optional<RecorderSpec> recorder;  // needs outputs; absent: records go to them as they come
  std::optional<MetricsSpec> metrics;    // absent: nothing is counted by edge
  std::vector<OutputSpec> outputs;
  // In a receiver, which acts on no record: what its outputs and its recorder's triggers want, as they
  // look at more than the tap shows.
  std::vector<MatchSpec> further_matches;
  // Read from a file: no proxy is changed for it, so that it takes what comes, TCP named or not.
  bool of_file = false;
  std::vector<KnownPeer> known_peers;  // the operator's, beside the document
  // The operator's too: the tap's uid, where its limits.max_records are shared between processes, so that
  // each has what it is granted; empty: this process has all of them.
  std::string lease;
  uint64_t content_hash = 0;  // of the document: equal hashes mean nothing changed

  std::string key() const { return ns.empty() ? name : ns + "/" + name; }
};

// Which of a proxy's filters a tap's records come from. TCP only where match.protocols names it, the
// tap's own or, where it has none, that of an output: the proxies' open TCP connections are drained
// when their logger comes and goes, which nobody shall cause who did not ask for them. A tap of a file
// causes nothing, and takes TCP as well.
bool WantsHttp(const TapSpec& spec);
bool WantsTcp(const TapSpec& spec);

// peers.attach, or its default: SameNamespace for a TrafficTap, Mesh for a ClusterTrafficTap.
PeerAttach AttachOf(const TapSpec& spec);

using TapSpecPtr = std::shared_ptr<const TapSpec>;

}  // namespace traffictap::tap
