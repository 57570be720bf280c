// SPDX-License-Identifier: Apache-2.0

// Any bytes as an x-forwarded-client-cert: what a client sends never becomes its identity.
#include <cstddef>
#include <cstdint>
#include <string>

#include "als/spiffe_id.h"
#include "base/status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace traffictap;  // NOLINT: the whole product is under test
  const std::string sent(reinterpret_cast<const char*>(bytes), size);
  if (const auto uri = als::ForwardedUri(sent)) {
    const bool bare = sent.find("=" + *uri) != std::string::npos;
    const bool quoted = sent.find("=\"" + *uri + "\"") != std::string::npos;
    TT_CHECK(!uri->empty() && (bare || quoted));
    als::ParseSpiffeId(*uri);
  }
  als::ParseSpiffeId(sent);
  // What a sidecar appends to (APPEND_FORWARD), and a header that goes on behind what it wrote.
  const std::string own = "By=spiffe://td/ns/a/sa/b;Hash=0f;Subject=\"\";URI=spiffe://td/ns/c/sa/d";
  TT_CHECK(!als::ForwardedUri(sent + "," + own));
  TT_CHECK(!als::ForwardedUri(own + "," + sent));
  return 0;
}
