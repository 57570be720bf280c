// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/watcher.h"

#include <boost/test/unit_test.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "fakes/manual_clock.h"
#include "fmt/format.h"

namespace traffictap {
namespace {

using controller::Watcher;
using controller::WatcherEvent;
using kube::Json;
using kube::Object;
using kube::WatchEvent;

Object Pod(const std::string& name, const std::string& version) {
  return Object(Json{{"metadata", {{"name", name}, {"resourceVersion", version}}}});
}

Status Error(int code, const std::string& reason, const std::string& cause = "",
             std::optional<base::Nanos> retry_after = std::nullopt) {
  return kube::ToStatus({code, reason, cause, "m", retry_after}, "watch", "pods");
}

// A server of one kind that answers each list and watch as a test wrote down. After the last answer
// it asks the watcher to stop. Everything that happens is written into one line of words.
class ScriptedClient final : public kube::KubeClient {
 public:
  struct List {
    std::vector<Object> objects;
    StatusOr<std::string> version;
  };
  struct Watch {
    std::vector<WatchEvent> events;
    Status end;
  };

  std::deque<List> lists;
  std::deque<Watch> watches;
  std::stop_source stop;
  std::string log;
  std::function<void()> inside = [] {};  // at the begin of each list and watch, before its answer

  StatusOr<std::string> List(const kube::Resource&, const kube::ListOptions& options,
                             const std::function<void(Object)>& each) override {
    log += fmt::format("list({},{}) ", options.resource_version, options.page_size);
    inside();
    if (lists.empty()) return Stop("7");
    const auto answer = lists.front();
    lists.pop_front();
    for (const auto& object : answer.objects) each(object);
    return answer.version;
  }
  Status Watch(const kube::Resource&, const kube::WatchOptions& options,
               const std::function<void(WatchEvent)>& on_event, std::stop_token) override {
    log += fmt::format("watch({}) ", options.resource_version);
    inside();
    if (watches.empty()) return Stop("").status();
    const auto answer = watches.front();
    watches.pop_front();
    for (const auto& event : answer.events) on_event(event);
    return answer.end;
  }
  StatusOr<Object> Get(const kube::Resource&, const kube::ObjectKey&,
                       const kube::CallOptions&) override {
    return No();
  }
  StatusOr<Object> Apply(const kube::Resource&, const Object&, const kube::ApplyOptions&) override {
    return No();
  }
  StatusOr<Object> ApplyStatus(const kube::Resource&, const Object&,
                               const kube::ApplyOptions&) override {
    return No();
  }
  StatusOr<Object> Create(const kube::Resource&, const Object&, const kube::CallOptions&) override {
    return No();
  }
  StatusOr<Object> Update(const kube::Resource&, const Object&, const kube::CallOptions&) override {
    return No();
  }
  Status Delete(const kube::Resource&, const kube::ObjectKey&,
                const kube::DeleteOptions&) override {
    return No();
  }
  Status Stream(const std::string&, const kube::StreamOptions&, const kube::StreamHandlers&,
                std::stop_token) override {
    return absl::OkStatus();
  }
  StatusOr<std::string> GetRaw(const std::string&, const kube::CallOptions&) override {
    return No();
  }

 private:
  static Status No() { return absl::UnimplementedError("not asked for here"); }
  StatusOr<std::string> Stop(const std::string& version) {
    stop.request_stop();
    return version;
  }
};

struct Rig {
  ScriptedClient client;
  fakes::ManualClock clock;

  // Runs until the script is at its end and returns what happened.
  std::string Run() {
    controller::WatcherOptions options;
    options.backoff.jitter = 0;
    options.wait = [this](base::Nanos wait, const std::stop_token&) {
      client.log += fmt::format("wait({}) ", wait / base::kMillisecond);
      clock.Advance(wait);
      return true;
    };
    Watcher watcher(&client, kube::kPods, options, &clock,
                    [this](WatcherEvent event) { client.log += Word(event); });
    watcher.Run(client.stop.get_token());
    return client.log;
  }

