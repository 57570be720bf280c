// SPDX-License-Identifier: Apache-2.0
#include "tap/tap_directory.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tap/parsing.h"

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test
namespace fs = std::filesystem;
using Snapshot = TapDirectory::Snapshot;

class Directory {
 public:
  Directory() : path_("/tmp/traffictap-tap-XXXXXX") {
    BOOST_REQUIRE(mkdtemp(path_.data()) != nullptr);
  }
  ~Directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  std::string At(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(At(name)) << text;
  }

  std::unique_ptr<TapDirectory> Open() const {
    auto out = TapDirectory::Open(path_);
    BOOST_REQUIRE(out.ok());
    return *std::move(out);
  }

 private:
  std::string path_;
};

std::string Keys(const Snapshot& snapshot) {
  std::string out;
  for (const auto& tap : snapshot.taps) out += (out.empty() ? "" : " ") + tap->key();
  return out;
}

std::string Window(const std::string& name, const std::string& window) {
  return Document("  pairing: {window: " + window + "}\n", name);
}

// What a watched directory told last. Thread-safe.
class Watcher {
 public:
  TapDirectory::OnChange Callback() {
    return [this](const Snapshot& snapshot) {
      absl::MutexLock lock(&mutex_);
      last_ = snapshot;
      ++calls_;
    };
  }

  template <typename Test>
  bool Wait(Test test) {
    absl::MutexLock lock(&mutex_);
    const auto holds = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return test(last_); };
    return mutex_.AwaitWithTimeout(absl::Condition(&holds), absl::Seconds(20));
  }

  int calls() {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }

 private:
  absl::Mutex mutex_;
  Snapshot last_ ABSL_GUARDED_BY(mutex_);
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
};

bool WaitForKeys(Watcher* watcher, const std::string& keys) {
  return watcher->Wait([&](const Snapshot& snapshot) { return Keys(snapshot) == keys; });
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tap_directory, Directory)

BOOST_AUTO_TEST_CASE(loads_the_taps_of_all_yaml_files_sorted_by_key) {
  Write("b.yaml", Document("", "one") + "---\n" + Document("", "three"));
  Write("a.yml", Document("", "two"));
  Write("c.json",
        R"({"apiVersion": "traffictap.io/v1alpha1", "kind": "TrafficTap",
            "metadata": {"name": "zero"},
            "spec": {"outputs": [{"name": "o", "type": "Stdout"}]}})");
  Write("ignored.txt", "no: tap");
  fs::create_directory(At("below.yaml"));
  const auto snapshot = Open()->Load();
  BOOST_TEST(Keys(snapshot) == "default/one default/three default/two default/zero");
  BOOST_TEST(snapshot.errors.empty());
}

BOOST_AUTO_TEST_CASE(a_tap_of_a_file_takes_connections_too_unless_it_names_other_protocols) {
  Write("a.yaml",
        Document("", "all") + "---\n" + Document("  match: {protocols: [HTTP/2]}\n", "calls"));
  const auto snapshot = Open()->Load();
  BOOST_REQUIRE(snapshot.taps.size() == 2u);
  BOOST_TEST(WantsTcp(*snapshot.taps[0]));
  BOOST_TEST(!WantsTcp(*snapshot.taps[1]));
  BOOST_TEST(!WantsTcp(*GoodSpec("")));
}

