#include <arpa/inet.h>

#include <charconv>

#include "fmt/format.h"
#include "re2/re2.h"
#include "tap/schema/fields.h"
#include "tap/schema/kinds.h"
#include "tap/schema/object.h"

namespace traffictap::tap::schema {
namespace {

constexpr base::Nanos kYear = 365 * 86'400 * base::kSecond;
constexpr size_t kReplacementMax = 256;

void CheckTarget(FieldReader& fields, const Target& target) {
  const bool whole = target.kind == TargetKind::kNamespace;
  if (!whole && target.name.empty() && target.selector.empty()) {
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
             {"Proxies of the tap's own namespace. Name and selector both hold where both are set.",
              "Proxies of any namespace. Name and selector both hold where both are set."})
      .Required("kind", &Target::kind, Choice<TargetKind>(),
                "What to select: the pods of a Workload (a Deployment, StatefulSet and so on), one "
                "Pod, a whole Namespace, or a Gateway or waypoint.")
      .Optional("name", &Target::name, ObjectName(),
                {"Name of the workload, pod, gateway.",
                 "Name of the workload, pod, gateway or namespace."})
      .Optional("selector", &Target::selector, LabelMap(), "Labels that the pods must have.")
      .Rule(
          "self.kind == 'Namespace' || has(self.name) || (has(self.selector) && "
          "size(self.selector) > 0)",
          "needs a name or a selector")
      .Rule("self.kind != 'Namespace' || !has(self.selector) || size(self.selector) == 0",
            "a Namespace target takes no selector")
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
  value.Invalid("must be a SPIFFE id such as spiffe://cluster.local/ns/shop/sa/cart");
}

Kind<Peer> PeerFields() {
  Kind<Peer> out =
      Object<Peer>("Who stands at the other end. All fields that are set must hold.")
          .Optional("workload", &Peer::workload, ObjectName(), "Name of the peer's workload.")
          .Optional(
              "namespace", &Peer::ns,
              DnsLabel("must be 1 to 63 lower-case letters, digits or '-', not '-' at an end"),
              "The peer's namespace.")
          .Optional("principal", &Peer::principal,
                    Text({.max = 2048, .pattern = "^spiffe://", .check = CheckPrincipal}),
                    "SPIFFE id of the peer, exact.")
          .Optional("ipBlock", &Peer::ip_block,
                    Text({.max = 64,
                          .rule = "isCIDR(self)",
                          .message = "must be a CIDR such as 10.0.0.0/8",
                          .check = CheckCidr}),
                    "CIDR that the peer's address is in.")
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
                "Only these; without any, everyone.")
      .Optional("exclude", &PeerSelection::exclude, List(PeerFields()), "Not these.")
      .kind();
}

Kind<PairingSpec> Pairing() {
  return Object<PairingSpec>()
      .Optional("window", &PairingSpec::window,
                Duration(100 * base::kMillisecond, 600 * base::kSecond),
                "How long one side waits for the other.")
      .Optional("orphans", &PairingSpec::orphans, Choice<OrphanPolicy>(),
                "Whether a side that stays alone is written, with the reason, or dropped.")
      .kind();
}

Kind<SamplingSpec> Sampling() {
  using S = SamplingSpec;
  return Object<S>()
      .Optional("ratio", &S::ratio, Ratio(), "Share of requests, from 0 to 1.")
      .Optional("alwaysKeep",
                Flags<S>({{"Errors", &S::always_keep_errors}, {"Slow", &S::always_keep_slow}}),
                "Kept whatever the ratio.")
      .Optional("slowThreshold", &S::slow_threshold,
                Duration(base::kMillisecond, 3600 * base::kSecond), "What counts as slow.")
      .kind();
}

Kind<LimitsSpec> Limits() {
  using L = LimitsSpec;
  return Object<L>()
      .Optional("duration", &L::duration, Duration(base::kSecond, kYear),
                "Since the tap was first in force.")
      .Optional("startTime", &L::start_time, Time(), "Not before this time.")
      .Optional("endTime", &L::end_time, Time(), "Not after this time.")
      .Optional("maxRecords", &L::max_records, Number(1, 1'000'000'000'000),
                "Ends after so many records.")
      .Optional("maxRecordsPerSecond", &L::max_records_per_second, Number(1, 10'000'000),
                "Records above this rate are dropped and counted.")
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
  const auto names = List(Described(HeaderName("is never captured",
                                               "headers that carry credentials are never captured"),
                                    "Name of a header; case does not matter."),
                          {.max = 64});
  return Object<CaptureSpec>()
      .Optional("requestHeaders", &CaptureSpec::request_headers, names,
                "Names of request headers to record. Headers that carry credentials are never "
                "recorded.")
      .Optional("responseHeaders", &CaptureSpec::response_headers, names,
                "Names of response headers to record. Headers that carry credentials are never "
                "recorded.")
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
    const re2::RE2 pattern(to->pattern, re2::RE2::Quiet);
    std::string error;
    if (pattern.ok() && !pattern.CheckRewriteString(to->replacement, &error)) {
      value.Invalid(fmt::format(
          "does not fit the pattern: {}; \\0 is the match, \\1 to \\9 its groups", error));
    }
  };
  out.write = [](const RedactionRule& from) { return Json(from.replacement); };
  out.describe = [](Scope) { return Tree{{"type", "string"}, {"maxLength", kReplacementMax}}; };
  return out;
}

Kind<RedactionSpec> Redaction() {
  const auto rule = Object<RedactionRule>("Replaces every match of a pattern.")
                        .Required("pattern", &RedactionRule::pattern, Regex(), "RE2.")
                        .Optional("replacement", Replacement(),
                                  "What stands in its place; \\0 to \\9 stand for groups.")
                        .kind();
  return Object<RedactionSpec>()
      .Optional("queryValues", &RedactionSpec::query_values, Choice<QueryValues>(),
                "Whether the values in query strings are replaced.")
      .Optional("rules", &RedactionSpec::rules, List(rule, {.max = 64}),
                "Applied to path, referer, authority, user agent and captured header values.")
      .kind();
}

}  // namespace

const Kind<TapSpec>& TapFields() {
  using T = TapSpec;
  static const Kind<T> kind =
      Object<T>()
          .Optional("targets", &T::targets, List(TargetFields()),
                    {"Which proxies to tap; without any, every proxy of the namespace.",
                     "Which proxies to tap; without any, every proxy of the mesh."})
          .Optional("direction", &T::direction, Choice<Direction>(),
                    "Which of the targets' traffic: what they receive, what they send, or both.")
          .Optional("peers", &T::peers, Peers(), "Who may stand at the other end.")
          .Optional(
              "match", &T::match, MatchFields(),
              "Which records to keep. Every list that is set must have an element that holds.")
          .Optional("pairing", &T::pairing, Pairing(), "How the two sides of a request are joined.")
          .Optional("sampling", &T::sampling, Sampling(),
                    "How much to keep: the same requests on both sides.")
          .Optional("limits", &T::limits, Limits(),
                    "When the tap begins and ends by itself. A completed tap leaves nothing in the "
                    "mesh.")
          .Optional("capture", &T::capture, Capture(), "What to record beyond the fixed fields.")
          .Optional("redaction", &T::redaction, Redaction(),
                    "What must not be recorded, applied before any output.")
          .Optional("outputs", &T::outputs, OutputList(),
                    "Where records go; without any, only to live readers.")
          .kind();
  return kind;
}

}  // namespace traffictap::tap::schema
