// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace traffictap::shuffle {

// The keys of blocks (block_cipher.h), as a Secret has them.
struct BlockKeys {
  std::string current;                      // the id of the one that encrypts
  std::map<std::string, std::string> keys;  // 32 bytes each, by id; `current` is there
  friend bool operator==(const BlockKeys&, const BlockKeys&) = default;
};

// Whether a key may be called so: as the keys of a Secret, and no longer than suits each block.
bool IsBlockKeyId(std::string_view id);

// Reads a folder: each file is a key, by its name, in base64; the file "current" has the id of the one
// that encrypts. Names that begin with a dot are the kubelet's. kInvalidArgument: what is wrong with
// which file, and what to do; no key is in the message.
StatusOr<BlockKeys> ReadBlockKeys(const std::string& folder);

}  // namespace traffictap::shuffle
