// SPDX-License-Identifier: Apache-2.0
#include "operator/controller/informer.h"

#include <boost/test/unit_test.hpp>
#include <thread>

#include "fakes/fake_kube_client.h"
#include "fakes/manual_clock.h"

namespace traffictap {
namespace {

using controller::Change;
using controller::Informer;
using kube::Json;
using kube::Object;

Object Pod(const std::string& name, const std::string& image = "v1") {
  return Object(Json{{"metadata", {{"namespace", "shop"}, {"name", name}, {"managedFields", {1}}}},
                     {"spec", {{"image", image}}}});
}

// An informer on a thread of its own. What it tells is one line of words; a test waits for the
// line.
struct Rig {
  Rig() {
    controller::InformerOptions options;
    options.watcher.wait = [](base::Nanos, const std::stop_token& token) {
      std::this_thread::yield();
      return !token.stop_requested();
    };
    informer = std::make_unique<Informer>(&client, kube::kPods, options, &clock,
                                          [this](const Change& change) { OnChange(change); });
  }
  ~Rig() { stop.request_stop(), thread.join(); }

  void Start() {
    thread = std::thread([this] { informer->Run(stop.get_token()); });
    BOOST_TEST_REQUIRE(informer->WaitForSync(10 * base::kSecond));
  }

  void OnChange(const Change& change) {
    const char* sign = change.before == nullptr ? "+" : change.after == nullptr ? "-" : "~";
    absl::MutexLock lock(&mutex);
    told += sign + (change.after == nullptr ? change.before : change.after)->name() + " ";
  }

  bool WaitFor(const std::string& line) {
    const auto same = [&] {
      mutex.AssertHeld();
      return told == line;
    };
    absl::MutexLock lock(&mutex);
    return mutex.AwaitWithTimeout(absl::Condition(&same), absl::Seconds(10));
  }

  fakes::FakeKubeClient client;
  fakes::ManualClock clock;
  std::stop_source stop;
  std::unique_ptr<Informer> informer;
  std::thread thread;
  absl::Mutex mutex;
  std::string told;
};

BOOST_AUTO_TEST_SUITE(informer)

BOOST_AUTO_TEST_CASE(the_store_follows_the_server_and_each_change_is_told_once) {
  Rig rig;
  rig.client.Seed(kube::kPods, Pod("a"));
  rig.Start();
  BOOST_TEST(rig.WaitFor("+a "));
  rig.client.Seed(kube::kPods, Pod("b"));
  rig.client.Seed(kube::kPods, Pod("a", "v2"));
  rig.client.Purge(kube::kPods, {"shop", "b"});
  BOOST_TEST(rig.WaitFor("+a +b ~a -b "));
  BOOST_TEST(rig.informer->store().size() == 1u);
  BOOST_TEST(rig.informer->store().Get({"shop", "a"})->Text("/spec/image") == "v2");
}

BOOST_AUTO_TEST_CASE(what_nobody_reads_is_not_kept) {
  Rig rig;
  rig.client.Seed(kube::kPods, Pod("a"));
  rig.Start();
  BOOST_TEST(rig.informer->store().Get({"shop", "a"})->Find("/metadata/managedFields") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_delete_that_was_missed_is_told_after_the_next_list) {
  Rig rig;
  rig.client.Seed(kube::kPods, Pod("a"));
  rig.client.Seed(kube::kPods, Pod("b"));
  rig.Start();
  BOOST_TEST(rig.WaitFor("+a +b "));
  // While no watch gets through, the history is compacted over what happens.
  rig.client.Fail("watch", kube::kPods, absl::UnavailableError("down"), 1'000'000);
  rig.client.EndWatches(absl::UnavailableError("cut"));
  rig.client.Purge(kube::kPods, {"shop", "a"});
  rig.client.Seed(kube::kPods, Pod("c"));
  rig.client.CompactHistory();
  rig.client.Heal();
  BOOST_TEST(rig.WaitFor("+a +b -a +c "));
}

BOOST_AUTO_TEST_CASE(a_relist_without_difference_tells_nothing) {
  Rig rig;
  rig.client.Seed(kube::kPods, Pod("a"));
  rig.Start();
  rig.client.EndWatches(kube::ToStatus({410, "Expired", "", "old", std::nullopt}, "watch", "pods"));
  rig.client.Seed(kube::kPods, Pod("b"));
  BOOST_TEST(rig.WaitFor("+a +b "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
