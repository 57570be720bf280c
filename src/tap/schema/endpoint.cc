// SPDX-License-Identifier: Apache-2.0
#include "tap/schema/endpoint.h"

#include <algorithm>

#include "tap/values.h"

namespace traffictap::tap::schema {
namespace {

constexpr char kBrokerRule[] = "must be host:port, such as kafka-0.kafka:9092";
constexpr char kWordCharacters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

// Where the name of the host ends: a colon within [..] belongs to an IPv6 address.
bool IsHostAndPort(const std::string& authority) {
  const size_t colon = authority.rfind(':');
  if (colon == std::string::npos || colon == 0 || !IsPort(authority.substr(colon + 1))) {
    return false;
  }
  const std::string host = authority.substr(0, colon);
  if (host.front() == '[') {
    return host.size() > 2 && host.back() == ']' &&
           host.find_first_not_of("[]0123456789abcdefABCDEF:.") == std::string::npos;
  }
  return host.find_first_not_of(kWordCharacters) == std::string::npos;
}

Kind<std::string> Broker() {
  return Text({.max = 261,
               .pattern = "^[^ ,\\t/]+:[1-9][0-9]{0,4}$",
               .rule = "int(self.substring(self.lastIndexOf(':') + 1)) <= 65535",
               .message = kBrokerRule,
               .check = [](const Value& value, std::string* text) {
                 if (!IsBroker(*text)) value.Invalid(kBrokerRule);
               }});
}

}  // namespace

Kind<std::vector<std::string>> Brokers() {
  return List(Described(Broker(), "host:port."),
              {.max = 64, .if_empty = "must have at least one broker"});
}

Kind<std::string> Topic() {
  return Text({.max = kTopicMax,
               .pattern = "^[a-zA-Z0-9._-]+$",
               .rule = "self != '.' && self != '..'",
               .message = kTopicRule,
               .check = [](const Value& value, std::string* topic) {
                 if (!IsTopic(*topic)) value.Invalid(kTopicRule);
               }});
}

void CheckSecurity(FieldReader* fields, KafkaSecurity security) {
  const bool sasl = fields->Has("sasl"), tls = fields->Has("tls");
  const bool wants_sasl = UsesSasl(security), may_tls = UsesTls(security);
  if (wants_sasl && !sasl) fields->Fault("MissingField", "needs sasl for this security: add it");
  if (!wants_sasl && sasl) {
    fields->Fault("Conflict", "has sasl: set security to SaslPlaintext or SaslSsl, or remove sasl");
  }
  if (!may_tls && tls) {
    fields->Fault("Conflict", "has tls: set security to Ssl or SaslSsl, or remove tls");
  }
}

void CheckEndpoint(const Value& value, OtlpProtocol protocol, std::string* endpoint) {
  const size_t scheme = endpoint->starts_with("http://")    ? 7
                        : endpoint->starts_with("https://") ? 8
                                                            : 0;
  const size_t path = std::min(endpoint->find('/', scheme), endpoint->size());
  const std::string rest = endpoint->substr(path);
  const bool plain =
      std::all_of(rest.begin(), rest.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (scheme == 0 || endpoint->size() > 1024 ||
      !IsHostAndPort(endpoint->substr(scheme, path - scheme)) || !plain ||
      rest.find_first_of("?#") != std::string::npos) {
    return value.Invalid(
        "must be http://HOST:PORT or https://HOST:PORT, such as http://otel-collector:4317");
  }
  if (rest.size() > 1 && protocol == OtlpProtocol::kGrpc) {
    return value.Invalid("must have no path with protocol Grpc: remove it or use HttpProtobuf");
  }
  while (endpoint->back() == '/') endpoint->pop_back();
}

Tree EndpointTree() {
  return Text({.max = 1024,
               .pattern = "^https?://([-a-zA-Z0-9._]+|\\[[0-9a-fA-F:.]+\\]):[1-9][0-9]{0,4}(/[^?# "
                          "\\t]*)?$",
               .rule = "int(self.split('/')[2].substring(self.split('/')[2].lastIndexOf(':') + 1)) "
                       "<= 65535",
               .message = "must be http://HOST:PORT or https://HOST:PORT, such as "
                          "http://otel-collector:4317"})
      .describe(Scope::kCluster);
}

void CheckEndpointTls(FieldReader* fields, const std::string& endpoint) {
  if (fields->Has("tls") && !endpoint.starts_with("https://")) {
    fields->Fault("Conflict", "has tls: let endpoint begin with https://, or remove tls");
  }
}

}  // namespace traffictap::tap::schema
