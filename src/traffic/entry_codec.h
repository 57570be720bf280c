// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "traffic/byte_codec.h"
#include "traffic/packed_entry.h"

// Entries and their nodes as bytes that another process, or a later build, reads back: in spools
// (record_codec.h) and between receivers and pairers. Lists carry their size, so a field that is added
// at the end of a list is the default where older bytes lack it, and passed over by an older build.
namespace traffictap::traffic {

// A node's names and labels; its addresses are left out.
void WriteNode(const Node& node, ByteWriter* out);
void ReadNode(ByteReader* in, Node* out);

// An entry without its node, its taps and its arrival.
void WriteEntry(const PackedEntry& entry, ByteWriter* out);
// Views into what `in` reads. A fault is told by `in` alone. Any bytes are safe.
struct DecodedEntry {
  AccessEntry entry;
  uint64_t request_id_hash = 0;
};
DecodedEntry ReadEntry(ByteReader* in);

// 18 bytes, or empty where the address is absent.
void WriteAddress(const SocketAddress& address, ByteWriter* out);
SocketAddress ReadAddress(ByteReader* in);

}  // namespace traffictap::traffic
