// SPDX-License-Identifier: Apache-2.0

// Any bytes as a message of the shuffle's topics, and as the body of one whose checksums fit, with a key and without. Nothing
// breaks, and what is read is read again as it was once it is written anew.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/status.h"
#include "shuffle/half_block.h"
#include "shuffle/proxy_state.h"
#include "shuffle/raw_block.h"
#include "shuffle/sample_keys.h"

namespace traffictap::shuffle {
namespace {

std::string WriteAgain(const Block& block, BlockCipher* cipher) {
  BlockEncoder encoder;
  for (const Half& half : block.halves) {
    half.entry->arrival = -half.age;
    encoder.Add(*half.entry, block.nodes[half.node], block.tap_sets[half.tap_set], half.window);
  }
  return encoder.Seal(block.header, 0, cipher);
}

void Check(std::string_view bytes, BlockCipher* cipher) {
  const auto block = DecodeBlock(bytes, cipher);
  if (!block.ok()) return;
  TT_CHECK(DecodeHeader(bytes).ok());
  TT_CHECK((*block)->halves.size() == (*block)->header.count);
  const auto back = DecodeBlock(WriteAgain(**block, cipher), cipher);
  TT_CHECK(back.ok() && (*back)->halves.size() == (*block)->halves.size());
  for (size_t i = 0; i < (*back)->halves.size(); ++i) {
    const Half& before = (*block)->halves[i];
    const Half& after = (*back)->halves[i];
    TT_CHECK(after.age == before.age && after.window == before.window);
    TT_CHECK(after.entry->bytes == before.entry->bytes);
    TT_CHECK((*back)->tap_sets[after.tap_set] == (*block)->tap_sets[before.tap_set]);
  }
}

// The same of a message of the proxies' topic, which begins alike.
void CheckProxy(std::string_view bytes, BlockCipher* cipher) {
  const auto state = DecodeProxyState(bytes, cipher);
  if (!state.ok()) return;
  const auto back = DecodeProxyState(EncodeProxyState(*state, cipher), cipher);
  TT_CHECK(back.ok() && back->receiver == state->receiver);
  TT_CHECK(back->proxy.streams == state->proxy.streams);
  TT_CHECK(back->proxy.last_loss == state->proxy.last_loss);
}

}  // namespace
}  // namespace traffictap::shuffle

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace traffictap::shuffle;  // NOLINT: it is under test
  static const auto cipher = traffictap::MakeCipher();
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  for (BlockCipher* with : {static_cast<BlockCipher*>(nullptr), cipher.get()}) {
    Check(text, with);
    if (size == 0) continue;
    Check(RawBlock(RawHeader(bytes[0]), text.substr(1)), with);
    Check(RawBlock(text, ""), with);
    CheckProxy(text, with);
    CheckProxy(RawBlock(RawNumber(1, 1), text), with);
  }
  return 0;
}
