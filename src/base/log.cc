#include "base/log.h"

#include <memory>
#include <mutex>

#include "fmt/format.h"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace traffictap::log {
namespace {

// %v cannot be put into JSON as it stands: this flag writes the message with JSON's escapes.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    for (const char c : message.payload) {
      if (c == '"' || c == '\\') {
        out.push_back('\\');
        out.push_back(c);
      } else if (static_cast<unsigned char>(c) < 0x20) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out.push_back(c);
      }
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonMessage>();
  }
};

std::unique_ptr<spdlog::formatter> MakeFormatter(Format format) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  if (format == Format::kText) {
    formatter->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %n: %v");
    return formatter;
  }
  formatter->add_flag<JsonMessage>('*').set_pattern(
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
