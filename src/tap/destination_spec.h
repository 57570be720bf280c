// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tap/tap_spec.h"

// Where records may be sent: the values of an administrator's TapDestination
// (traffictap.io/v1alpha1, cluster-scoped). A tap names it; brokers and credentials are never a tap
// author's to choose.
namespace traffictap::tap {

struct LabelRequirement {
  enum class Operator { kIn, kNotIn, kExists, kDoesNotExist };
  std::string key;
  Operator op = Operator::kIn;
  std::vector<std::string> values;
};

// metav1.LabelSelector: everything that is set must hold; empty holds for everything.
struct LabelSelector {
  Labels match_labels;
  std::vector<LabelRequirement> match_expressions;

  bool Matches(const Labels& labels) const;
};

enum class DestinationType { kKafka, kOtlp };

// A header of every OTLP request, whose value is what the secret has under `key`.
struct SecretHeader {
  std::string name;  // lower case
  std::string key;
};

struct DestinationSpec {
  std::string name;
  DestinationType type = DestinationType::kKafka;
  std::vector<std::string> brokers;         // Kafka: host:port
  std::string topic;                        // where the tap names none
  std::vector<std::string> allowed_topics;  // what a tap may name beside `topic`
  KafkaSecurity security = KafkaSecurity::kPlaintext;
  std::string sasl_mechanism;
  KafkaOauth oauth;      // with OAUTHBEARER; never a folder: that is the secret's
  std::string endpoint;  // OTLP
  OtlpProtocol protocol = OtlpProtocol::kGrpc;
  std::vector<SecretHeader> headers;
  bool ca_from_secret = false;      // `tls.ca: Secret`, key ca.crt; else the system's authorities
  bool client_certificate = false;  // `tls.clientCertificate`, keys tls.crt and tls.key
  // in the collector's namespace; mounted there by the administrator
  std::string credentials_secret;
  bool namespaces_allowed = false;  // `allowedNamespaces` is set
  // meaningful with namespaces_allowed; else ClusterTrafficTaps alone may use it
  LabelSelector allowed_namespaces;
};

using DestinationSpecPtr = std::shared_ptr<const DestinationSpec>;

}  // namespace traffictap::tap
