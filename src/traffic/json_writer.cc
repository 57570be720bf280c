#include "traffic/json_writer.h"

#include <array>
#include <chrono>
#include <cstring>
#include <iterator>

#include "base/utf8.h"
#include "fmt/format.h"

namespace traffictap::traffic {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// True for bytes that stand for themselves inside a JSON string.
constexpr std::array<bool, 256> MakePlain() {
  std::array<bool, 256> plain{};
  for (size_t c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}
constexpr auto kPlain = MakePlain();

// How many bytes at the front of `text` stand for themselves.
size_t PlainLength(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHigh = 0x8080808080808080;
  const auto has_zero = [](uint64_t word) { return (word - kOnes) & ~word & kHigh; };
  size_t at = 0;
  for (uint64_t word = 0; at + sizeof(word) <= text.size(); at += sizeof(word)) {
    std::memcpy(&word, text.data() + at, sizeof(word));
    const uint64_t below_space = (word - kOnes * 0x20) & ~word & kHigh;
    if ((word & kHigh) | below_space | has_zero(word ^ kOnes * '"') |
        has_zero(word ^ kOnes * '\\') | has_zero(word ^ kOnes * 0x7f)) {
      break;
    }
  }
  while (at < text.size() && kPlain[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

// The last `digits` decimal digits of `value`.
void AppendDigits(uint64_t value, size_t digits, std::string* out) {
  char text[20];
  for (size_t i = digits; i > 0; value /= 10) text[--i] = static_cast<char>('0' + value % 10);
  out->append(text, digits);
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

void AppendEscaped(std::string_view sequence, std::string* out) {
  const auto last = static_cast<unsigned>(static_cast<unsigned char>(sequence.back()));
  fmt::format_to(std::back_inserter(*out), "\\u{:04x}",
                 sequence.size() == 3 ? 0x2000 + (last & 0x3f) : last);
}

}  // namespace

void JsonWriter::Key(std::string_view key) {
  const bool first = out_->size() == begin_ || out_->back() == '{' || out_->back() == '[';
  if (!first) *out_ += ',';
  if (key.empty()) return;
  Quote(key);
  *out_ += ':';
}

void JsonWriter::Quote(std::string_view text) {
  *out_ += '"';
  while (!text.empty()) {
    const size_t plain = PlainLength(text);
    out_->append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const size_t length = base::Utf8SequenceLength(text);
    QuoteOne(text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  *out_ += '"';
}

// One character that is not plain, or nothing for a byte that is none.
void JsonWriter::QuoteOne(std::string_view sequence) {
  if (sequence.empty()) {
    *out_ += kReplacement;
  } else if (sequence[0] == '"' || sequence[0] == '\\') {
    *out_ += '\\';
    *out_ += sequence[0];
  } else if (sequence.size() == 1 || MayEndLine(sequence)) {
    AppendEscaped(sequence, out_);
  } else {
    *out_ += sequence;
  }
}

void JsonWriter::Open(std::string_view key, char bracket) {
  Key(key);
  *out_ += bracket;
}

void JsonWriter::Close(char bracket) { *out_ += bracket; }

void JsonWriter::Text(std::string_view key, std::string_view value) {
  if (!value.empty()) Member(key, value);
}

void JsonWriter::Member(std::string_view key, std::string_view value) {
  Key(key.empty() ? std::string_view("_") : key);
  Quote(value);
}

void JsonWriter::Element(std::string_view value) {
  Key({});
  Quote(value);
}

void JsonWriter::Number(std::string_view key, uint64_t value) {
  if (value == 0) return;
  Key(key);
  const fmt::format_int digits(value);
  out_->append(digits.data(), digits.size());
}

void JsonWriter::Milliseconds(std::string_view key, base::Nanos nanos) {
  Key(key);
  const base::Nanos micros = nanos / base::kMicrosecond;
  const auto magnitude = static_cast<uint64_t>(micros < 0 ? -micros : micros);
  if (micros < 0) *out_ += '-';
  const fmt::format_int whole(magnitude / 1000);
  out_->append(whole.data(), whole.size());
  *out_ += '.';
  AppendDigits(magnitude % 1000, 3, out_);
}

void JsonWriter::Time(std::string_view key, base::Nanos since_epoch) {
  if (since_epoch <= 0) return;
  Key(key);
  using std::chrono::days;
  const std::chrono::nanoseconds whole(since_epoch);
  const std::chrono::year_month_day date(
      std::chrono::sys_days(std::chrono::duration_cast<days>(whole)));
  const auto part = [&](uint64_t value, size_t digits, char end) {
    AppendDigits(value, digits, out_);
    *out_ += end;
  };
  const auto seconds = static_cast<uint64_t>(since_epoch / base::kSecond);
  *out_ += '"';
  part(static_cast<uint64_t>(static_cast<int>(date.year())), 4, '-');
  part(static_cast<unsigned>(date.month()), 2, '-');
  part(static_cast<unsigned>(date.day()), 2, 'T');
  part(seconds / 3600 % 24, 2, ':');
  part(seconds / 60 % 60, 2, ':');
  part(seconds % 60, 2, '.');
  part(static_cast<uint64_t>(since_epoch % base::kSecond), 9, 'Z');
  *out_ += '"';
}

}  // namespace traffictap::traffic
