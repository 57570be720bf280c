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

// The URI of the last element of an x-forwarded-client-cert header (Envoy, HTTP connection manager,
// "x-forwarded-client-cert"): each proxy appends the certificate that it saw itself, so only the
// last one is the word of the proxy next to us. Empty where it has none, or more than one.
std::optional<std::string> LastForwardedUri(std::string_view header);

}  // namespace traffictap::als
