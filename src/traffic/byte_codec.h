// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace traffictap::traffic {

// Numbers of variable length (7 bits a byte, the lowest first) and texts behind their length.
class ByteWriter {
 public:
  void Number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
    out_.push_back(static_cast<char>(value));
  }
  // Small ones of either sign take one byte.
  void Signed(int64_t value) {
    Number(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
  }
  void Fixed(uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) out_.push_back(static_cast<char>(value >> (8 * i)));
  }
  void Text(std::string_view text) {
    Number(text.size());
    out_.append(text);
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// Reads what ByteWriter wrote; any bytes are safe. The first fault ends it: from then on everything
// is empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  uint64_t Number() {
    uint64_t out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<uint8_t>(Take(1).empty() ? 0 : last_[0]);
      out |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return ok() ? out : 0;
    }
    Fail("a number is too long");
    return 0;
  }
  int64_t Signed() {
    const uint64_t value = Number();
    return static_cast<int64_t>(value >> 1 ^ (~(value & 1) + 1));
  }
  uint64_t Fixed(size_t bytes) {
    const std::string_view raw = Take(bytes);
    uint64_t out = 0;
    for (size_t i = raw.size(); i > 0; --i) out = out << 8 | static_cast<uint8_t>(raw[i - 1]);
    return out;
  }
  std::string_view Text() { return Take(Number()); }
  // The size of a list whose members take a byte each at least.
  size_t Count() {
    const uint64_t count = Number();
    if (count > bytes_.size()) Fail("a list is longer than what is left");
    return ok() ? count : 0;
  }

  void Fail(const char* what) {
    if (fault_ == nullptr) fault_ = what;
    bytes_ = {};
  }
  bool ok() const { return fault_ == nullptr; }
  bool AtEnd() const { return bytes_.empty(); }
  const char* fault() const { return fault_; }

 private:
  std::string_view Take(uint64_t count) {
    last_ = {};
    if (count > bytes_.size()) {
      Fail("the bytes end early");
      return {};
    }
    last_ = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return last_;
  }

  std::string_view bytes_;
  std::string_view last_;
  const char* fault_ = nullptr;
};

}  // namespace traffictap::traffic
