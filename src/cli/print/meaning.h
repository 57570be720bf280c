// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace traffictap::cli::print {

// Words of records in the words of a person: clauses without a full stop. A word that is newer than
// this build gets an empty one.

// "UF": "the proxy could not connect to the upstream"; Envoy's %RESPONSE_FLAGS%.
std::string_view FlagMeaning(std::string_view flag);
// "NetworkOrProxy": who is to blame; the rules are in pairing/verdict.h.
std::string_view VerdictMeaning(std::string_view verdict);
// "PeerNotMeshed": why a side is missing.
std::string_view OrphanMeaning(std::string_view reason);

}  // namespace traffictap::cli::print
