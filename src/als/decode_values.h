// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "traffic/access_entry.h"
#include "traffic/socket_address.h"

// The small messages inside an entry, each from its serialized bytes. False: not valid protobuf.
namespace traffictap::als {

// The year 2106, or 136 years: differences of times below it cannot overflow.
constexpr base::Nanos kTimeMax = (int64_t{1} << 32) * base::kSecond;

// google.protobuf.Timestamp or Duration; both are {seconds = 1, nanos = 2}. One that is negative or
// beyond kTimeMax leaves `out` as it was.
bool DecodeSecondsNanos(std::string_view bytes, base::Nanos* out);
// google.protobuf.UInt32Value and its like.
bool DecodeWrappedNumber(std::string_view bytes, uint64_t* out);
// envoy.config.core.v3.Address. Of an internal listener's endpoint (HBONE) the address that its id
// names. Pipes and names that are not IP addresses stay absent.
bool DecodeAddress(std::string_view bytes, traffic::SocketAddress* out);
// envoy.data.accesslog.v3.ResponseFlags.
bool DecodeResponseFlags(std::string_view bytes, traffic::ResponseFlags* out);
// One entry of a map<string, string> or map<string, bytes>.
bool DecodeMapEntry(std::string_view bytes, std::string_view* key, std::string_view* value);

}  // namespace traffictap::als
