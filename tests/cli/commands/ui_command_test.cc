// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "cli/commands/program.h"
#include "cli/records/cluster.h"
#include "cli/shell/console.h"
#include "cli/shell/exit_code.h"
#include "fakes/captured_console.h"
#include "fakes/eventually.h"
#include "fakes/fake_kube_client.h"
#include "fakes/raw_client.h"
#include "fakes/scoped_env.h"
#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

constexpr auto kPatience = absl::Seconds(30);

// Takes the address that the command prints; what it says goes nowhere.
class AddressConsole final : public cli::Console {
 public:
  Status Write(std::string_view text) override {
    address = text;
    printed.Notify();
    return absl::OkStatus();
  }
  void Say(const std::string&) override {}
  void SayWaiting(const std::string&) override {}
  bool output_is_terminal() const override { return false; }
  size_t columns() const override { return 0; }
  std::string Environment(const std::string&) const override { return ""; }

  std::string address;  // "http://127.0.0.1:PORT/#token=TOKEN\n"; after `printed`
  absl::Notification printed;
};

// What stands between `before` and `after`.
std::string Between(const std::string& text, const std::string& before, const std::string& after) {
  const size_t begin = text.find(before) + before.size();
  return text.substr(begin, text.find(after, begin) - begin);
}

bool Answers(int port) {
  try {
    return fakes::Get(port, "/nothing").find("404") != std::string::npos;
  } catch (const boost::system::system_error&) {
    return false;
  }
}

// `ui` on a thread of its own.
struct Fixture {
  Fixture() { client->SetRaw("/apis/tap.traffictap.io/v1alpha1", "{}"); }
  ~Fixture() { End(); }

  bool Start(const std::vector<std::string>& args = {"ui"}) {
    command = std::thread([this, args] {
      cli::Session session{&console, &clock, stop.get_token(), [this](const auto&) {
                             cli::Cluster out;
                             out.client = std::move(made);
                             out.ns = "shop";
                             return StatusOr<cli::Cluster>(std::move(out));
                           }};
      (void)cli::RunProgram(args, session);
    });
    return console.printed.WaitForNotificationWithTimeout(kPatience);
  }
  void End() {
    stop.request_stop();
    if (command.joinable()) command.join();
  }
  int Port() const { return std::stoi(Between(console.address, "127.0.0.1:", "/")); }
  std::string Token() const { return Between(console.address, "#token=", "\n"); }

  std::unique_ptr<fakes::FakeKubeClient> made = std::make_unique<fakes::FakeKubeClient>();
  fakes::FakeKubeClient* const client = made.get();
  AddressConsole console;
  base::SystemClock clock;
  std::stop_source stop;
  std::thread command;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ui_command, Fixture)

BOOST_AUTO_TEST_CASE(the_page_is_opened_for_whom_wants_it) {
  const fakes::TempDir dir;
  dir.Write("browser", "#!/bin/sh\ncat \"${1#file://}\" >\"$0.new\"\nmv \"$0.new\" \"$0.seen\"\n");
  chmod((dir / "browser").c_str(), 0755);
  const fakes::ScopedEnv program("BROWSER", dir / "browser");
  const fakes::ScopedEnv folder("XDG_RUNTIME_DIR", dir.path());
  BOOST_REQUIRE(Start({"ui", "--open"}));
  BOOST_TEST(fakes::Eventually([&] { return !dir.Read("browser.seen").empty(); }));
  const std::string address = console.address.substr(0, console.address.size() - 1);
  BOOST_TEST(dir.Read("browser.seen").find("url=" + address) != std::string::npos);
  End();
  const auto left = dir.Names();
  BOOST_TEST(std::none_of(left.begin(), left.end(),
                          [](const std::string& name) { return name.ends_with(".html"); }));
}

// A link that one person copies is one to the page of everybody who has asked for the same.
BOOST_AUTO_TEST_CASE(the_page_is_at_the_port_that_is_asked_for) {
  int port = 0;
  {
    Fixture other;
    BOOST_REQUIRE(other.Start());
    port = other.Port();
  }
  BOOST_REQUIRE(Start({"ui", "--port", std::to_string(port)}));
  BOOST_TEST(Port() == port);
  BOOST_TEST(Answers(port));
}

BOOST_AUTO_TEST_CASE(a_port_that_is_none_is_misuse) {
  for (const char* text : {"65536", "-1", "80x", "http"}) {
    fakes::CapturedConsole told;
    cli::Session session{&told, &clock, stop.get_token(), [](const auto&) {
                           return StatusOr<cli::Cluster>(absl::InternalError("was connected"));
                         }};
    BOOST_TEST(cli::RunProgram({"ui", "--port", text}, session) == cli::kExitUsage);
    BOOST_TEST(told.said.find("must be a number up to 65535") != std::string::npos, told.said);
  }
}

BOOST_AUTO_TEST_CASE(what_is_read_for_the_page_ends_before_its_server_does) {
  std::atomic<int> port = 0;
  std::atomic<bool> answers = false;
  absl::Notification reads;
  client->AnswerStreams([&](const std::string&, const kube::StreamHandlers& to,
                            const std::stop_token& ends) -> Status {
    to.on_open();
    absl::Notification asked;
    const std::stop_callback on_end(ends, [&] { asked.Notify(); });
    reads.Notify();
    asked.WaitForNotification();
    answers = Answers(port);
    return absl::CancelledError("stopped");
  });
  BOOST_REQUIRE(Start());
  port = Port();
  fakes::RawClient browser(port);
  browser.Send(
      "GET /api/v1/pairs?follow=true HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " +
      Token() + "\r\n\r\n");
  BOOST_TEST(reads.WaitForNotificationWithTimeout(kPatience));
  End();
  BOOST_TEST(answers.load());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
