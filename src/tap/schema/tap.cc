// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "fmt/format.h"
#include "re2/re2.h"
#include "tap/pattern.h"
#include "tap/schema/fields.h"
#include "tap/schema/kinds.h"
#include "tap/schema/object.h"

namespace traffictap::tap::schema {
namespace {

constexpr base::Nanos kYear = 365 * 86'400 * base::kSecond;
constexpr size_t kReplacementMax = 256;

void CheckTarget(FieldReader& fields, const Target& target) {
  const bool whole = target.kind == TargetKind::kNamespace;
  const bool service = target.kind == TargetKind::kService;
  if (service && (target.name.empty() || !target.selector.empty())) {
    fields.Fault(
        "Conflict",
        "a Service target takes a name and no selector: for pods with labels use kind Pod");
  }
  if (!fields.cluster_scoped() && !target.ns.empty()) {
    fields.Fault(
        "Conflict",
        "a TrafficTap taps its own namespace: remove namespace or use a ClusterTrafficTap");
  }
  if (whole && !target.ns.empty() && fields.cluster_scoped()) {
    fields.Fault("Conflict", "a Namespace target says which by name: remove namespace");
  }
  if (!whole && !service && target.name.empty() && target.selector.empty()) {
    fields.Fault("MissingField", "needs a name or a selector: add one");
  }
  if (whole && !target.selector.empty()) {
    fields.Fault("Conflict", "a Namespace target takes no selector: remove it");
  }
  if (whole && !target.name.empty() && !fields.cluster_scoped()) {
    fields.Fault("Conflict",
                 "a TrafficTap taps its own namespace: remove name or use ClusterTrafficTap");
  }
}

Kind<Target> TargetFields() {
  return Object<Target>(
             {"Proxies in the tap's own namespace. If both name and selector are set, both must "
              "match.",
              "Proxies in any namespace. If both name and selector are set, both must match."})
      .Required(
          "kind", &Target::kind, Choice<TargetKind>(),
          "What to tap: a Workload of any kind or of a named one, the pods of a ReplicaSet or "
          "Job, a Pod, the pods behind a Service, a whole Namespace, or a Gateway or waypoint.")
      .Optional("name", &Target::name, ObjectName(), "Name of the object of that kind.")
      .Optional("namespace", &Target::ns, NamespaceName(),
                {"Of a ClusterTrafficTap alone.",
                 "Namespace that the target is in. Default: any namespace."})
      .Optional("selector", &Target::selector, LabelMap(), "Labels that the pods must have.")
      .Rule(
          "self.kind == 'Namespace' || has(self.name) || (has(self.selector) && "
          "size(self.selector) > 0)",
          "needs a name or a selector")
      .Rule("self.kind != 'Namespace' || !has(self.selector) || size(self.selector) == 0",
            "a Namespace target takes no selector")
      .Rule(
          "self.kind != 'Service' || (has(self.name) && (!has(self.selector) || "
          "size(self.selector) == 0))",
          "a Service target takes a name and no selector: for pods with labels use kind Pod")
      .RuleOf(Scope::kNamespaced, "!has(self.namespace)",
              "a TrafficTap taps its own namespace: remove namespace or use a ClusterTrafficTap")
      .RuleOf(Scope::kCluster, "self.kind != 'Namespace' || !has(self.namespace)",
              "a Namespace target says which by name: remove namespace")
      .RuleOf(Scope::kNamespaced, "self.kind != 'Namespace' || !has(self.name)",
              "a TrafficTap taps its own namespace: remove name or use a ClusterTrafficTap")
      .Checked(CheckTarget)
      .kind();
}

void CheckCidr(const Value& value, std::string* text) {
  const size_t slash = text->find('/');
  const std::string address = text->substr(0, slash);
  alignas(in6_addr) unsigned char raw[sizeof(in6_addr)];
  const bool v4 = inet_pton(AF_INET, address.c_str(), raw) == 1;
  const bool v6 = !v4 && inet_pton(AF_INET6, address.c_str(), raw) == 1;
  int bits = -1;
  if (slash != std::string::npos) {
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data() + slash + 1, end, bits);
    if (error != std::errc() || stop != end) bits = -1;
  }
  const bool mapped = v6 && IN6_IS_ADDR_V4MAPPED(reinterpret_cast<const in6_addr*>(raw));
  const bool good = (v4 || v6) && !mapped && bits >= 0 && bits <= (v4 ? 32 : 128) &&
                    text->find('\0') == std::string::npos;
  if (!good) value.Invalid("must be a CIDR such as 10.0.0.0/8 or fd00::/8");
}

void CheckPrincipal(const Value& value, std::string* text) {
  if (text->starts_with("spiffe://")) return;
  value.Invalid("must be a SPIFFE ID such as spiffe://cluster.local/ns/shop/sa/cart");
}

Kind<Peer> PeerFields() {
  Kind<Peer> out =
      Object<Peer>("One peer. All fields that are set must match.")
          .Optional("workload", &Peer::workload, ObjectName(), "Name of the peer's workload.")
          .Optional("namespace", &Peer::ns, NamespaceName(), "The peer's namespace.")
          .Optional(
              "principal", &Peer::principal,
              Text({.max = 2048,
                    .rule = "self.startsWith('spiffe://')",
                    .message = "must be a SPIFFE ID such as spiffe://cluster.local/ns/shop/sa/cart",
                    .check = CheckPrincipal}),
              "The peer's SPIFFE ID, matched exactly.")
          .Optional("ipBlock", &Peer::ip_block,
                    Text({.max = 64,
                          .rule = "isCIDR(self)",
                          .message = "must be a CIDR such as 10.0.0.0/8",
                          .check = CheckCidr}),
                    "CIDR block that contains the peer's address.")
          .Keyword("minProperties", 1)
          .Checked([](FieldReader& fields, const Peer& peer) {
            const bool empty = peer.workload.empty() && peer.ns.empty() && peer.principal.empty() &&
                               peer.ip_block.empty();
            if (!empty || !fields.clean()) return;
            fields.Fault("MissingField", "needs one of workload, namespace, principal, ipBlock");
          })
          .kind();
  return out;
}

Kind<PeerSelection> Peers() {
  return Object<PeerSelection>()
      .Optional("include", &PeerSelection::include, List(PeerFields()),
                "Only these peers. Default: all peers.")
      .Optional("exclude", &PeerSelection::exclude, List(PeerFields()), "Exclude these peers.")
      .Optional(
          "attach", &PeerSelection::attach, Choice<PeerAttach>(),
          {"Which workloads that the targets talk to are attached too, so that records have "
           "both sides: those of the tap's namespace, those of the mesh (of another namespace "
           "only if it is labelled traffictap.io/allow-peers: \"true\"), or none. At most 20. "
           "They are attached when they are seen, which drains their connections unless they "
           "are attached permanently. Default: SameNamespace.",
           "Which workloads that the targets talk to are attached too, so that records have "
           "both sides: those of the targets' namespaces, those of the mesh, or none. At most "
           "20. They are attached when they are seen, which drains their connections unless "
           "they are attached permanently. Default: Mesh."})
      .kind();
}

Kind<PairingSpec> Pairing() {
  return Object<PairingSpec>()
      .Optional("window", &PairingSpec::window,
                Duration(100 * base::kMillisecond, 600 * base::kSecond),
                "How long one side of a request waits for the other.")
      .Optional("orphans", &PairingSpec::orphans, Choice<OrphanPolicy>(),
                "Whether to write one-sided records, with the reason, or drop them.")
      .kind();
}

Kind<SamplingSpec> Sampling() {
  using S = SamplingSpec;
  return Object<S>()
      .Optional("ratio", &S::ratio, Ratio(), "Fraction of requests to keep, from 0 to 1.")
      .Optional("alwaysKeep",
                Flags<S>({{"Errors", &S::always_keep_errors}, {"Slow", &S::always_keep_slow}}),
                "Requests to keep regardless of the ratio.")
      .Optional("slowThreshold", &S::slow_threshold,
                Duration(base::kMillisecond, 3600 * base::kSecond),
                "Duration from which a request counts as slow.")
      .kind();
}

Kind<LimitsSpec> Limits() {
  using L = LimitsSpec;
  return Object<L>()
      .Optional("duration", &L::duration, Duration(base::kSecond, kYear),
                "How long the tap runs, counted from when it first took effect.")
      .Optional("startTime", &L::start_time, Time(), "When the tap starts.")
      .Optional("endTime", &L::end_time, Time(), "When the tap ends.")
      .Optional("maxRecords", &L::max_records, Number(1, 1'000'000'000'000),
                "Number of records after which the tap ends.")
      .Optional("maxRecordsPerSecond", &L::max_records_per_second, Number(1, 10'000'000),
                "Maximum rate of records. Excess records are dropped and counted.")
      .Rule("!has(self.startTime) || !has(self.endTime) || self.endTime > self.startTime",
            "endTime must be after startTime")
      .Checked([](FieldReader& fields, const L& limits) {
        if (limits.start_time && limits.end_time && *limits.end_time <= *limits.start_time) {
          fields.Fault("Conflict", "endTime must be after startTime: correct one of them");
        }
      })
      .kind();
}

Kind<CaptureSpec> Capture() {
  const auto names = List(
      Described(HeaderName("is never captured"), "Header name, case-insensitive."), {.max = 64});
  return Object<CaptureSpec>()
      .Optional("requestHeaders", &CaptureSpec::request_headers, names,
                "Request headers to record. Headers that carry credentials are never recorded.")
      .Optional("responseHeaders", &CaptureSpec::response_headers, names,
                "Response headers to record. Headers that carry credentials are never recorded.")
      .Optional("trace", &CaptureSpec::trace, Bool(),
                "Whether to record the ids of the trace and the span that a request carries "
                "(headers traceparent, b3, x-b3-traceid, x-b3-spanid).")
      .Optional("openStreams", &CaptureSpec::open_streams,
                Duration(kOpenStreamsMin, kOpenStreamsMax),
                "How often to record connections and streams that have not ended, such as 10s. "
                "Default: only when they end. Asking for it drains connections, as a header does.")
      .kind();
}

// It may be empty, and must suit the pattern, read before it.
Kind<RedactionRule> Replacement() {
  Kind<RedactionRule> out;
  out.read = [](const Value& value, RedactionRule* to) {
    if (value.node->kind != YamlNode::Kind::kScalar) return value.Invalid("must be text");
    if (value.node->text.size() > kReplacementMax) {
      return value.Invalid(
          fmt::format("is longer than {} characters: shorten it", kReplacementMax));
    }
    to->replacement = value.node->text;
    const auto pattern = CompilePattern(to->pattern);
    std::string error;
    if (pattern.ok() && !(*pattern)->CheckRewriteString(to->replacement, &error)) {
      value.Invalid(fmt::format(
          "does not fit the pattern: {}; \\0 is the match, \\1 to \\9 its groups", error));
    }
  };
  out.write = [](const RedactionRule& from) { return Json(from.replacement); };
  out.describe = [](Scope) { return Tree{{"type", "string"}, {"maxLength", kReplacementMax}}; };
  return out;
}

Kind<RedactionSpec> Redaction() {
  const auto rule =
      Object<RedactionRule>("Replaces every match of a pattern.")
          .Required("pattern", &RedactionRule::pattern, Regex(), "RE2 regular expression.")
          .Optional("replacement", Replacement(),
                    "Replacement text. \\0 is the whole match, \\1 to \\9 are its groups.")
          .kind();
  return Object<RedactionSpec>()
      .Optional("queryValues", &RedactionSpec::query_values, Choice<QueryValues>(),
                "Whether to redact or keep the values of query and path parameters.")
      .Optional("rules", &RedactionSpec::rules, List(rule, {.max = 64}),
                "Redaction rules for paths, referers, authorities, user agents and captured header "
                "values.")
      .Checked([](FieldReader& fields, const RedactionSpec& redaction) {
        size_t cost = 0;
        for (const RedactionRule& rule : redaction.rules) cost += PatternCost(rule.pattern);
        CheckPatternCosts(fields, "rules", cost);
      })
      .kind();
}

constexpr const char* kRecorderNeedsOutputs =
    "a recorder writes its dumps to outputs: add one, or remove recorder";
constexpr const char* kRecorderHasNoMaxRecords =
    "limits.maxRecords would end a recorder, since held records count: remove one of them";

constexpr const char* kRecorderIsNotExactlyOnce =
    "a recorder holds records in memory, which a transaction cannot: remove it, or delivery.class "
    "ExactlyOnce";

void CheckRecorder(FieldReader& fields, const TapSpec& tap) {
  if (!tap.recorder || !fields.clean()) return;
  const bool once = std::any_of(tap.outputs.begin(), tap.outputs.end(),
                                [](const OutputSpec& output) { return output.exactly_once(); });
  if (once) fields.Fault("Conflict", kRecorderIsNotExactlyOnce);
  if (tap.outputs.empty()) fields.Fault("Conflict", kRecorderNeedsOutputs);
  if (tap.limits.max_records) fields.Fault("Conflict", kRecorderHasNoMaxRecords);
}

}  // namespace

