// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tap/schema/kinds.h"
#include "tap/schema/object.h"

// What an output in a collector's own files and an administrator's TapDestination share: brokers,
// and receivers of OpenTelemetry's protocol.
namespace traffictap::tap::schema {

Kind<std::vector<std::string>> Brokers();
Kind<std::string> Topic();
// Reports sasl and tls blocks that do not go with `security`.
void CheckSecurity(FieldReader* fields, KafkaSecurity security);

// Reports what is wrong with the endpoint, cuts slashes off its end: the signals' own paths follow.
void CheckEndpoint(const Value& value, OtlpProtocol protocol, std::string* endpoint);
Tree EndpointTree();
// Reports a tls block where the endpoint is not https.
void CheckEndpointTls(FieldReader* fields, const std::string& endpoint);

// The member `endpoint` of S, which must suit the member `protocol`, read before it.
template <typename S>
Kind<S> Endpoint() {
  Kind<S> out;
  out.read = [](const Value& value, S* to) {
    if (value.Text(&to->endpoint)) CheckEndpoint(value, to->protocol, &to->endpoint);
  };
  out.write = [](const S& from) { return Json(from.endpoint); };
  out.describe = [](Scope) { return EndpointTree(); };
  return out;
}

}  // namespace traffictap::tap::schema
