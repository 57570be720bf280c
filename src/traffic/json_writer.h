#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace traffictap::traffic {

// Appends JSON to a string, nothing in between. Fields that are empty or zero are left out. Texts
// may be any bytes: what a reader could take for a line end or a control is escaped, bytes that are
// not UTF-8 become U+FFFD. An empty key is an array's element or the outermost object.
class JsonWriter {
 public:
  // What `out` holds already stays and is not looked at.
  explicit JsonWriter(std::string* out) : out_(out), begin_(out->size()) {}

  void BeginObject(std::string_view key) { Open(key, '{'); }
  void EndObject() { Close('}'); }
  void BeginArray(std::string_view key) { Open(key, '['); }
  void EndArray() { Close(']'); }

  void Text(std::string_view key, std::string_view value);
  // Also where the value is empty; an empty key is written as "_".
  void Member(std::string_view key, std::string_view value);
  void Element(std::string_view value);
  void Number(std::string_view key, uint64_t value);
  // A duration in milliseconds with its microseconds as decimals; written also where it is zero.
  void Milliseconds(std::string_view key, base::Nanos nanos);
  // RFC 3339 with nanoseconds, UTC.
  void Time(std::string_view key, base::Nanos since_epoch);

 private:
  void Key(std::string_view key);
  void Quote(std::string_view text);
  void QuoteOne(std::string_view sequence);
  void Open(std::string_view key, char bracket);
  void Close(char bracket);

  std::string* const out_;
  const size_t begin_;
};

}  // namespace traffictap::traffic
