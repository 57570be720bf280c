// SPDX-License-Identifier: Apache-2.0

// Nearly all input is one object a line, so a line that looks like one is given as it is, and
// whether it is JSON is for the parser to say (SplitLast is its way back). Everything else goes
// through the scanner, a state machine over depth_, in_string_ and escaped_ which only finds where
// objects begin and end. What a line has besides objects is noise: a few bytes of it are kept, to
// tell brackets and fields of events, which are nobody's loss, from lines that are counted as
// passed over.
#include "replay/json_texts.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>

namespace traffictap::replay {
namespace {

constexpr size_t kBlockBytes = 64 * 1024;
constexpr size_t kNoiseBytesMax = 16;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view Trimmed(std::string_view line) {
  if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  while (!line.empty() && IsBlank(line.front())) line.remove_prefix(1);
  while (!line.empty() && IsBlank(line.back())) line.remove_suffix(1);
  return line;
}

// Lines of Server-Sent Events that carry no object.
bool IsOfEvents(std::string_view line) {
  for (const std::string_view field : {":", "event:", "id:", "data:", "retry:"}) {
    if (line.starts_with(field)) return true;
  }
  return false;
}

}  // namespace

Status JsonTexts::Fill() {
  const size_t left = end_ - begin_;
  if (capacity_ < left + kBlockBytes) {
    capacity_ = 2 * left + kBlockBytes;
    // Not make_unique: it would zero the bytes.
    std::unique_ptr<char[]> larger(new char[capacity_]);
    std::copy_n(bytes_.get() + begin_, left, larger.get());
    bytes_ = std::move(larger);
  } else {
    std::memmove(bytes_.get(), bytes_.get() + begin_, left);
  }
  searched_ -= begin_;
  begin_ = 0;
  end_ = left;
  const auto count = source_->Read({bytes_.get() + end_, kBlockBytes});
  if (count.ok()) end_ += *count;
  ended_ = !count.ok() || *count == 0;
  return count.status();
}

StatusOr<bool> JsonTexts::Next(std::string_view* text) {
  while (true) {
    line_ = {};
    if (!found_.empty()) {
      text_ = std::move(found_.front());
      found_.pop_front();
      *text = text_;
      return true;
    }
    const Taken taken = TakeLine(text);
    if (taken == Taken::kText) return true;
    if (taken == Taken::kScanned) continue;
    if (!ended_) {
      TT_RETURN_IF_ERROR(Fill());
      continue;
    }
    // A torn last line.
    if (depth_ > 0) Abandon();
    if (!at_line_start_) EndLine();
    return false;
  }
}

// The next line, where it looks like one whole object; otherwise it is scanned.
JsonTexts::Taken JsonTexts::TakeLine(std::string_view* text) {
  const std::string_view read(bytes_.get(), end_);
  size_t end = read.find('\n', searched_);
  const bool whole = end != std::string_view::npos;
  searched_ = whole ? end : end_;
  if (!whole && !ended_ && end_ - begin_ <= kTextBytesMax) return Taken::kNothing;
  if (!whole) end = end_;
  const auto line = read.substr(begin_, end - begin_);
  if (line.empty() && !whole) return Taken::kNothing;
  begin_ = searched_ = whole ? end + 1 : end;
  const auto trimmed = Trimmed(line);
  const bool idle = depth_ == 0 && at_line_start_ && line.size() <= kTextBytesMax;
  if (idle && trimmed.starts_with('{') && trimmed.ends_with('}')) {
    *text = line_ = trimmed;
    return Taken::kText;
  }
  Scan(line);
  if (whole) Scan("\n");
  return Taken::kScanned;
}

bool JsonTexts::SplitLast() {
  const std::string found = std::exchange(text_, {});
  const std::string_view own = std::exchange(line_, {});
  const std::string_view line = own.empty() ? found : own;
  if (line.empty()) return false;
  const size_t before = found_.size();
  const size_t passed_over = passed_over_;
  Scan(line);
  const bool alone = noise_.empty();
  Scan("\n");
  // The same again is no news.
  if (depth_ == 0 && alone && found_.size() == before + 1) found_.pop_back();
  return depth_ > 0 || found_.size() > before || passed_over_ > passed_over;
}

void JsonTexts::Scan(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t taken = depth_ == 0  ? ScanOutside(bytes)
                         : in_string_ ? ScanString(bytes)
                                      : ScanTokens(bytes);
    bytes.remove_prefix(taken);
  }
}

size_t JsonTexts::ScanOutside(std::string_view bytes) {
  const char c = bytes.front();
  if (c == '\n') {
    EndLine();
    return 1;
  }
  at_line_start_ = false;
  if (c == '{') {
    object_.assign(1, '{');
    depth_ = 1;
    fresh_ = true;
    useful_ = true;
  } else if (!IsBlank(c) && noise_.size() < kNoiseBytesMax) {
    noise_ += c;
  }
  return 1;
}

size_t JsonTexts::ScanString(std::string_view bytes) {
  size_t i = 0;
  for (; i < bytes.size() && in_string_; ++i) {
    if (bytes[i] == '\n') {
      Abandon();
      return i;
    }
    if (escaped_) {
      escaped_ = false;
    } else if (bytes[i] == '\\') {
      escaped_ = true;
    } else if (bytes[i] == '"') {
      in_string_ = false;
    }
  }
  Append(bytes.substr(0, i));
  return i;
}

// Whether the object that has begun cannot go on with `c`.
bool JsonTexts::EndsEarly(char c) const {
  if (fresh_) return c != '"' && c != '}';
  if (!at_line_start_) return false;
  return c == '{' || std::isalnum(static_cast<unsigned char>(c)) != 0;
}

size_t JsonTexts::ScanTokens(std::string_view bytes) {
  const char c = bytes.front();
  if (c == '\n') {
    at_line_start_ = true;
    return 1;
  }
  if (IsBlank(c)) {
    at_line_start_ = false;
    return 1;
  }
  if (EndsEarly(c)) {
    Abandon();
    return 0;
  }
  fresh_ = false;
  at_line_start_ = false;
  Append(bytes.substr(0, 1));
  if (c == '{' || c == '[') ++depth_;
  if (c == '"') in_string_ = true;
  if ((c == '}' || c == ']') && --depth_ == 0) EndObject();
  return 1;
}

void JsonTexts::Append(std::string_view bytes) {
  if (too_long_) return;
  if (object_.size() + bytes.size() > kTextBytesMax) {
    too_long_ = true;
    object_.clear();
    return;
  }
  object_ += bytes;
}

void JsonTexts::EndObject() {
  if (too_long_) {
    ++passed_over_;
  } else {
    found_.push_back(std::move(object_));
  }
  object_.clear();
  too_long_ = false;
}

void JsonTexts::Abandon() {
  // "{x" of a log's line is no object that was cut off.
  if (fresh_) {
    useful_ = false;
    noise_ += '{';
  } else {
    ++passed_over_;
  }
  object_.clear();
  depth_ = 0;
  in_string_ = escaped_ = fresh_ = too_long_ = false;
}

void JsonTexts::EndLine() {
  std::string_view rest = noise_;
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  const bool brackets = rest.find_first_not_of("[],") == std::string_view::npos;
  if (!useful_ && !brackets && !IsOfEvents(rest)) ++passed_over_;
  noise_.clear();
  useful_ = false;
  at_line_start_ = true;
}

}  // namespace traffictap::replay
