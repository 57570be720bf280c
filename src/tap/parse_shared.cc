#include <algorithm>

#include "tap/parse_parts.h"

namespace traffictap::tap {
namespace {

void ReadBroker(const Value& value, std::vector<std::string>* brokers) {
  std::string text;
  if (!value.Text(&text)) return;
  const size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 && port[0] != '0' &&
                      port.find_first_not_of("0123456789") == std::string::npos;
  const bool good = digits && colon > 0 && std::stoul(port) <= 65'535 &&
                    text.find_first_of(" ,\t/") == std::string::npos;
  if (!good) return value.Invalid("must be host:port, such as kafka-0.kafka:9092");
  brokers->push_back(text);
}

}  // namespace

void ReadBrokers(const Value& value, std::vector<std::string>* brokers) {
  value.Each(64, [&](const Value& broker) { ReadBroker(broker, brokers); });
  if (value.node->children.empty()) value.Invalid("must have at least one broker");
}

void ReadTopic(const Value& value, std::string* topic) {
  if (!value.Text(topic)) return;
  const bool good =
      topic->size() <= 249 && *topic != "." && *topic != ".." &&
      topic->find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == std::string::npos;
  if (!good) value.Invalid("must be 1 to 249 letters, digits, '.', '_' or '-'");
}

void ReadSecurity(const Value& value, KafkaSecurity* security) {
  const int choice = value.Choice({"Plaintext", "Ssl", "SaslPlaintext", "SaslSsl"});
  if (choice >= 0) *security = static_cast<KafkaSecurity>(choice);
}

void ReadMechanism(const Value& value, std::string* mechanism) {
  if (value.Choice({"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}) >= 0) value.Text(mechanism);
}

void CheckSecurity(const FieldReader& fields, KafkaSecurity security, bool sasl, bool tls) {
  const bool wants_sasl =
      security == KafkaSecurity::kSaslPlaintext || security == KafkaSecurity::kSaslSsl;
  const bool may_tls = security == KafkaSecurity::kSsl || security == KafkaSecurity::kSaslSsl;
  if (wants_sasl && !sasl) fields.Fault("MissingField", "needs sasl for this security: add it");
  if (!wants_sasl && sasl) {
    fields.Fault("Conflict", "has sasl: set security to SaslPlaintext or SaslSsl, or remove sasl");
  }
  if (!may_tls && tls) {
    fields.Fault("Conflict", "has tls: set security to Ssl or SaslSsl, or remove tls");
  }
}

bool IsDnsLabel(const std::string& text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

bool IsObjectName(const std::string& text) {
  bool good = !text.empty() && text.size() <= 253 && text.back() != '.';
  for (size_t begin = 0; begin < text.size();) {
    const size_t dot = std::min(text.find('.', begin), text.size());
    good = good && IsDnsLabel(text.substr(begin, dot - begin));
    begin = dot + 1;
  }
  return good;
}

void ReadDnsLabel(const Value& value, std::string* out) {
  if (value.Text(out) && !IsDnsLabel(*out)) {
    value.Invalid("must be 1 to 63 lower-case letters, digits or '-', not '-' at an end");
  }
}

void ReadObjectName(const Value& value, std::string* out) {
  if (value.Text(out) && !IsObjectName(*out)) {
    value.Invalid("must be the name of a Kubernetes object: lower-case letters, digits, '-', '.'");
  }
}

void ReadLabels(const Value& value, Labels* labels) {
  FieldReader fields(value);
  fields.AcceptAll();
  for (const YamlNode& child : value.node->children) {
    const Value label{&child, value.path + "." + child.key, value.faults};
    if (child.kind == YamlNode::Kind::kList || child.kind == YamlNode::Kind::kMap) {
      label.Invalid("must be text");
    }
    (*labels)[child.key] = child.text;
  }
}

void ReadMetadata(const Value& value, std::string* name, std::string* ns) {
  FieldReader fields(value);
  Labels ignored;
  fields.Required("name", [&](const Value& v) { ReadDnsLabel(v, name); });
  fields.Optional("namespace", [&](const Value& v) {
    if (ns == nullptr) return v.Invalid("this kind belongs to no namespace: remove it");
    ReadDnsLabel(v, ns);
  });
  for (const char* map : {"labels", "annotations"}) {
    fields.Optional(map, [&](const Value& v) { ReadLabels(v, &ignored); });
  }
  for (const char* server_side :
       {"uid", "generation", "resourceVersion", "creationTimestamp", "deletionTimestamp",
        "deletionGracePeriodSeconds", "managedFields", "ownerReferences", "finalizers",
        "generateName", "selfLink"}) {
    fields.Has(server_side);
  }
}

}  // namespace traffictap::tap
