// SPDX-License-Identifier: Apache-2.0

// Why not random nonces under the named key: all processes share it, and with 96 random bits NIST allows
// 2^32 blocks of one key (SP 800-38D, 8.3). 16 receivers with 256 partitions and a block each 50 ms make
// as many in 15 hours. Numbers need none of that, but each process its own key, or two of them
// would use the same numbers. A salt of 128 random bits gives it one: after 2^32 starts of processes two
// have the same one with a probability of 2^-65.
#include "shuffle/block_cipher.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "fmt/format.h"
#include "traffic/byte_codec.h"

namespace traffictap::shuffle {
namespace {

using traffic::ByteReader;
using traffic::ByteWriter;

constexpr base::Nanos kRefreshEvery = 2 * base::kSecond;
constexpr size_t kTagBytes = 16;
constexpr size_t kNonceBytes = 12;
constexpr size_t kNumberBytes = 8;                 // of the nonce; the others are 0
constexpr size_t kBodyBytesMax = size_t{4} << 20;  // as half_block.h's of a block
constexpr size_t kReadsMax = 1024;                 // more than there are processes
constexpr int kCompression = 1;                    // what librdkafka is told for plain blocks

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// HMAC-SHA256: 32 bytes.
std::string Derive(const std::string& key, const std::string& what) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  TT_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                Bytes(std::string_view(what)), what.size(), Bytes(out), &size) != nullptr);
  out.resize(size);
  return out;
}

uint64_t MarkOf(const std::string& key) {
  return ByteReader(Derive(key, "traffictap block key mark")).Fixed(sizeof(uint64_t));
}

std::string NonceOf(uint64_t number) {
  ByteWriter out;
  out.Fixed(number, kNumberBytes);
  out.Fixed(0, kNonceBytes - kNumberBytes);
  return out.Take();
}

using Context = std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)>;

// With the key of that salt, and no nonce yet.
Context MakeContext(const std::string& key, const std::string& salt, bool encrypts) {
  Context out(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  std::string derived = Derive(key, "traffictap block key" + salt);
  TT_CHECK(out != nullptr &&
           EVP_CipherInit_ex(out.get(), EVP_aes_256_gcm(), nullptr,
                             Bytes(std::string_view(derived)), nullptr, encrypts ? 1 : 0) == 1);
  OPENSSL_cleanse(derived.data(), derived.size());
  return out;
}

// Into `out`, as long as `in`. The tag is its caller's.
bool Run(EVP_CIPHER_CTX* context, uint64_t number, std::string_view authenticated,
         std::string_view in, std::string* out) {
  int size = 0;
  return EVP_CipherInit_ex(context, nullptr, nullptr, nullptr,
                           Bytes(std::string_view(NonceOf(number))), -1) == 1 &&
         EVP_CipherUpdate(context, nullptr, &size, Bytes(authenticated),
                          static_cast<int>(authenticated.size())) == 1 &&
         EVP_CipherUpdate(context, Bytes(*out), &size, Bytes(in), static_cast<int>(in.size())) == 1;
}

// GCM has all bytes out already.
bool Finish(EVP_CIPHER_CTX* context) {
  std::array<unsigned char, EVP_MAX_BLOCK_LENGTH> rest;
  int size = 0;
  return EVP_CipherFinal_ex(context, rest.data(), &size) == 1;
}

}  // namespace

BlockCipher::BlockCipher(BlockCipherOptions options, BlockKeys keys)
    : options_(std::move(options)),
      writes_(nullptr, EVP_CIPHER_CTX_free),
      compressor_(ZSTD_createCCtx(), ZSTD_freeCCtx),
      decompressor_(ZSTD_createDCtx(), ZSTD_freeDCtx) {
  TT_CHECK(compressor_ != nullptr && decompressor_ != nullptr);
  Use(std::move(keys));
}

BlockCipher::~BlockCipher() = default;

StatusOr<std::shared_ptr<BlockCipher>> BlockCipher::Open(BlockCipherOptions options,
                                                         const std::string& folder,
                                                         const base::Clock* clock) {
  auto keys = ReadBlockKeys(folder);
  if (!keys.ok()) return keys.status();
  auto out = std::make_shared<BlockCipher>(std::move(options), *std::move(keys));
  out->folder_ = folder;
  out->clock_ = clock;
  return out;
}

void BlockCipher::Use(BlockKeys keys) {
  keys_ = std::move(keys);
  marks_.clear();
  for (const auto& [id, key] : keys_.keys) marks_[id] = MarkOf(key);
  reads_.clear();
  next_ = {keys_.current, marks_.at(keys_.current), std::string(kSaltBytes, '\0'), 0};
  TT_CHECK(RAND_bytes(Bytes(next_.salt), kSaltBytes) == 1);
  writes_ = MakeContext(keys_.keys.at(keys_.current), next_.salt, true);
}

