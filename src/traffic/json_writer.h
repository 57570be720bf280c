// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace traffictap::traffic {

// A key of our own: a literal of printable ASCII, which the compiler checks, so that it is written
// as it is. The empty one stands for an array's element or the outermost object.
class JsonKey {
 public:
  constexpr JsonKey() = default;
  template <size_t N>
  consteval JsonKey(const char (&text)[N]) : text_(text, N - 1) {  // NOLINT: as plain as a literal
    static_assert(N <= 100, "JsonWriter makes room for shorter ones");
    for (const char c : text_) {
      if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') throw "not a plain key";
    }
  }
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

// Appends JSON to a string, nothing in between. Fields that are empty or zero are left out. Texts
// may be any bytes: what a reader could take for a line end or a control is escaped, bytes that are
// not UTF-8 become U+FFFD. The string has it once the outermost object or array is closed.
class JsonWriter {
 public:
  // What `out` holds already stays and is not looked at.
  explicit JsonWriter(std::string* out) : out_(out) {}
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  void BeginObject(JsonKey key) { Open(key, '{'); }
  void EndObject() { Close('}'); }
  void BeginArray(JsonKey key) { Open(key, '['); }
  void EndArray() { Close(']'); }

  void Text(JsonKey key, std::string_view value) {
    if (value.empty()) return;
    Key(key);
    Quote(value);
  }
  // Also where the value is empty, and with a key that may be any bytes; an empty one is written as
  // "_".
  void Member(std::string_view key, std::string_view value);
  void Element(std::string_view value) {
    Key({});
    Quote(value);
  }
  void Number(JsonKey key, uint64_t value) {
    if (value == 0) return;
    Key(key);
    Digits(value);
  }
  // With nine significant digits; written also where it is zero.
  void Real(JsonKey key, double value);
  // A duration in milliseconds with its microseconds as decimals; written also where it is zero.
  void Milliseconds(JsonKey key, base::Nanos nanos) {
    Key(key);
    Millis(nanos);
  }
  // RFC 3339 with nanoseconds, UTC.
  void Time(JsonKey key, base::Nanos since_epoch) {
    if (since_epoch <= 0) return;
    Key(key);
    Rfc3339(since_epoch);
  }

 private:
  static constexpr size_t kStaged = 4096;
  static constexpr size_t kKeyMax = 128;  // with its comma, quotes and colon

  // Inline, so that a literal's length is known where it is written.
  void Key(JsonKey key) {
    const std::string_view text = key.text();
    char* to = Room(kKeyMax);
    *to = ',';
    to += need_comma_ ? 1 : 0;
    need_comma_ = true;
    if (!text.empty()) {
      *to++ = '"';
      std::memcpy(to, text.data(), text.size());
      to += text.size();
      *to++ = '"';
      *to++ = ':';
    }
    end_ = to;
  }
  // At least `bytes`, of at most kStaged, from end_ on.
  char* Room(size_t bytes) {
    if (static_cast<size_t>(staged_ + kStaged - end_) < bytes) Flush();
    return end_;
  }
  void Open(JsonKey key, char bracket) {
    Key(key);
    *end_++ = bracket;  // Key left room
    need_comma_ = false;
    ++depth_;
  }
  void Close(char bracket) {
    *Room(1) = bracket;
    ++end_;
    need_comma_ = true;
    if (--depth_ == 0) Flush();
  }
  void Flush();
  void Quote(std::string_view text);
  void QuoteOne(std::string_view sequence);
  void Digits(uint64_t value);
  void Millis(base::Nanos nanos);
  void Rfc3339(base::Nanos since_epoch);

  std::string* const out_;
  int depth_ = 0;
  bool need_comma_ = false;
  char* end_ = staged_;
  char staged_[kStaged];  // what is not in the string yet
};

}  // namespace traffictap::traffic
