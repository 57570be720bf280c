// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <string>

#include "nlohmann/json.hpp"

namespace traffictap {
namespace {

// What is written to standard error while it lives.
class StderrCapture {
 public:
  StderrCapture() : file_(std::tmpfile()), former_(dup(STDERR_FILENO)) {
    std::fflush(stderr);
    dup2(fileno(file_), STDERR_FILENO);
  }
  ~StderrCapture() {
    Restore();
    std::fclose(file_);
  }

  std::string Text() {
    Restore();
    std::string text(static_cast<size_t>(lseek(fileno(file_), 0, SEEK_END)), '\0');
    BOOST_REQUIRE(pread(fileno(file_), text.data(), text.size(), 0) >= 0);
    return text;
  }

 private:
  void Restore() {
    if (former_ < 0) return;
    std::fflush(stderr);
    dup2(former_, STDERR_FILENO);
    close(former_);
    former_ = -1;
  }

  std::FILE* file_;
  int former_;
};

std::string Write(const std::string& level, log::Format format, const std::string& value) {
  BOOST_REQUIRE(log::Configure(level, format).ok());
  StderrCapture capture;
  log::For("test").warn("something happened node={}", value);
  log::For("test").info("something else happened");
  return capture.Text();
}

struct Restored {
  ~Restored() { (void)log::Configure("info", log::Format::kText); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(logging, Restored)

BOOST_AUTO_TEST_CASE(text_lines_name_level_module_and_message) {
  const std::string text = Write("info", log::Format::kText, "a");
  BOOST_TEST(text.find(" warning test: something happened node=a\n") != std::string::npos);
  BOOST_TEST(text.find(" info test: something else happened\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(shows_nothing_below_the_level) {
  const std::string text = Write("warn", log::Format::kText, "a");
  BOOST_TEST(text.find("something else") == std::string::npos);
  BOOST_TEST(Write("off", log::Format::kText, "a").empty());
}

BOOST_AUTO_TEST_CASE(json_lines_parse_and_give_the_message_back) {
  const std::string value = "quote \" backslash \\ tab \t line\nend \xc3\xa9";
  const auto line = nlohmann::json::parse(Write("warn", log::Format::kJson, value));
  BOOST_TEST(line["level"] == "warning");
  BOOST_TEST(line["logger"] == "test");
  BOOST_TEST(line["message"] == "something happened node=" + value);
}

BOOST_AUTO_TEST_CASE(json_lines_stay_valid_for_bytes_that_are_not_utf8) {
  const auto line = nlohmann::json::parse(Write("warn", log::Format::kJson, "a\xff\xc3"));
  BOOST_TEST(line["message"] == "something happened node=a\xef\xbf\xbd\xef\xbf\xbd");
}

BOOST_AUTO_TEST_CASE(a_text_cannot_forge_a_line) {
  const std::string text = Write("warn", log::Format::kText, "a\n2026 error als: forged");
  BOOST_TEST(text.find('\n') == text.size() - 1);
  BOOST_TEST(text.find("node=a\\u000a2026") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_text_cannot_command_the_terminal_or_turn_the_line_around) {
  for (const auto& [value, shown] :
       {std::pair{"\x1b[2J", "\\u001b[2J"},
        {"\xc2\x9b"
         "2J",
         "\\u009b2J"},
        {"\xc2\x80\xc2\x85\xc2\x9f", "\\u0080\\u0085\\u009f"},
        {"\x7f", "\\u007f"},
        {"\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029"},
        {"\xe2\x80\xae\xe2\x81\xa6", "\\u202e\\u2066"},
        {"\xc2\xa0\xc3\x9b\xe2\x82\xac", "\xc2\xa0\xc3\x9b\xe2\x82\xac"}}) {
    const std::string text = Write("warn", log::Format::kText, value);
    BOOST_TEST(text.find(std::string("node=") + shown + "\n") != std::string::npos, text);
    const auto line = nlohmann::json::parse(Write("warn", log::Format::kJson, value));
    BOOST_TEST(line["message"] == std::string("something happened node=") + value);
  }
}

BOOST_AUTO_TEST_CASE(refuses_an_unknown_level_and_lists_the_known) {
  const Status status = log::Configure("loud", log::Format::kText);
  BOOST_TEST(Message(status) == "log level \"loud\": use trace, debug, info, warn, error or off");
}

BOOST_AUTO_TEST_CASE(gives_the_same_logger_for_the_same_module) {
  BOOST_TEST(&log::For("one") == &log::For("one"));
  BOOST_TEST(&log::For("one") != &log::For("two"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