BOOST_AUTO_TEST_CASE(a_service_is_refused_where_no_cluster_says_what_is_behind_it) {
  Write("a.yaml", Document("  targets: [{kind: Service, name: cart}]\n", "a"));
  const auto snapshot = Open()->Load();
  BOOST_TEST(snapshot.taps.empty());
  BOOST_REQUIRE(snapshot.errors.size() == 1u);
  BOOST_TEST(snapshot.errors[0].field == "spec.targets");
  BOOST_TEST(snapshot.errors[0].message.find("name the workload") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(says_where_there_is_no_directory) {
  const auto missing = TapDirectory::Open(At("missing"));
  BOOST_TEST(absl::IsNotFound(missing.status()));
  BOOST_TEST(Message(missing.status()).find(At("missing")) != std::string::npos);
  Write("file", "");
  BOOST_TEST(absl::IsNotFound(TapDirectory::Open(At("file")).status()));
}

BOOST_AUTO_TEST_CASE(reads_changes_new_files_and_deletions) {
  const auto directory = Open();
  BOOST_TEST(Keys(directory->Load()).empty());
  Write("a.yaml", Window("a", "1s"));
  BOOST_TEST(directory->Load().taps.at(0)->pairing.window == base::kSecond);
  Write("a.yaml", Window("a", "2s"));
  Write("b.yaml", Document("", "b"));
  const auto changed = directory->Load();
  BOOST_TEST(Keys(changed) == "default/a default/b");
  BOOST_TEST(changed.taps.at(0)->pairing.window == 2 * base::kSecond);
  fs::remove(At("a.yaml"));
  BOOST_TEST(Keys(directory->Load()) == "default/b");
}

BOOST_AUTO_TEST_CASE(an_unchanged_file_keeps_its_very_tap) {
  Write("a.yaml", Document("", "a"));
  const auto directory = Open();
  const auto first = directory->Load().taps.at(0);
  Write("b.yaml", Document("", "b"));
  BOOST_TEST(directory->Load().taps.at(0) == first);
}

BOOST_AUTO_TEST_CASE(a_file_that_turns_bad_keeps_its_last_good_version_in_force) {
  Write("a.yaml", Window("a", "1s"));
  Write("b.yaml", Document("", "b"));
  const auto directory = Open();
  directory->Load();
  for (const std::string& bad :
       {Window("a", "1"), std::string("a: ["), Window("a", "2s") + "---\n" + Window("c", "x")}) {
    Write("a.yaml", bad);
    const auto snapshot = directory->Load();
    BOOST_TEST(Keys(snapshot) == "default/a default/b");
    BOOST_TEST(snapshot.taps.at(0)->pairing.window == base::kSecond);
    BOOST_REQUIRE(snapshot.errors.size() == 1);
    BOOST_TEST(snapshot.errors[0].file == At("a.yaml"));
    BOOST_TEST(directory->Load().errors.size() == 1);
  }
  Write("a.yaml", Window("a", "3s"));
  const auto mended = directory->Load();
  BOOST_TEST(mended.taps.at(0)->pairing.window == 3 * base::kSecond);
  BOOST_TEST(mended.errors.empty());
}

BOOST_AUTO_TEST_CASE(a_file_that_was_never_good_gives_its_faults_alone) {
  Write("a.yaml", "a: [");
  const auto snapshot = Open()->Load();
  BOOST_TEST(snapshot.taps.empty());
  BOOST_TEST(snapshot.errors.size() == 1);
}

BOOST_AUTO_TEST_CASE(of_two_files_that_define_one_tap_the_first_name_wins) {
  Write("b.yaml", Window("a", "2s"));
  Write("a.yaml", Window("a", "1s"));
  const auto directory = Open();
  const auto snapshot = directory->Load();
  BOOST_REQUIRE(snapshot.taps.size() == 1);
  BOOST_TEST(snapshot.taps[0]->pairing.window == base::kSecond);
  BOOST_REQUIRE(snapshot.errors.size() == 1);
  BOOST_TEST(snapshot.errors[0].file == At("b.yaml"));
  BOOST_TEST(snapshot.errors[0].reason == "Conflict");
  BOOST_TEST(snapshot.errors[0].message.find("\"default/a\" is defined in a.yaml already") !=
             std::string::npos);
  fs::remove(At("a.yaml"));
  const auto alone = directory->Load();
  BOOST_TEST(alone.taps.at(0)->pairing.window == 2 * base::kSecond);
  BOOST_TEST(alone.errors.empty());
}

BOOST_AUTO_TEST_CASE(a_file_larger_than_its_bound_is_a_fault) {
  Write("a.yaml", std::string(3 << 20, '#'));
  const auto snapshot = Open()->Load();
  BOOST_REQUIRE(snapshot.errors.size() == 1);
  BOOST_TEST(snapshot.errors[0].message.find("1 MiB") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_link_to_nothing_takes_its_taps_away_as_a_deleted_file_does) {
  Write("target", Document("", "a"));
  fs::create_symlink("target", At("a.yaml"));
  const auto directory = Open();
  BOOST_TEST(Keys(directory->Load()) == "default/a");
  fs::remove(At("target"));
  BOOST_TEST(Keys(directory->Load()).empty());
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_gone_keeps_all_in_force_and_says_so) {
  Write("a.yaml", Document("", "a"));
  const auto directory = Open();
  directory->Load();
  fs::rename(path(), path() + ".moved");
  const auto snapshot = directory->Load();
  BOOST_TEST(Keys(snapshot) == "default/a");
  BOOST_REQUIRE(snapshot.errors.size() == 1);
  BOOST_TEST(snapshot.errors[0].message.find("stay active") != std::string::npos);
  fs::rename(path() + ".moved", path());
  BOOST_TEST(directory->Load().errors.empty());
}

BOOST_AUTO_TEST_CASE(tells_a_watcher_of_writes_renames_and_deletions) {
  Write("a.yaml", Document("", "a"));
  const auto directory = Open();
  directory->Load();
  Watcher watcher;
  directory->Watch(watcher.Callback());
  Write("b.yaml", Document("", "b"));
  BOOST_TEST(WaitForKeys(&watcher, "default/a default/b"));
  // As editors write: a new file takes the place of the old one.
  Write("b.tmp", Document("", "c"));
  fs::rename(At("b.tmp"), At("b.yaml"));
  BOOST_TEST(WaitForKeys(&watcher, "default/a default/c"));
  fs::remove(At("a.yaml"));
  BOOST_TEST(WaitForKeys(&watcher, "default/c"));
}

BOOST_AUTO_TEST_CASE(tells_a_watcher_of_what_changed_before_it_watched) {
  const auto directory = Open();
  directory->Load();
  Write("a.yaml", Document("", "a"));
  Watcher watcher;
  directory->Watch(watcher.Callback());
  BOOST_TEST(WaitForKeys(&watcher, "default/a"));
}

BOOST_AUTO_TEST_CASE(follows_the_swap_of_links_that_a_kubelet_does_with_a_config_map) {
  const auto publish = [&](const std::string& version, const std::string& tap) {
    fs::create_directory(At(version));
    Write(version + "/taps.yaml", Document("", tap));
    fs::create_directory_symlink(version, At("..data_tmp"));
    fs::rename(At("..data_tmp"), At("..data"));
  };
  publish("..2026_01", "a");
  fs::create_symlink("..data/taps.yaml", At("taps.yaml"));
  const auto directory = Open();
  BOOST_TEST(Keys(directory->Load()) == "default/a");
  Watcher watcher;
  directory->Watch(watcher.Callback());
  publish("..2026_02", "b");
  fs::remove_all(At("..2026_01"));
  BOOST_TEST(WaitForKeys(&watcher, "default/b"));
}

BOOST_AUTO_TEST_CASE(does_not_call_for_a_change_that_changes_nothing) {
  Write("a.yaml", Document("", "a"));
  const auto directory = Open();
  directory->Load();
  Watcher watcher;
  directory->Watch(watcher.Callback());
  Write("a.yaml", Document("", "a"));
  Write("other.txt", "x");
  Write("b.yaml", Document("", "b"));
  BOOST_TEST(WaitForKeys(&watcher, "default/a default/b"));
  BOOST_TEST(watcher.calls() <= 2);
}

BOOST_AUTO_TEST_CASE(stops_at_once) {
  Watcher watcher;
  {
    const auto directory = Open();
    directory->Watch(watcher.Callback());
  }
  Write("a.yaml", Document("", "a"));
  BOOST_TEST(watcher.calls() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