const Kind<TapSpec>& TapFields() {
  using T = TapSpec;
  static const Kind<T> kind =
      Object<T>()
          .Optional("targets", &T::targets, List(TargetFields()),
                    {"Proxies to tap. Default: all proxies in the namespace.",
                     "Proxies to tap. Default: all proxies in the mesh."})
          .Optional("targetRefs", TargetRefs(),
                    "Proxies to tap, as policies of the Gateway API name them (GEP-713): another "
                    "spelling of targets.")
          .Rule("!has(self.targets) || !has(self.targetRefs)",
                "targets and targetRefs say the same: keep one of them")
          .Optional(
              "direction", &T::direction, Choice<Direction>(),
              "Which traffic of the targets to tap: received (Inbound), sent (Outbound) or both.")
          .Optional("peers", &T::peers, Peers(), "Filter by peer, and which peers to attach.")
          .Optional("match", &T::match, MatchFields(),
                    "Which requests to record. Conditions are ANDed; the values within a list are "
                    "alternatives.")
          .Optional("pairing", &T::pairing, Pairing(),
                    "How the two sides of a request are joined into one record.")
          .Optional("sampling", &T::sampling, Sampling(),
                    "Sampling. The decision is the same on both sides of a request.")
          .Optional("limits", &T::limits, Limits(),
                    "When the tap starts and stops on its own. A completed tap leaves nothing "
                    "behind in the mesh.")
          .Optional("capture", &T::capture, Capture(),
                    "What to record in addition to the standard fields.")
          .Optional("redaction", &T::redaction, Redaction(),
                    "What to redact. Applied before records reach any output.")
          .Optional("recorder", &T::recorder, RecorderFields(),
                    "Flight recorder: records are held in memory, and written only around an "
                    "event. Live readers see them as they come.")
          .Rule("!has(self.recorder) || (has(self.outputs) && size(self.outputs) > 0)",
                kRecorderNeedsOutputs)
          .Rule("!has(self.recorder) || !has(self.limits) || !has(self.limits.maxRecords)",
                kRecorderHasNoMaxRecords)
          .Rule(
              "!has(self.recorder) || !has(self.outputs) || self.outputs.all(o, !has(o.delivery) "
              "|| !has(o.delivery.class) || o.delivery.class != 'ExactlyOnce')",
              kRecorderIsNotExactlyOnce)
          .Checked(CheckRecorder)
          .Optional("metrics", &T::metrics, MetricsFields(),
                    "Counts requests and their durations for Prometheus, by edge and verdict, "
                    "whether or not the tap has outputs.")
          .Optional("outputs", &T::outputs, OutputList(),
                    "Where to write records. Without outputs, records are available to live "
                    "readers only.")
          .kind();
  return kind;
}

}  // namespace traffictap::tap::schema
