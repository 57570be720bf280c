// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <algorithm>
#include <memory>
#include <mutex>

#include "base/utf8.h"
#include "fmt/format.h"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace traffictap::log {
namespace {

constexpr unsigned kNoControl = 0xffff;

// The code point of a character that a terminal takes for a command or that turns a line around;
// kNoControl of all others: C0, DEL and C1 (a terminal may take U+009B for ESC [), line and paragraph
// separators, and the marks that change the direction of writing (UAX #9).
unsigned ControlOf(std::string_view character) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(character[at]); };
  if (character.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7f ? byte(0) : kNoControl;
  if (character.size() == 2) {
    return byte(0) == 0xc2 && byte(1) < 0xa0 ? unsigned{byte(1)} : kNoControl;
  }
  if (character.size() != 3 || byte(0) != 0xe2) return kNoControl;
  const unsigned point = 0x2000u | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu);
  const bool turns = (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
                     point == 0x200e || point == 0x200f;
  return turns ? point : kNoControl;
}

// %v shows the message as it stands: a node's name with a line end in it could forge a line, and a
// quote would break JSON. This flag escapes both, the same way in both formats; what is not UTF-8
// becomes U+FFFD.
class SafeMessage final : public spdlog::custom_flag_formatter {
 public:
  explicit SafeMessage(bool quotes) : quotes_(quotes) {}

  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    std::string_view rest(message.payload.data(), message.payload.size());
    while (!rest.empty()) {
      const size_t length = base::Utf8SequenceLength(rest);
      Append(rest.substr(0, length), &out);
      rest.remove_prefix(std::max<size_t>(1, length));
    }
  }

  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<SafeMessage>(quotes_);
  }

 private:
  // One character, or nothing for a byte that is none.
  void Append(std::string_view character, spdlog::memory_buf_t* out) const {
    const std::string_view replacement = "\xef\xbf\xbd";
    const unsigned char first = character.empty() ? 0xff : static_cast<unsigned char>(character[0]);
    if (character.empty()) {
      out->append(replacement.begin(), replacement.end());
    } else if (const unsigned control = ControlOf(character); control != kNoControl) {
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}", control);
    } else {
      if (quotes_ && (first == '"' || first == '\\')) out->push_back('\\');
      out->append(character.begin(), character.end());
    }
  }

  const bool quotes_;
};

std::unique_ptr<spdlog::formatter> MakeFormatter(Format format) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  if (format == Format::kText) {
    formatter->add_flag<SafeMessage>('*', false).set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %n: %*");
    return formatter;
  }
  formatter->add_flag<SafeMessage>('*', true).set_pattern(
      R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","logger":"%n","message":"%*"})");
  return formatter;
}

std::mutex& Guard() {
  static std::mutex guard;
  return guard;
}

}  // namespace

Status Configure(const std::string& level, Format format) {
  const auto parsed = spdlog::level::from_str(level);
  if (parsed == spdlog::level::off && level != "off") {
    return absl::InvalidArgumentError(
        fmt::format("log level \"{}\": use trace, debug, info, warn, error or off", level));
  }
  spdlog::set_formatter(MakeFormatter(format));
  spdlog::set_level(parsed);
  return absl::OkStatus();
}

spdlog::logger& For(const char* module) {
  const std::lock_guard<std::mutex> lock(Guard());
  auto logger = spdlog::get(module);
  if (!logger) logger = spdlog::stderr_logger_mt(module);
  return *logger;
}

}  // namespace traffictap::log
