#include "tap/parse_destination.h"

#include "tap/parse_parts.h"

namespace traffictap::tap {
namespace {

using Operator = LabelRequirement::Operator;

void ReadRequirement(const Value& value, std::vector<LabelRequirement>* out) {
  FieldReader fields(value);
  LabelRequirement requirement;
  fields.Required("key", [&](const Value& v) { v.Text(&requirement.key); });
  fields.Required("operator", [&](const Value& v) {
    const int choice = v.Choice({"In", "NotIn", "Exists", "DoesNotExist"});
    if (choice >= 0) requirement.op = static_cast<Operator>(choice);
  });
  fields.Optional("values", [&](const Value& v) {
    v.Each(64, [&](const Value& text) {
      std::string label;
      if (text.Text(&label)) requirement.values.push_back(label);
    });
  });
  const bool wants = requirement.op == Operator::kIn || requirement.op == Operator::kNotIn;
  if (wants == requirement.values.empty()) {
    fields.Fault("Conflict", "In and NotIn need values; Exists and DoesNotExist take none");
  }
  out->push_back(std::move(requirement));
}

void ReadSelector(const Value& value, LabelSelector* selector) {
  FieldReader fields(value);
  fields.Optional("matchLabels", [&](const Value& v) { ReadLabels(v, &selector->match_labels); });
  fields.Optional("matchExpressions", [&](const Value& v) {
    v.Each(16,
           [&](const Value& element) { ReadRequirement(element, &selector->match_expressions); });
  });
}

void ReadTls(const Value& value, DestinationSpec* spec) {
  FieldReader fields(value);
  fields.Optional("ca", [&](const Value& v) {
    spec->ca_from_secret = v.Choice({"System", "Secret"}) == 1;
  });
  fields.Optional("clientCertificate", [&](const Value& v) { v.Bool(&spec->client_certificate); });
}

void ReadKafka(const Value& value, DestinationSpec* spec) {
  FieldReader fields(value);
  fields.Required("brokers", [&](const Value& v) { ReadBrokers(v, &spec->brokers); });
  fields.Optional("topic", [&](const Value& v) { ReadTopic(v, &spec->topic); });
  fields.Optional("allowedTopics", [&](const Value& v) {
    v.Each(64, [&](const Value& topic) {
      spec->allowed_topics.emplace_back();
      ReadTopic(topic, &spec->allowed_topics.back());
    });
  });
  if (spec->topic.empty() && spec->allowed_topics.empty()) {
    fields.Fault("MissingField", "needs a topic or allowedTopics: add one");
  }
  fields.Optional("security", [&](const Value& v) { ReadSecurity(v, &spec->security); });
  CheckSecurity(fields, spec->security, fields.Has("sasl"), fields.Has("tls"));
  fields.Optional("sasl", [&](const Value& v) {
    FieldReader sasl(v);
    sasl.Required("mechanism", [&](const Value& m) { ReadMechanism(m, &spec->sasl_mechanism); });
  });
  fields.Optional("tls", [&](const Value& v) { ReadTls(v, spec); });
}

void ReadHeader(const Value& value, std::vector<SecretHeader>* out) {
  FieldReader fields(value);
  SecretHeader header;
  fields.Required("name", [&](const Value& v) { ReadOtlpHeaderName(v, &header.name); });
  fields.Required("key", [&](const Value& v) {
    // It becomes a file's name.
    const char* allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (!v.Text(&header.key)) return;
    if (header.key.size() > 253 || header.key.find_first_not_of(allowed) != std::string::npos ||
        header.key == "." || header.key == "..") {
      v.Invalid("must be a key of a Secret: letters, digits, '-', '_' or '.'");
    }
  });
  out->push_back(std::move(header));
}

void ReadOtlp(const Value& value, DestinationSpec* spec) {
  FieldReader fields(value);
  fields.Optional("protocol", [&](const Value& v) { ReadOtlpProtocol(v, &spec->protocol); });
  fields.Required("endpoint",
                  [&](const Value& v) { ReadOtlpEndpoint(v, spec->protocol, &spec->endpoint); });
  fields.Optional("headers", [&](const Value& v) {
    v.Each(16, [&](const Value& header) { ReadHeader(header, &spec->headers); });
  });
  CheckOtlpTls(fields, spec->endpoint, fields.Has("tls"));
  fields.Optional("tls", [&](const Value& v) { ReadTls(v, spec); });
}

void ReadSpec(const Value& value, DestinationSpec* spec) {
  FieldReader fields(value);
  bool known = false;
  fields.Required("type", [&](const Value& v) {
    const int choice = v.Choice({"Kafka", "Otlp"});
    known = choice >= 0;
    if (known) spec->type = static_cast<DestinationType>(choice);
  });
  const auto block = [&](const char* name, DestinationType type, auto read) {
    if (known && spec->type == type) return fields.Required(name, read);
    fields.Optional(name, [&](const Value& v) {
      if (known) v.Invalid("does not belong to this type: remove it or change type");
    });
  };
  block("kafka", DestinationType::kKafka, [&](const Value& v) { ReadKafka(v, spec); });
  block("otlp", DestinationType::kOtlp, [&](const Value& v) { ReadOtlp(v, spec); });
  fields.Optional("credentialsSecret",
                  [&](const Value& v) { ReadObjectName(v, &spec->credentials_secret); });
  const bool secret = !spec->sasl_mechanism.empty() || !spec->headers.empty() ||
                      spec->ca_from_secret || spec->client_certificate;
  if (secret && spec->credentials_secret.empty()) {
    fields.Fault("MissingField",
                 "needs credentialsSecret for sasl, headers, ca or clientCertificate");
  }
  fields.Optional("allowedNamespaces", [&](const Value& v) {
    spec->namespaces_allowed = true;
    ReadSelector(v, &spec->allowed_namespaces);
  });
}

void ReadDocument(const Value& document, DestinationSpec* spec) {
  FieldReader fields(document);
  fields.Required("apiVersion", [](const Value& v) { v.Choice({"traffictap.io/v1alpha1"}); });
  fields.Required("kind", [](const Value& v) { v.Choice({"TapDestination"}); });
  fields.Required("metadata", [&](const Value& v) { ReadMetadata(v, &spec->name, nullptr); });
  fields.Required("spec", [&](const Value& v) { ReadSpec(v, spec); });
  fields.Has("status");
}

}  // namespace

DestinationResult ParseDestinationsListing(const std::string& file, const std::string& text,
                                           std::set<std::string>* known_fields) {
  Faults faults{.file = file, .errors = {}, .known = {}};
  YamlFault fault;
  DestinationResult result;
  for (const YamlNode& node : ReadYaml(text, &fault)) {
    if (node.kind == YamlNode::Kind::kNull) continue;  // "---" at the end
    const size_t before = faults.errors.size();
    auto spec = std::make_shared<DestinationSpec>();
    ReadDocument({&node, "", &faults}, spec.get());
    if (faults.errors.size() == before) result.destinations.push_back(std::move(spec));
  }
  if (!fault.message.empty()) {
    faults.errors.push_back({file, fault.line, "", "Syntax", fault.message});
  }
  result.errors = std::move(faults.errors);
  known_fields->merge(faults.known);
  return result;
}

DestinationResult ParseDestinations(const std::string& file, const std::string& text) {
  std::set<std::string> ignored;
  return ParseDestinationsListing(file, text, &ignored);
}

}  // namespace traffictap::tap
