#include "traffic/json_writer.h"

#include <array>
#include <ctime>
#include <iterator>

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

bool Continues(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

// Length of the UTF-8 sequence (RFC 3629) at the front of `text`, 0 where there is no valid one.
size_t SequenceLength(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t length = first < 0xc2   ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  for (size_t i = 1; i < length; ++i) {
    if (!Continues(text, i)) return 0;
  }
  if (length < 3) return length;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool surrogate = first == 0xed && second > 0x9f;
  const bool beyond = first == 0xf4 && second > 0x8f;
  return overlong || surrogate || beyond ? 0 : length;
}

void AppendControl(unsigned char c, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "\\u{:04x}", static_cast<unsigned>(c));
}

}  // namespace

void JsonWriter::Key(std::string_view key) {
  const char last = out_->empty() ? '\n' : out_->back();
  if (last != '{' && last != '[' && last != '\n') *out_ += ',';
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
    const auto c = static_cast<unsigned char>(text[0]);
    size_t used = 1;
    if (c == '"' || c == '\\') {
      *out_ += '\\';
      *out_ += text[0];
    } else if (c < 0x80) {
      AppendControl(c, out_);
    } else if (const size_t length = SequenceLength(text); length > 0) {
      out_->append(text.data(), length);
      used = length;
    } else {
      *out_ += kReplacement;
    }
    text.remove_prefix(used);
  }
  *out_ += '"';
}

void JsonWriter::Open(std::string_view key, char bracket) {
  Key(key);
  *out_ += bracket;
}

void JsonWriter::Close(char bracket) { *out_ += bracket; }

void JsonWriter::Text(std::string_view key, std::string_view value) {
  if (value.empty()) return;
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
