// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace traffictap::observe {

// Words of records in the words of a person: clauses without a full stop. "The proxy", "the
// upstream" and "the caller" in a flag's clause are seen from the side that reports it. A word that
// is newer than this build gets an empty one.
struct Meaning {
  std::string_view word;
  std::string_view clause;
};

// "UF": "the proxy could not connect to the upstream"; Envoy's %RESPONSE_FLAGS%.
std::string_view FlagMeaning(std::string_view flag);
// "NetworkOrProxy": who is to blame; the rules are in pairing/verdict.h.
std::string_view VerdictMeaning(std::string_view verdict);
// "PeerNotMeshed": why a side is missing.
std::string_view OrphanMeaning(std::string_view reason);

// All of them, in the order in which they are listed.
std::span<const Meaning> FlagMeanings();
std::span<const Meaning> VerdictMeanings();
std::span<const Meaning> OrphanMeanings();

}  // namespace traffictap::observe
