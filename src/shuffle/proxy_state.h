// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"
#include "pairing/remote_proxies.h"
#include "shuffle/topic_message.h"

// The bytes of one message of the proxies' topic: proto/traffictap/v1/proxy_state.proto describes them.
namespace traffictap::shuffle {

// What is read of one proxy at most; an identifier is 62 kB with all that is not kept of it.
constexpr size_t kProxyAddressesMax = 64;
constexpr size_t kProxyNodeBytesMax = 32 * 1024;

struct ProxyState {
  std::string receiver;        // BlockHeader::receiver
  pairing::RemoteProxy proxy;  // times by the clock of BlockHeader::sealed
  friend bool operator==(const ProxyState&, const ProxyState&) = default;
};

// Of a proxy that is gone only where it was is of use: not its names and labels, which may be long.
traffic::NodePtr PlacesOf(const traffic::Node& node);

// Without a cipher it is plain.
std::string EncodeProxyState(const ProxyState& state, BlockCipher* cipher = nullptr);
// Any bytes are safe. Fails as DecodeBlock.
StatusOr<ProxyState> DecodeProxyState(std::string_view bytes, BlockCipher* cipher = nullptr);

}  // namespace traffictap::shuffle
