// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "shuffle/block_keys.h"

struct evp_cipher_ctx_st;  // OpenSSL's EVP_CIPHER_CTX
// zstd's ZSTD_CCtx and ZSTD_DCtx
struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace traffictap::shuffle {

constexpr size_t kSaltBytes = 16;

// What a block's header says of how its body is encrypted.
struct BlockEncryption {
  std::string key;        // its id
  uint64_t key_mark = 0;  // of its bytes, so that two keys of one id are told apart
  std::string salt;       // kSaltBytes
  uint64_t number = 0;    // another one for each block of the same salt
  friend bool operator==(const BlockEncryption&, const BlockEncryption&) = default;
};

struct BlockCipherOptions {
  std::string topic;          // of the halves: blocks of another one are refused
  bool accept_plain = false;  // blocks that nobody encrypted are read too
  // What is encrypted, in messages and as what is authenticated: another one than blocks of halves.
  const char* what = "a block of halves";
  const char* message = "traffictap.v1.HalfBlock";
};

// Compresses bodies of blocks and encrypts them with AES-256-GCM, with the block's header and the topic
// authenticated along. The key of a block is HMAC-SHA256 of the named key and a salt, which is random
// and made anew with each cipher and each change of keys; the nonce is the block's number under that
// salt. So no nonce comes twice under one key, however many processes share the named key. Not
// thread-safe.
class BlockCipher {
 public:
  // Of keys that do not change.
  BlockCipher(BlockCipherOptions options, BlockKeys keys);
  // Of a folder's keys (ReadBlockKeys), which may change. `clock` outlives it.
  static StatusOr<std::shared_ptr<BlockCipher>> Open(BlockCipherOptions options,
                                                     const std::string& folder,
                                                     const base::Clock* clock);
  ~BlockCipher();
  BlockCipher(const BlockCipher&) = delete;
  BlockCipher& operator=(const BlockCipher&) = delete;

  // Takes over what a rotation of the Secret has put into the folder, every two seconds at most; where
  // that cannot be used, the former keys stay. True: there are other keys now, and Decrypt had lacked
  // one.
  bool Refresh();

  // Of the next block; to be put into its header.
  BlockEncryption Next();
  // The last 16 bytes are the tag. `how` is of the last Next(), `header` the bytes that are sent.
  std::string Encrypt(const BlockEncryption& how, std::string_view header, std::string_view body);
  // The body. kFailedPrecondition: the key is not here; the message names it and says what to do.
  // kUnauthenticated: who made these bytes has not encrypted them with that key, with this header, for
  // this topic. kDataLoss: who did has not compressed them.
  StatusOr<std::string> Decrypt(const BlockEncryption& how, std::string_view header,
                                std::string_view body);

  bool accepts_plain() const { return options_.accept_plain; }

 private:
  using Context = std::unique_ptr<evp_cipher_ctx_st, void (*)(evp_cipher_ctx_st*)>;
  void Use(BlockKeys keys);
  std::string Authenticated(std::string_view header) const;
  std::string Compress(std::string_view body);
  StatusOr<std::string> Decompress(std::string_view packed);
  StatusOr<const std::string*> KeyOf(const BlockEncryption& how);

  const BlockCipherOptions options_;
  std::string folder_;
  const base::Clock* clock_ = nullptr;  // null: the keys do not change
  base::Nanos refresh_at_ = 0;          // not before. Monotonic
  Status fault_;                        // of the folder, as logged

  BlockKeys keys_;
  std::map<std::string, uint64_t> marks_;  // of each key, by id
  BlockEncryption next_;
  Context writes_;                        // with next_.salt
  std::map<std::string, Context> reads_;  // by mark and salt
  bool lacked_ = false;
  std::unique_ptr<ZSTD_CCtx_s, size_t (*)(ZSTD_CCtx_s*)> compressor_;
  std::unique_ptr<ZSTD_DCtx_s, size_t (*)(ZSTD_DCtx_s*)> decompressor_;
};

}  // namespace traffictap::shuffle
