#include "traffic/json_writer.h"

#include <array>
#include <ctime>
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
    size_t plain = 0;
    while (plain < text.size() && kPlain[static_cast<unsigned char>(text[plain])]) ++plain;
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
  fmt::format_to(std::back_inserter(*out_), "{}.{:03}", magnitude / 1000, magnitude % 1000);
}

void JsonWriter::Time(std::string_view key, base::Nanos since_epoch) {
  if (since_epoch <= 0) return;
  Key(key);
  const std::time_t seconds = since_epoch / base::kSecond;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  fmt::format_to(std::back_inserter(*out_), "\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z\"",
                 utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                 utc.tm_sec, since_epoch % base::kSecond);
}

}  // namespace traffictap::traffic
