// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "replay/byte_source.h"

namespace traffictap::replay {

// Finds the JSON objects in a stream of bytes, whole and one after the other: one a line, as many to
// a line or as many lines to one as somebody's tool has written, elements of an array, and behind
// whatever a line begins with (a log's prefix, "data:", a byte order mark). An object that is cut off
// or longer than kTextBytesMax is passed over and counted; the memory is bounded.
//
// An object ends early where a line feed stands within a string, or where a line begins, not
// indented, with another object or with a word: printers of JSON indent what is within an object.
class JsonTexts {
 public:
  static constexpr size_t kTextBytesMax = size_t{4} << 20;

  explicit JsonTexts(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  // The next text that looks like an object, valid until the next call; false at the end. A line of
  // its own comes as it is, others without the white space between their tokens. An error of the
  // source comes once, and then the end.
  StatusOr<bool> Next(std::string_view* text);

  // Says that the text that Next gave is no JSON: it may be several objects or the beginning of one.
  // True: it was; they come next, and what is nothing of that is counted.
  bool SplitLast();

  // Objects and lines that were passed over.
  size_t passed_over() const { return passed_over_; }

 private:
  Status Fill();
  enum class Taken { kNothing, kScanned, kText };
  Taken TakeLine(std::string_view* text);
  void Scan(std::string_view bytes);
  // Of an object that has begun; return how many bytes they took.
  size_t ScanString(std::string_view bytes);
  size_t ScanTokens(std::string_view bytes);
  size_t ScanOutside(std::string_view bytes);
  bool EndsEarly(char c) const;
  void Append(std::string_view bytes);
  void Abandon();
  void EndObject();
  void EndLine();

  const std::unique_ptr<ByteSource> source_;
  // Read, and not taken yet: from begin_ to end_. No line ends between begin_ and searched_.
  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t searched_ = 0;
  size_t end_ = 0;
  bool ended_ = false;

  std::deque<std::string> found_;
  std::string text_;       // what was found and Next gave
  std::string_view line_;  // the same where it is a line of its own, in bytes_; else empty
  std::string object_;
  size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool fresh_ = false;         // behind the object's first brace
  bool at_line_start_ = true;  // not a byte of the line so far
  bool too_long_ = false;      // the object is skipped
  bool useful_ = false;        // an object began in this line
  std::string noise_;          // the line's first bytes that are no part of an object
  size_t passed_over_ = 0;
};

}  // namespace traffictap::replay