  static std::string Word(const WatcherEvent& event) {
    switch (event.type) {
      case WatcherEvent::Type::kInit: return "Init ";
      case WatcherEvent::Type::kInitApply: return "+" + event.object.name() + " ";
      case WatcherEvent::Type::kInitDone: return "InitDone ";
      case WatcherEvent::Type::kApply: return "Apply:" + event.object.name() + " ";
      case WatcherEvent::Type::kDelete: return "Delete:" + event.object.name() + " ";
    }
    return "";
  }
};

const WatchEvent kApplied{WatchEvent::Type::kAdded, Pod("b", "8")};

BOOST_AUTO_TEST_SUITE(watcher)

BOOST_AUTO_TEST_CASE(a_list_comes_first_and_the_watch_goes_on_from_it) {
  Rig rig;
  rig.client.lists = {{{Pod("a", "3")}, "5"}};
  rig.client.watches = {{{kApplied,
                          {WatchEvent::Type::kModified, Pod("a", "9")},
                          {WatchEvent::Type::kDeleted, Pod("b", "10")}},
                         absl::OkStatus()}};
  BOOST_TEST(rig.Run() ==
             "Init list(,500) +a InitDone watch(5) Apply:b Apply:a Delete:b watch(10) ");
}

BOOST_AUTO_TEST_CASE(a_bookmark_moves_the_version_and_tells_nothing) {
  Rig rig;
  rig.client.lists = {{{}, "5"}};
  rig.client.watches = {{{{WatchEvent::Type::kBookmark, Pod("", "90")}}, absl::OkStatus()}};
  BOOST_TEST(rig.Run() == "Init list(,500) InitDone watch(5) watch(90) ");
}

BOOST_AUTO_TEST_CASE(gone_on_a_watch_lists_again_not_older_than_seen_without_waiting) {
  Rig rig;
  rig.client.lists = {{{}, "5"}, {{Pod("b", "20")}, "21"}};
  rig.client.watches = {{{kApplied}, Error(410, "Expired")}};
  BOOST_TEST(rig.Run() ==
             "Init list(,500) InitDone watch(5) Apply:b Init list(8,500) +b InitDone watch(21) ");
}

BOOST_AUTO_TEST_CASE(gone_on_a_list_asks_for_the_newest_state_in_one_page) {
  Rig rig;
  rig.client.lists = {{{}, "5"}, {{Pod("x", "1")}, Error(410, "Expired")}, {{}, "30"}};
  rig.client.watches = {{{}, Error(410, "Expired")}};
  BOOST_TEST(rig.Run() ==
             "Init list(,500) InitDone watch(5) Init list(5,500) +x Init list(,0) InitDone "
             "watch(30) ");
}

BOOST_AUTO_TEST_CASE(a_server_that_is_behind_us_is_asked_for_its_newest_state) {
  Rig rig;
  rig.client.lists = {{{}, "5"}, {{}, Error(504, "Timeout", "ResourceVersionTooLarge")}, {{}, "4"}};
  rig.client.watches = {{{}, Error(410, "Expired")}};
  BOOST_TEST(rig.Run() ==
             "Init list(,500) InitDone watch(5) Init list(5,500) Init list(,0) InitDone watch(4) ");
}

BOOST_AUTO_TEST_CASE(too_many_requests_waits_as_asked_and_does_not_list) {
  Rig rig;
  rig.client.lists = {{{}, "5"}};
  rig.client.watches = {{{}, Error(429, "TooManyRequests", "", 9 * base::kSecond)}};
  BOOST_TEST(rig.Run() == "Init list(,500) InitDone watch(5) wait(9000) watch(5) ");
}

BOOST_AUTO_TEST_CASE(a_lost_connection_watches_on_with_growing_delays_and_does_not_list) {
  Rig rig;
  rig.client.lists = {{{}, "5"}};
  for (int i = 0; i < 8; ++i) rig.client.watches.push_back({{}, absl::UnavailableError("cut")});
  BOOST_TEST(rig.Run() ==
             "Init list(,500) InitDone watch(5) wait(800) watch(5) wait(1600) watch(5) wait(3200) "
             "watch(5) wait(6400) watch(5) wait(12800) watch(5) wait(25600) watch(5) wait(30000) "
             "watch(5) wait(30000) watch(5) ");
}

BOOST_AUTO_TEST_CASE(a_watch_that_the_server_fails_to_serve_three_times_lists_again) {
  Rig rig;
  rig.client.lists = {{{}, "5"}, {{}, "6"}};
  for (int i = 0; i < 3; ++i) rig.client.watches.push_back({{}, Error(500, "InternalError")});
  BOOST_TEST(rig.Run() ==
             "Init list(,500) InitDone watch(5) wait(800) watch(5) wait(1600) watch(5) wait(3200) "
             "Init list(5,500) InitDone watch(6) ");
}

BOOST_AUTO_TEST_CASE(a_list_that_fails_is_tried_again_with_growing_delays) {
  Rig rig;
  rig.client.lists = {{{}, absl::UnavailableError("down")}, {{}, Error(500, "InternalError")}};
  rig.client.lists.push_back({{}, "5"});
  BOOST_TEST(rig.Run() ==
             "Init list(,500) wait(800) Init list(,500) wait(1600) Init list(,500) InitDone "
             "watch(5) ");
}

BOOST_AUTO_TEST_CASE(a_refused_watch_lists_again_so_that_a_recreated_kind_is_seen) {
  Rig rig;
  rig.client.lists = {{{}, "5"}, {{}, "6"}};
  rig.client.watches = {{{}, Error(404, "NotFound")}};
  BOOST_TEST(rig.Run() ==
             "Init list(,500) InitDone watch(5) wait(800) Init list(5,500) InitDone watch(6) ");
}

BOOST_AUTO_TEST_CASE(watches_that_end_at_once_do_not_become_a_tight_loop) {
  Rig rig;
  rig.client.lists = {{{}, "5"}};
  rig.client.watches = {{{}, absl::OkStatus()}};
  BOOST_TEST(rig.Run() == "Init list(,500) InitDone watch(5) wait(800) watch(5) ");
}

// What /healthz goes by: an API server that is away makes waits, and no step beyond a call's deadline.
BOOST_AUTO_TEST_CASE(a_step_lasts_until_something_comes_and_waits_between_tries_are_none) {
  ScriptedClient client;
  fakes::ManualClock clock;
  std::vector<base::Nanos> in_calls, in_events, in_waits;
  std::unique_ptr<Watcher> watcher;
  const auto step = [&] { return watcher->loop().step / base::kSecond; };
  client.lists = {{{}, Error(503, "")}, {{Pod("a", "3")}, "5"}};
  client.watches = {{{kApplied, kApplied}, absl::OkStatus()}};
  client.inside = [&] {
    clock.Advance(60 * base::kSecond);
    in_calls.push_back(step());
  };
  controller::WatcherOptions options;
  options.wait = [&](base::Nanos, const std::stop_token&) {
    clock.Advance(3600 * base::kSecond);
    in_waits.push_back(step());
    return true;
  };
  watcher = std::make_unique<Watcher>(&client, kube::kPods, options, &clock, [&](WatcherEvent) {
    in_events.push_back(step());
    clock.Advance(base::kSecond);
  });
  BOOST_TEST(step() == 0);
  watcher->Run(client.stop.get_token());
  clock.Advance(3600 * base::kSecond);
  BOOST_TEST(step() == 0);
  BOOST_TEST(watcher->loop().name == "watch of pods");
  // Of the list that fails and the one that does not, of the watch, and of the one at the end.
  const std::vector<base::Nanos> calls = {61, 61, 60, 60};
  BOOST_TEST(in_calls == calls, boost::test_tools::per_element());
  // Init, Init, an object, InitDone, two changes.
  const std::vector<base::Nanos> events = {0, 0, 0, 1, 0, 0};
  BOOST_TEST(in_events == events, boost::test_tools::per_element());
  BOOST_TEST(in_waits == std::vector<base::Nanos>{0}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
