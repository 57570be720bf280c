#include "tap/parse_tap.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "base/rfc3339.h"
#include "fmt/format.h"
#include "re2/re2.h"
#include "tap/parse_parts.h"

namespace traffictap::tap {
namespace {

constexpr size_t kListMax = 256;
constexpr base::Nanos kYear = 365 * 86'400 * base::kSecond;
constexpr size_t kErrorsMax = 100;
constexpr size_t kReplacementMax = 256;

void ReadTarget(const Value& value, TapSpec* tap) {
  FieldReader fields(value);
  Target target;
  fields.Required("kind", [&](const Value& v) {
    const int choice = v.Choice({"Workload", "Pod", "Namespace", "Gateway"});
    if (choice >= 0) target.kind = static_cast<TargetKind>(choice);
  });
  fields.Optional("name", [&](const Value& v) { ReadObjectName(v, &target.name); });
  fields.Optional("selector", [&](const Value& v) { ReadLabels(v, &target.selector); });
  const bool empty = target.name.empty() && target.selector.empty();
  if (target.kind != TargetKind::kNamespace && empty) {
    fields.Fault("MissingField", "needs a name or a selector: add one");
  }
  if (target.kind == TargetKind::kNamespace && !target.selector.empty()) {
    fields.Fault("Conflict", "a Namespace target takes no selector: remove it");
  }
  if (target.kind == TargetKind::kNamespace && !target.name.empty() && !tap->cluster_scoped) {
    fields.Fault("Conflict",
                 "a TrafficTap taps its own namespace: remove name or use ClusterTrafficTap");
  }
  tap->targets.push_back(target);
}

void ReadCidr(const Value& value, std::string* out) {
  if (!value.Text(out)) return;
  const size_t slash = out->find('/');
  const std::string address = out->substr(0, slash);
  alignas(in6_addr) unsigned char raw[sizeof(in6_addr)];
  const bool v4 = inet_pton(AF_INET, address.c_str(), raw) == 1;
  const bool v6 = !v4 && inet_pton(AF_INET6, address.c_str(), raw) == 1;
  int bits = -1;
  if (slash != std::string::npos) {
    const char* end = out->data() + out->size();
    const auto [stop, error] = std::from_chars(out->data() + slash + 1, end, bits);
    if (error != std::errc() || stop != end) bits = -1;
  }
  const bool mapped = v6 && IN6_IS_ADDR_V4MAPPED(reinterpret_cast<const in6_addr*>(raw));
  const bool good = (v4 || v6) && !mapped && bits >= 0 && bits <= (v4 ? 32 : 128) &&
                    out->find('\0') == std::string::npos;
  if (!good) value.Invalid("must be a CIDR such as 10.0.0.0/8 or fd00::/8");
}

void ReadPeer(const Value& value, std::vector<Peer>* peers) {
  const size_t before = value.faults->errors.size();
  FieldReader fields(value);
  Peer peer;
  fields.Optional("workload", [&](const Value& v) { ReadObjectName(v, &peer.workload); });
  fields.Optional("namespace", [&](const Value& v) { ReadDnsLabel(v, &peer.ns); });
  fields.Optional("principal", [&](const Value& v) {
    if (v.Text(&peer.principal) && peer.principal.rfind("spiffe://", 0) != 0) {
      v.Invalid("must be a SPIFFE id such as spiffe://cluster.local/ns/shop/sa/cart");
    }
  });
  fields.Optional("ipBlock", [&](const Value& v) { ReadCidr(v, &peer.ip_block); });
  const bool empty =
      peer.workload.empty() && peer.ns.empty() && peer.principal.empty() && peer.ip_block.empty();
  if (empty && value.faults->errors.size() == before) {
    fields.Fault("MissingField", "needs one of workload, namespace, principal, ipBlock");
  }
  peers->push_back(peer);
}

void ReadPeers(const Value& value, PeerSelection* peers) {
  FieldReader fields(value);
  for (auto [name, list] : {std::pair{"include", &peers->include}, {"exclude", &peers->exclude}}) {
    auto* out = list;
    fields.Optional(name, [&](const Value& v) {
      v.Each(kListMax, [&](const Value& peer) { ReadPeer(peer, out); });
    });
  }
}

void ReadPairing(const Value& value, PairingSpec* pairing) {
  FieldReader fields(value);
  fields.Optional("window", [&](const Value& v) {
    v.Duration(100 * base::kMillisecond, 600 * base::kSecond, &pairing->window);
  });
  fields.Optional("orphans", [&](const Value& v) {
    pairing->orphans = v.Choice({"Emit", "Drop"}) == 1 ? OrphanPolicy::kDrop : OrphanPolicy::kEmit;
  });
}

void ReadSampling(const Value& value, SamplingSpec* sampling) {
  FieldReader fields(value);
  fields.Optional("ratio", [&](const Value& v) { v.Real(0, 1, &sampling->ratio); });
  fields.Optional("alwaysKeep", [&](const Value& v) {
    v.Each(2, [&](const Value& keep) {
      const int choice = keep.Choice({"Errors", "Slow"});
      if (choice == 0) sampling->always_keep_errors = true;
      if (choice == 1) sampling->always_keep_slow = true;
    });
  });
  fields.Optional("slowThreshold", [&](const Value& v) {
    v.Duration(base::kMillisecond, 3600 * base::kSecond, &sampling->slow_threshold);
  });
}

void ReadTime(const Value& value, std::optional<base::Nanos>* out) {
  *out = value.node->kind == YamlNode::Kind::kScalar ? base::ParseRfc3339(value.node->text)
                                                     : std::nullopt;
  if (!*out) value.Invalid("must be a time such as 2026-01-31T12:00:00Z");
}

void ReadLimits(const Value& value, LimitsSpec* limits) {
  FieldReader fields(value);
  fields.Optional("duration", [&](const Value& v) {
    base::Nanos duration = 0;
    if (v.Duration(base::kSecond, kYear, &duration)) limits->duration = duration;
  });
  fields.Optional("startTime", [&](const Value& v) { ReadTime(v, &limits->start_time); });
  fields.Optional("endTime", [&](const Value& v) { ReadTime(v, &limits->end_time); });
  if (limits->start_time && limits->end_time && *limits->end_time <= *limits->start_time) {
    fields.Fault("Conflict", "endTime must be after startTime: correct one of them");
  }
  const auto count = [&](const char* name, uint64_t max, std::optional<uint64_t>* out) {
    fields.Optional(name, [&](const Value& v) {
      uint64_t number = 0;
      if (v.Number(1, max, &number)) *out = number;
    });
  };
  count("maxRecords", 1'000'000'000'000, &limits->max_records);
  count("maxRecordsPerSecond", 10'000'000, &limits->max_records_per_second);
}

void ReadCapturedHeader(const Value& value, std::vector<std::string>* headers) {
  std::string name;
  if (!ReadHeaderName(value, &name)) return;
  if (IsCredentialHeader(name)) {
    return value.Invalid(
        fmt::format("{} carries credentials and is never captured: remove it", name));
  }
  headers->push_back(name);
}

void ReadCapture(const Value& value, CaptureSpec* capture) {
  FieldReader fields(value);
  const auto list = [&](const char* name, std::vector<std::string>* out) {
    fields.Optional(name, [&](const Value& v) {
      v.Each(64, [&](const Value& header) { ReadCapturedHeader(header, out); });
    });
  };
  list("requestHeaders", &capture->request_headers);
  list("responseHeaders", &capture->response_headers);
}

void ReadRule(const Value& value, std::vector<RedactionRule>* rules) {
  FieldReader fields(value);
  RedactionRule rule;
  bool good = false;
  fields.Required("pattern", [&](const Value& v) { good = ReadRegex(v, &rule.pattern); });
  fields.Optional("replacement", [&](const Value& v) {
    if (v.node->kind != YamlNode::Kind::kScalar) return v.Invalid("must be text");
    if (v.node->text.size() > kReplacementMax) {
      return v.Invalid(fmt::format("is longer than {} characters: shorten it", kReplacementMax));
    }
    rule.replacement = v.node->text;
    std::string error;
    if (good && !re2::RE2(rule.pattern).CheckRewriteString(rule.replacement, &error)) {
      v.Invalid(fmt::format("does not fit the pattern: {}; \\0 is the match, \\1 to \\9 its groups",
                            error));
    }
  });
  rules->push_back(rule);
}

void ReadRedaction(const Value& value, RedactionSpec* redaction) {
  FieldReader fields(value);
  fields.Optional("queryValues", [&](const Value& v) {
    redaction->query_values =
        v.Choice({"Redact", "Keep"}) == 1 ? QueryValues::kKeep : QueryValues::kRedact;
  });
  fields.Optional("rules", [&](const Value& v) {
    v.Each(64, [&](const Value& rule) { ReadRule(rule, &redaction->rules); });
  });
}

void ReadOutputs(const Value& value, std::vector<OutputSpec>* outputs) {
  std::set<std::string> names;
  value.Each(16, [&](const Value& element) {
    OutputSpec output;
    ParseOutput(element, &output);
    if (!output.name.empty() && !names.insert(output.name).second) {
      element.faults->Add(*element.node, element.path + ".name", "Conflict",
                          "is the name of another output: choose another name");
    }
    outputs->push_back(std::move(output));
  });
}

void ReadSpec(const Value& value, TapSpec* tap) {
  FieldReader fields(value);
  fields.Optional("targets", [&](const Value& v) {
    v.Each(kListMax, [&](const Value& target) { ReadTarget(target, tap); });
  });
  fields.Optional("direction", [&](const Value& v) {
    const int choice = v.Choice({"Inbound", "Outbound", "Both"});
    if (choice >= 0) tap->direction = static_cast<Direction>(choice);
  });
  fields.Optional("peers", [&](const Value& v) { ReadPeers(v, &tap->peers); });
  fields.Optional("match", [&](const Value& v) { ParseMatch(v, &tap->match); });
  fields.Optional("pairing", [&](const Value& v) { ReadPairing(v, &tap->pairing); });
  fields.Optional("sampling", [&](const Value& v) { ReadSampling(v, &tap->sampling); });
  fields.Optional("limits", [&](const Value& v) { ReadLimits(v, &tap->limits); });
  fields.Optional("capture", [&](const Value& v) { ReadCapture(v, &tap->capture); });
  fields.Optional("redaction", [&](const Value& v) { ReadRedaction(v, &tap->redaction); });
  fields.Optional("outputs", [&](const Value& v) { ReadOutputs(v, &tap->outputs); });
}

// FNV-1a.
void HashInto(const YamlNode& node, uint64_t* hash) {
  const std::string head =
      fmt::format("{}:{}:{}:{}:{}:{};", static_cast<int>(node.kind), node.key.size(), node.key,
                  node.text.size(), node.text, node.children.size());
  for (unsigned char c : head) *hash = (*hash ^ c) * 1099511628211ull;
  for (const YamlNode& child : node.children) HashInto(child, hash);
}

// Status and most of the metadata are left out: they change while what the user asked for does not.
uint64_t HashOf(const YamlNode& document, const TapSpec& tap) {
  uint64_t hash = 14695981039346656037ull;
  YamlNode identity;
  identity.key = tap.cluster_scoped ? "ClusterTrafficTap" : "TrafficTap";
  identity.text = tap.key();
  HashInto(identity, &hash);
  for (const YamlNode& child : document.children) {
    if (child.key == "spec") HashInto(child, &hash);
  }
  return hash;
}

void ReadDocument(const Value& document, TapSpec* tap) {
  FieldReader fields(document);
  fields.Required("apiVersion", [](const Value& v) { v.Choice({"traffictap.io/v1alpha1"}); });
  fields.Required("kind", [&](const Value& v) {
    tap->cluster_scoped = v.Choice({"TrafficTap", "ClusterTrafficTap"}) == 1;
  });
  if (!tap->cluster_scoped) tap->ns = "default";
  fields.Required("metadata", [&](const Value& v) {
    ReadMetadata(v, &tap->name, tap->cluster_scoped ? nullptr : &tap->ns);
  });
  fields.Required("spec", [&](const Value& v) { ReadSpec(v, tap); });
  fields.Optional("status", [](const Value&) {});
  tap->content_hash = HashOf(*document.node, *tap);
}

}  // namespace

std::string ParseError::ToString() const {
  const std::string where = line > 0 ? fmt::format("{}:{}", file, line) : file;
  const std::string what = field.empty() ? reason : fmt::format("{}: {}", field, reason);
  return fmt::format("{}: {}: {}", where, what, message);
}

ParseResult ParseTapsListing(const std::string& file, const std::string& text, BrokerForm form,
                             std::set<std::string>* known_fields) {
  Faults faults{file, form, {}, {}};
  YamlFault fault;
  ParseResult result;
  std::set<std::string> keys;
  for (const YamlNode& node : ReadYaml(text, &fault)) {
    if (node.kind == YamlNode::Kind::kNull) continue;  // "---" at the end
    const size_t before = faults.errors.size();
    auto tap = std::make_shared<TapSpec>();
    ReadDocument({&node, "", &faults}, tap.get());
    if (faults.errors.size() == before && !keys.insert(tap->key()).second) {
      faults.Add(node, "metadata.name", "Conflict", "another document of the file has this name");
    }
    if (faults.errors.size() == before) result.taps.push_back(std::move(tap));
  }
  if (!fault.message.empty()) {
    faults.errors.push_back({file, fault.line, "", "Syntax", fault.message});
  }
  if (faults.errors.size() > kErrorsMax) {
    const size_t more = faults.errors.size() - kErrorsMax;
    faults.errors.resize(kErrorsMax);
    faults.errors.push_back(
        {file, 0, "", "Syntax", fmt::format("{} more faults: correct these first", more)});
  }
  result.errors = std::move(faults.errors);
  known_fields->merge(faults.known);
  return result;
}

ParseResult ParseTaps(const std::string& file, const std::string& text, BrokerForm form) {
  std::set<std::string> ignored;
  return ParseTapsListing(file, text, form, &ignored);
}

}  // namespace traffictap::tap
