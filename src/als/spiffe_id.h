// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace traffictap::als {

// A workload's identity in a mesh, spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT: the form
// that Istio gives to SPIFFE-ID (spiffe.io, SPIFFE-ID section 2).
struct SpiffeId {
  std::string trust_domain;
  std::string ns;
  std::string service_account;
};

// Empty where `uri` has another form.
std::optional<SpiffeId> ParseSpiffeId(std::string_view uri);

// The URI in an x-forwarded-client-cert header (Envoy, HTTP connection manager,
// "x-forwarded-client-cert") that the proxy next to us has written alone. That proxy either replaces
// what the client sent (SANITIZE_SET) or appends to it (APPEND_FORWARD, Istio's default), and an
// access logger sends no such header: a second element is a client's that writes its own. Empty
// where the header is not exactly one element with one URI, in Envoy's form: KEY=VALUE joined by
// ';', values bare or as a whole in closed quotes.
std::optional<std::string> ForwardedUri(std::string_view header);

}  // namespace traffictap::als
