// SPDX-License-Identifier: Apache-2.0
#include "tap/schema/endpoint.h"
#include "tap/schema/fields.h"
#include "tap/schema/kinds.h"
#include "tap/schema/object.h"
#include "tap/schema/sasl.h"

namespace traffictap::tap::schema {
namespace {

using D = DestinationSpec;

Kind<LabelRequirement> Requirement() {
  using R = LabelRequirement;
  const auto value = Text({.max = 63});
  return Object<R>("One condition.")
      .Required("key", &R::key, Text({.max = 317}), "Name of the label.")
      .Required("operator", &R::op, Choice<R::Operator>(), "Operator.")
      .Optional("values", &R::values, List(Described(value, "A value."), {.max = 64}),
                "Values for In and NotIn.")
      .Rule("(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
            "In and NotIn need values; Exists and DoesNotExist take none")
      .Checked([](FieldReader& fields, const R& requirement) {
        const bool wants =
            requirement.op == R::Operator::kIn || requirement.op == R::Operator::kNotIn;
        if (wants != requirement.values.empty()) return;
        fields.Fault("Conflict", "In and NotIn need values; Exists and DoesNotExist take none");
      })
      .kind();
}

// That there is a selector counts, even one that is empty.
Kind<D> AllowedNamespaces() {
  using L = LabelSelector;
  const Kind<L> selector =
      Object<L>()
          .Optional("matchLabels", &L::match_labels, LabelMap(),
                    "Labels that the namespace must have.")
          .Optional("matchExpressions", &L::match_expressions, List(Requirement(), {.max = 16}),
                    "Label conditions. All of them must match.")
          .kind();
  Kind<D> out;
  out.read = [read = selector.read](const Value& value, D* to) {
    to->namespaces_allowed = true;
    read(value, &to->allowed_namespaces);
  };
  out.write = [write = selector.write](const D& from) {
    return from.namespaces_allowed ? write(from.allowed_namespaces) : Json();
  };
  out.describe = selector.describe;
  return out;
}

Kind<D> Tls() {
  return Object<D>()
      .Optional("ca", &D::ca_from_secret, Choice<bool>({{false, "System"}, {true, "Secret"}}),
                "Certificate authorities to trust: the system's, or key ca.crt of the secret.")
      .Optional("clientCertificate", &D::client_certificate, Bool(),
                "Present a client certificate, from keys tls.crt and tls.key of the secret.")
      .kind();
}

Kind<D> Kafka() {
  const auto sasl =
      Object<D>()
          .Required("mechanism", &D::sasl_mechanism, Mechanism(), "SASL mechanism.")
          .Optional("oauth", &D::oauth, Oauth(),
                    "Where OAUTHBEARER gets its token. Default: as the keys of the secret say.")
          .Rule("self.mechanism == 'OAUTHBEARER' || !has(self.oauth)", kOauthNeedsItsMechanism)
          .Checked([](FieldReader& fields, const D& spec) {
            if (fields.Good("mechanism")) CheckOauth(&fields, spec.sasl_mechanism);
          })
          .kind();
  return Object<D>()
      .Required("brokers", &D::brokers, Brokers(), "Bootstrap brokers.")
      .Optional("topic", &D::topic, Topic(), "Default topic, for taps that do not name one.")
      .Optional("allowedTopics", &D::allowed_topics,
                List(Described(Topic(), "A topic."), {.max = 64}),
                "Other topics that taps may use.")
      .Optional("security", &D::security, Choice<KafkaSecurity>(),
                "Security protocol of the brokers.")
      .Optional("sasl", sasl,
                "SASL credentials for SaslPlaintext and SaslSsl, from keys username and password "
                "of the secret. For OAUTHBEARER from its key token; or from clientSecret, with "
                "clientId and tokenEndpointUrl; or from accessKeyId and secretAccessKey, for "
                "Amazon MSK.")
      .Optional("tls", Tls(), "TLS settings for Ssl and SaslSsl.")
      .Rule("has(self.topic) || (has(self.allowedTopics) && size(self.allowedTopics) > 0)",
            "needs a topic or allowedTopics")
      .Rule("(self.security in ['SaslPlaintext', 'SaslSsl']) == has(self.sasl)",
            "SaslPlaintext and SaslSsl need sasl, and nothing else takes it")
      .Rule("self.security in ['Ssl', 'SaslSsl'] || !has(self.tls)",
            "tls needs security Ssl or SaslSsl")
      .Checked([](FieldReader& fields, const D& spec) {
        if (spec.topic.empty() && spec.allowed_topics.empty()) {
          fields.Fault("MissingField", "needs a topic or allowedTopics: add one");
        }
        CheckSecurity(&fields, spec.security);
      })
      .kind();
}

// It becomes a file's name.
Kind<std::string> SecretKey() {
  return Text({.max = 253,
               .pattern = "^[-._a-zA-Z0-9]+$",
               .rule = "self != '.' && self != '..'",
               .message = "must be a key of a Secret: letters, digits, '-', '_' or '.'",
               .check = [](const Value& value, std::string* key) {
                 constexpr char kAllowed[] =
                     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
                 if (key->size() <= 253 && key->find_first_not_of(kAllowed) == std::string::npos &&
                     *key != "." && *key != "..") {
                   return;
                 }
                 value.Invalid("must be a key of a Secret: letters, digits, '-', '_' or '.'");
               }});
}

Kind<D> Otlp() {
  const auto header =
      Object<SecretHeader>("One header.")
          .Required("name", &SecretHeader::name, OtlpHeaderName(), "Header name, case-insensitive.")
          .Required("key", &SecretHeader::key, SecretKey(),
                    "Key of the secret that holds the value. A trailing newline is stripped.")
          .kind();
  return Object<D>()
      .Optional("protocol", &D::protocol, Choice<OtlpProtocol>(), "Protocol of the receiver.")
      .Required("endpoint", Endpoint<D>(),
                "http://HOST:PORT, or https://HOST:PORT for TLS. With HttpProtobuf it may have a "
                "path, to which /v1/logs and /v1/traces are appended.")
      .Optional(
          "headers", &D::headers, List(header, {.max = 16}),
          "Headers to send with every request, such as authorization, with values from the secret.")
      .Optional("tls", Tls(), "TLS settings for https:// endpoints.")
      .Rule("self.protocol == 'HttpProtobuf' || self.endpoint.matches('^https?://[^/]+/?$')",
            "with protocol Grpc the endpoint must have no path")
      .Rule("self.endpoint.startsWith('https://') || !has(self.tls)",
            "tls needs an endpoint that begins with https://")
      .Checked([](FieldReader& fields, const D& spec) { CheckEndpointTls(&fields, spec.endpoint); })
      .kind();
}

}  // namespace

const Kind<DestinationSpec>& DestinationFields() {
  static const Kind<D> kind =
      Object<D>()
          .Required("type", &D::type, Choice<DestinationType>(), "Type of the destination.")
          .OfType("kafka", &D::type, DestinationType::kKafka, Kafka(), "Required for type Kafka.")
          .OfType("otlp", &D::type, DestinationType::kOtlp, Otlp(), "Required for type Otlp.")
          .Optional(
              "credentialsSecret", &D::credentials_secret, ObjectName(),
              "Secret in the collector's namespace with whichever of the keys username, password, "
              "those of OAUTHBEARER, ca.crt, tls.crt, tls.key and header values are needed. The "
              "administrator mounts it "
              "into the collector, in a folder of the same name in the destinations directory.")
          .Optional("allowedNamespaces", AllowedNamespaces(),
                    "Namespaces whose taps may use this destination. An empty selector allows all "
                    "namespaces. If not set, only ClusterTrafficTaps may use it.")
          .Rule(
              "has(self.credentialsSecret) || !has(self.kafka) || (!has(self.kafka.sasl) && "
              "(!has(self.kafka.tls) || (self.kafka.tls.ca == 'System' && "
              "!self.kafka.tls.clientCertificate)))",
              "sasl, ca: Secret and clientCertificate need credentialsSecret")
          .Rule(
              "has(self.credentialsSecret) || !has(self.otlp) || ((!has(self.otlp.headers) || "
              "size(self.otlp.headers) == 0) && (!has(self.otlp.tls) || (self.otlp.tls.ca == "
              "'System' && !self.otlp.tls.clientCertificate)))",
              "headers, ca: Secret and clientCertificate need credentialsSecret")
          .Checked([](FieldReader& fields, const D& spec) {
            const bool secret = !spec.sasl_mechanism.empty() || !spec.headers.empty() ||
                                spec.ca_from_secret || spec.client_certificate;
            if (!secret || !spec.credentials_secret.empty()) return;
            fields.Fault("MissingField",
                         "needs credentialsSecret for sasl, headers, ca or clientCertificate");
          })
          .kind();
  return kind;
}

}  // namespace traffictap::tap::schema
