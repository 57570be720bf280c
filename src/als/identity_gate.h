// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "als/spiffe_id.h"
#include "base/clock.h"
#include "base/process_clock.h"
#include "base/status.h"
#include "traffic/node.h"

namespace traffictap::als {

// What is known of who opens a stream.
struct Sender {
  bool loopback = false;                      // its connection comes from this machine or pod
  std::vector<std::string> certificate_uris;  // of the certificate that TLS has verified
  std::vector<std::string> forwarded;         // each line of x-forwarded-client-cert
};

// Where the sender of a stream is known from. The identifier in the stream is only what the sender
// says of itself.
enum class IdentitySource {
  kNone,         // nowhere: whoever reaches the port may speak for any proxy
  kForwarded,    // x-forwarded-client-cert of the sidecar in our own pod: loopback peers alone
  kCertificate,  // the client's certificate of the stream's own TLS
};

struct IdentityOptions {
  IdentitySource source = IdentitySource::kNone;
  std::vector<std::string> trust_domains;  // empty: any that the certificates' authority signs
};

// Lets a stream in only where its sender is who it claims to be. Thread-safe.
class IdentityGate {
 public:
  enum class Refusal { kNoIdentity, kForeignTrustDomain, kIdentityMismatch, kCount };

  // The clock outlives it.
  explicit IdentityGate(IdentityOptions options, const base::Clock* clock = base::ProcessClock())
      : options_(std::move(options)), clock_(clock) {}

  // Of a stream that begins. Empty where anybody may speak. kUnauthenticated: nobody known.
  // kPermissionDenied: known, and of another trust domain.
  StatusOr<std::optional<SpiffeId>> Identify(const Sender& sender);

  // Whether `node` is of the identity's namespace and service account; a node that names no service
  // account gets the identity's. kPermissionDenied: it claims to be another.
  Status Bind(const std::optional<SpiffeId>& id, traffic::Node* node);

  uint64_t refused(Refusal why) const { return refused_[static_cast<size_t>(why)]; }

 private:
  Status Refuse(Refusal why, absl::StatusCode code, const std::string& what);

  const IdentityOptions options_;
  const base::Clock* const clock_;
  std::array<std::atomic<uint64_t>, static_cast<size_t>(Refusal::kCount)> refused_{};
  std::atomic<base::Nanos> log_after_{0};  // a refused proxy comes again: not a line for each
};

// The metrics' word for it.
const char* Name(IdentityGate::Refusal why);

}  // namespace traffictap::als
