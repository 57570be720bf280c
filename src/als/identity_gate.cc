// SPDX-License-Identifier: Apache-2.0
#include "als/identity_gate.h"

#include <algorithm>
#include <cctype>

#include "base/log.h"
#include "fmt/format.h"

namespace traffictap::als {
namespace {

constexpr base::Nanos kLogInterval = 10 * base::kSecond;

// Istio's sidecar comes from 127.0.0.6.
std::optional<std::string> UriOfSidecar(const Sender& sender) {
  // A second line of the header would be somebody else's.
  if (!sender.loopback || sender.forwarded.size() != 1) return std::nullopt;
  return ForwardedUri(sender.forwarded[0]);
}

std::optional<std::string> UriOfCertificate(const Sender& sender) {
  if (sender.certificate_uris.size() != 1) return std::nullopt;
  return sender.certificate_uris[0];
}

// What a sender claims may be anything: no line of the log may be broken by it.
std::string Printable(const std::string& claimed) {
  std::string out = claimed.substr(0, 63);
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '.' || c == '_';
  };
  std::replace_if(
      out.begin(), out.end(), [&](char c) { return !plain(c); }, '?');
  return out;
}

const char* MissingIdentity(IdentitySource source) {
  return source == IdentitySource::kForwarded
             ? "the stream came without an x-forwarded-client-cert of this pod's sidecar alone: is "
               "the sidecar there, and mTLS STRICT?"
             : "the stream's TLS has no client certificate with one SPIFFE URI";
}

}  // namespace

StatusOr<std::optional<SpiffeId>> IdentityGate::Identify(const Sender& sender) {
  if (options_.source == IdentitySource::kNone) return std::optional<SpiffeId>();
  const auto uri = options_.source == IdentitySource::kForwarded ? UriOfSidecar(sender)
                                                                 : UriOfCertificate(sender);
  const auto id = uri ? ParseSpiffeId(*uri) : std::nullopt;
  if (!id) {
    return Refuse(Refusal::kNoIdentity, absl::StatusCode::kUnauthenticated,
                  MissingIdentity(options_.source));
  }
  const auto& domains = options_.trust_domains;
  if (!domains.empty() &&
      std::find(domains.begin(), domains.end(), id->trust_domain) == domains.end()) {
    return Refuse(Refusal::kForeignTrustDomain, absl::StatusCode::kPermissionDenied,
                  fmt::format("trust domain {} is not allowed", Printable(id->trust_domain)));
  }
  return id;
}

Status IdentityGate::Bind(const std::optional<SpiffeId>& id, traffic::Node* node) {
  if (!id) return absl::OkStatus();
  if (node->service_account.empty()) node->service_account = id->service_account;
  if (node->ns == id->ns && node->service_account == id->service_account) return absl::OkStatus();
  return Refuse(Refusal::kIdentityMismatch, absl::StatusCode::kPermissionDenied,
                fmt::format("the node says {}/{}, its certificate {}/{}", Printable(node->ns),
                            Printable(node->service_account), Printable(id->ns),
                            Printable(id->service_account)));
}

Status IdentityGate::Refuse(Refusal why, absl::StatusCode code, const std::string& what) {
  const uint64_t count = ++refused_[static_cast<size_t>(why)];
  const base::Nanos now = clock_->Monotonic();
  base::Nanos due = log_after_;
  if (now >= due && log_after_.compare_exchange_strong(due, now + kLogInterval)) {
    log::For("als").warn("stream refused reason={} count={} err=\"{}\"", Name(why), count, what);
  }
  return Status(code, what);
}

const char* Name(IdentityGate::Refusal why) {
  switch (why) {
    case IdentityGate::Refusal::kNoIdentity: return "NoIdentity";
    case IdentityGate::Refusal::kForeignTrustDomain: return "ForeignTrustDomain";
    case IdentityGate::Refusal::kIdentityMismatch:
    case IdentityGate::Refusal::kCount: return "IdentityMismatch";
  }
  return "";
}

}  // namespace traffictap::als
