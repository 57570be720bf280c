// SPDX-License-Identifier: Apache-2.0
#include "traffic/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/utf8.h"

namespace traffictap::traffic {
namespace {

constexpr size_t kWord = sizeof(uint64_t);
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// True for bytes that stand for themselves inside a JSON string.
constexpr std::array<bool, 256> MakePlain() {
  std::array<bool, 256> plain{};
  for (size_t c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}
constexpr auto kPlain = MakePlain();

// Whether all eight bytes stand for themselves.
bool IsPlain(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHigh = 0x8080808080808080;
  const auto has_zero = [](uint64_t bytes) { return (bytes - kOnes) & ~bytes & kHigh; };
  const uint64_t below_space = (word - kOnes * 0x20) & ~word & kHigh;
  return ((word & kHigh) | below_space | has_zero(word ^ kOnes * '"') |
          has_zero(word ^ kOnes * '\\') | has_zero(word ^ kOnes * 0x7f)) == 0;
}

// Copies the bytes at the front of `text` that stand for themselves; returns how many. May write
// up to text.size() bytes.
size_t CopyPlain(std::string_view text, char* to) {
  size_t at = 0;
  for (uint64_t word = 0; at + kWord <= text.size(); at += kWord) {
    std::memcpy(&word, text.data() + at, kWord);
    if (!IsPlain(word)) break;
    std::memcpy(to + at, &word, kWord);
  }
  if (at > 0 && at < text.size() && at + kWord > text.size()) {
    // The last bytes together with some before them, which are plain.
    uint64_t word = 0;
    std::memcpy(&word, text.data() + text.size() - kWord, kWord);
    if (IsPlain(word)) {
      std::memcpy(to + text.size() - kWord, &word, kWord);
      return text.size();
    }
  }
  for (; at < text.size() && kPlain[static_cast<unsigned char>(text[at])]; ++at) to[at] = text[at];
  return at;
}

// The last `digits` decimal digits of `value`; returns where they end.
char* PutDigits(uint64_t value, size_t digits, char* to) {
  for (size_t i = digits; i > 0; value /= 10) to[--i] = static_cast<char>('0' + value % 10);
  return to + digits;
}

char* PutHex(unsigned value, char* to) {
  for (int shift = 12; shift >= 0; shift -= 4) *to++ = "0123456789abcdef"[value >> shift & 0xf];
  return to;
}

// U+0080 to U+009F, U+2028 and U+2029: valid in JSON, but line ends to readers that split by
// Unicode's rules.
bool MayEndLine(std::string_view sequence) {
  const std::string_view separator = sequence.substr(0, 2);
  if (sequence.size() == 2)
    return sequence[0] == '\xc2' && static_cast<unsigned char>(sequence[1]) < 0xa0;
  return sequence.size() == 3 && separator == "\xe2\x80" &&
         (sequence[2] == '\xa8' || sequence[2] == '\xa9');
}

}  // namespace

void JsonWriter::Flush() {
  out_->append(staged_, static_cast<size_t>(end_ - staged_));
  end_ = staged_;
}

void JsonWriter::Member(std::string_view key, std::string_view value) {
  Key({});
  Quote(key.empty() ? std::string_view("_") : key);
  *Room(1) = ':';
  ++end_;
  Quote(value);
}

void JsonWriter::Quote(std::string_view text) {
  *Room(1) = '"';
  ++end_;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kStaged / 2);
    const size_t plain = CopyPlain(piece, Room(kStaged / 2));
    end_ += plain;
    text.remove_prefix(plain);
    if (plain == piece.size()) continue;
    const size_t length = base::Utf8SequenceLength(text);
    QuoteOne(text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  *Room(1) = '"';
  ++end_;
}

// One character that is not plain, or nothing for a byte that is none.
void JsonWriter::QuoteOne(std::string_view sequence) {
  char* to = Room(kWord);
  if (sequence.empty()) {
    to = std::copy(kReplacement.begin(), kReplacement.end(), to);
  } else if (sequence[0] == '"' || sequence[0] == '\\') {
    *to++ = '\\';
    *to++ = sequence[0];
  } else if (sequence.size() == 1 || MayEndLine(sequence)) {
    const auto last = static_cast<unsigned>(static_cast<unsigned char>(sequence.back()));
    *to++ = '\\';
    *to++ = 'u';
    to = PutHex(sequence.size() == 3 ? 0x2000 + (last & 0x3f) : last, to);
  } else {
    to = std::copy(sequence.begin(), sequence.end(), to);
  }
  end_ = to;
}

void JsonWriter::Real(JsonKey key, double value) {
  constexpr size_t kLongest = 32;
  Key(key);
  char* to = Room(kLongest);
  end_ = std::to_chars(to, to + kLongest, value, std::chars_format::general, 9).ptr;
}

void JsonWriter::Digits(uint64_t value) {
  constexpr size_t kDigitsMax = 20;
  char* to = Room(kDigitsMax);
  end_ = std::to_chars(to, to + kDigitsMax, value).ptr;
}

void JsonWriter::Millis(base::Nanos nanos) {
  const base::Nanos micros = nanos / base::kMicrosecond;
  const auto magnitude = static_cast<uint64_t>(micros < 0 ? -micros : micros);
  *Room(1) = '-';
  end_ += micros < 0 ? 1 : 0;
  Digits(magnitude / 1000);
  char* to = Room(4);
  *to++ = '.';
  end_ = PutDigits(magnitude % 1000, 3, to);
}

void JsonWriter::Rfc3339(base::Nanos since_epoch) {
  using std::chrono::days;
  const std::chrono::nanoseconds whole(since_epoch);
  const std::chrono::year_month_day date(
      std::chrono::sys_days(std::chrono::duration_cast<days>(whole)));
  char* to = Room(40);
  const auto part = [&to](uint64_t value, size_t digits, char end) {
    to = PutDigits(value, digits, to);
    *to++ = end;
  };
  const auto seconds = static_cast<uint64_t>(since_epoch / base::kSecond);
  *to++ = '"';
  part(static_cast<uint64_t>(static_cast<int>(date.year())), 4, '-');
  part(static_cast<unsigned>(date.month()), 2, '-');
  part(static_cast<unsigned>(date.day()), 2, 'T');
  part(seconds / 3600 % 24, 2, ':');
  part(seconds / 60 % 60, 2, ':');
  part(seconds % 60, 2, '.');
  part(static_cast<uint64_t>(since_epoch % base::kSecond), 9, 'Z');
  *to++ = '"';
  end_ = to;
}

}  // namespace traffictap::traffic