bool BlockCipher::Refresh() {
  if (clock_ == nullptr || clock_->Monotonic() < refresh_at_) return false;
  refresh_at_ = clock_->Monotonic() + kRefreshEvery;
  auto keys = ReadBlockKeys(folder_);
  if (!keys.ok()) {
    if (keys.status() != fault_) {
      log::For("shuffle").error("keys of blocks not taken, the former ones stay err=\"{}\"",
                                Message(keys.status()));
    }
    fault_ = keys.status();
    return false;
  }
  fault_ = absl::OkStatus();
  if (*keys == keys_) return false;
  Use(*std::move(keys));
  log::For("shuffle").info("keys of blocks changed current={} keys={}", keys_.current,
                           keys_.keys.size());
  return std::exchange(lacked_, false);
}

BlockEncryption BlockCipher::Next() {
  BlockEncryption out = next_;
  ++next_.number;
  return out;
}

// Texts behind their lengths: no two blocks have the same.
std::string BlockCipher::Authenticated(std::string_view header) const {
  ByteWriter out;
  out.Text(options_.message);
  out.Text(options_.topic);
  out.Text(header);
  return out.Take();
}

std::string BlockCipher::Compress(std::string_view body) {
  std::string out(ZSTD_compressBound(body.size()), '\0');
  const size_t size = ZSTD_compressCCtx(compressor_.get(), out.data(), out.size(), body.data(),
                                        body.size(), kCompression);
  TT_CHECK(!ZSTD_isError(size));
  out.resize(size);
  return out;
}

StatusOr<std::string> BlockCipher::Decompress(std::string_view packed) {
  const Status torn =
      absl::DataLossError(fmt::format("{} cannot be read: not as zstd writes it", options_.what));
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  // The two values that stand for no size are far above it.
  if (size > kBodyBytesMax) return torn;
  std::string out(size, '\0');
  const size_t done = ZSTD_decompressDCtx(decompressor_.get(), out.data(), out.size(),
                                          packed.data(), packed.size());
  if (ZSTD_isError(done) || done != size) return torn;
  return out;
}

std::string BlockCipher::Encrypt(const BlockEncryption& how, std::string_view header,
                                 std::string_view body) {
  TT_CHECK(how.salt == next_.salt && how.number + 1 == next_.number);
  const std::string packed = Compress(body);
  std::string out(packed.size() + kTagBytes, '\0');
  TT_CHECK(Run(writes_.get(), how.number, Authenticated(header), packed, &out) &&
           Finish(writes_.get()) &&
           EVP_CIPHER_CTX_ctrl(writes_.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                               out.data() + packed.size()) == 1);
  return out;
}

StatusOr<const std::string*> BlockCipher::KeyOf(const BlockEncryption& how) {
  const auto found = keys_.keys.find(how.key);
  if (found != keys_.keys.end() && marks_.at(how.key) == how.key_mark) return &found->second;
  lacked_ = true;
  if (found == keys_.keys.end()) {
    return absl::FailedPreconditionError(
        fmt::format("{} is encrypted with key \"{}\", which is not in the folder of "
                    "--shuffle-encryption: add it",
                    options_.what, how.key));
  }
  return absl::FailedPreconditionError(fmt::format(
      "{} is encrypted with another key \"{}\" than that in the folder of "
      "--shuffle-encryption: give all receivers and pairers the same, and each key a name of its "
      "own",
      options_.what, how.key));
}

StatusOr<std::string> BlockCipher::Decrypt(const BlockEncryption& how, std::string_view header,
                                           std::string_view body) {
  const auto key = KeyOf(how);
  if (!key.ok()) return key.status();
  ByteWriter name;
  name.Fixed(how.key_mark, sizeof(how.key_mark));
  const std::string salted = name.Take() + how.salt;
  const auto known = reads_.find(salted);
  Context fresh(nullptr, EVP_CIPHER_CTX_free);
  if (known == reads_.end()) fresh = MakeContext(**key, how.salt, false);
  EVP_CIPHER_CTX* context = known == reads_.end() ? fresh.get() : known->second.get();
  const std::string_view sealed = body.substr(0, body.size() - std::min(body.size(), kTagBytes));
  std::string tag(body.substr(sealed.size()));
  tag.resize(kTagBytes);
  std::string packed(sealed.size(), '\0');
  const bool authentic =
      Run(context, how.number, Authenticated(header), sealed, &packed) &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1 &&
      Finish(context);
  if (!authentic) {
    ERR_clear_error();
    return absl::UnauthenticatedError(fmt::format(
        "its tag is not of key \"{}\", this header and topic \"{}\"", how.key, options_.topic));
  }
  // Only of salts that somebody with the key has made: others would push these out.
  if (fresh) {
    if (reads_.size() >= kReadsMax) reads_.clear();
    reads_.emplace(salted, std::move(fresh));
  }
  return Decompress(packed);
}

}  // namespace traffictap::shuffle
