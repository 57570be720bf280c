// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "traffictap/v1/pair.pb.h"

// What the cells of tables and time lines say. Texts of the traffic come out visible
// (visible_text.h).
namespace traffictap::cli::print {

// "shop/cart"; an address, or "shop/…" of an end that the reader may not see.
std::string EndText(const v1::Workload& end);
// "GET"; "TCP" of a connection.
std::string MethodText(const v1::TrafficPair& pair);
// The path; of a connection the address that was called.
std::string PathText(const v1::TrafficPair& pair);
// What the client's and the server's proxy say of the response: "200" where both agree, "503/200"
// where not, "-" for a side that is missing, "0" for no response. Of a gRPC call that failed its
// status: "UNAVAILABLE".
std::string CodesText(const v1::TrafficPair& pair);
// The verdict; "Open" while the stream is.
std::string VerdictText(const v1::TrafficPair& pair);
// Which sides are here: "→" both, "→?" only the client's, "?→" only the server's.
std::string ArrowText(const v1::TrafficPair& pair);
// Both sides' flags, each once, as they are: "UF,URX".
std::string JoinFlags(const v1::TrafficPair& pair, char separator);

// "0.73ms", "12.3ms", "1.20s"; "-" where it is not known.
std::string DurationText(std::optional<double> ms);
std::optional<double> ClientMs(const v1::TrafficPair& pair);
std::optional<double> ServerMs(const v1::TrafficPair& pair);
std::optional<double> BetweenMs(const v1::TrafficPair& pair);

// "14:03:59.042" of the machine's time zone or UTC; "-" where there is none.
std::string ClockText(const v1::TrafficPair& pair, bool utc);
// RFC 3339 with milliseconds, UTC: "2026-01-31T14:03:59.042Z".
std::string InstantText(const v1::TrafficPair& pair);

// How a record's line looks: as its verdict is to blame.
enum class Tone { kPlain, kGood, kWarning, kBad };
Tone ToneOf(const v1::TrafficPair& pair);
// `text` in the tone's colour (ECMA-48 select graphic rendition).
std::string Colored(const std::string& text, Tone tone);

}  // namespace traffictap::cli::print
