// SPDX-License-Identifier: Apache-2.0
#include "web/file_api.h"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <future>

#include "absl/synchronization/notification.h"
#include "fakes/eventually.h"
#include "fakes/manual_clock.h"
#include "nlohmann/json.hpp"
#include "web/namespace_authorizer.h"

namespace traffictap {
namespace {

// Gives one piece after the other.
struct Pieces final : tap::OutputFileReader {
  explicit Pieces(std::vector<std::string> all) : left(std::move(all)) {}
  StatusOr<uint64_t> Read(std::string* out) override {
    if (left.empty()) return uint64_t{0};
    const std::string piece = left.front();
    left.erase(left.begin());
    out->append(piece);
    return piece.size();
  }
  std::vector<std::string> left;
};

struct FakeStore final : web::FileStore {
  std::string collector() const override { return "pairer-1"; }
  StatusOr<std::vector<Output>> OutputsOf(const std::string& tap) const override {
    if (tap == "shop/none") return std::vector<Output>{};
    if (tap != "shop/all" && tap != "everywhere") return absl::NotFoundError("no such tap");
    return std::vector<Output>{{"disk", "shop/all.jsonl"}, {"errors", "shop/errors.jsonl"}};
  }
  StatusOr<std::vector<tap::OutputFile>> List(const Output& output) const override {
    if (hang) hang->WaitForNotification();
    return std::vector<tap::OutputFile>{{output.name + ".jsonl", 7, 3000000, true, false, 42}};
  }
  StatusOr<std::unique_ptr<tap::OutputFileReader>> Open(
      const Output& output, const tap::OutputRange& range) const override {
    if (on_open) on_open();
    if (range.check == 666u) return absl::FailedPreconditionError("another one");
    opened = output.name + " " + range.file + " " + std::to_string(range.offset) +
             (range.plain ? " plain" : "");
    return std::make_unique<Pieces>(pieces);
  }
  std::vector<std::string> pieces = {"a\n", "b\n", "c\n"};
  mutable std::string opened;
  std::function<void()> on_open;
  std::shared_ptr<absl::Notification> hang;
};

struct Fixture {
  std::future<web::HttpResponse> Send(const std::string& query,
                                      const std::optional<std::string>& ns = "shop",
                                      const std::string& authorization = "") {
    web::HttpRequest request;
    request.query = query;
    web::LiveScope scope;
    scope.ns = ns;
    scope.credentials.authorization = authorization;
    const auto promise = std::make_shared<std::promise<web::HttpResponse>>();
    auto out = promise->get_future();
    api->Answer(request, scope,
                [promise](web::HttpResponse answer) { promise->set_value(std::move(answer)); });
    return out;
  }
  int Code(const std::string& query, const std::optional<std::string>& ns = "shop",
           const std::string& authorization = "") {
    return Send(query, ns, authorization).get().code;
  }
  // What a reader gets who takes all.
  std::string Body(const std::string& query) {
    const auto answer = Send(query).get();
    BOOST_TEST(answer.code == 200);
    BOOST_REQUIRE(answer.stream);
    std::string out;
    BOOST_REQUIRE(fakes::Eventually(
        [&] { return answer.stream->Pull(&out) == web::BodySource::Next::kEnd; }));
    answer.stream->Ended(web::StreamEnd::kFinished);
    return out;
  }
  void Make(web::FileApiOptions options = {}) {
    api = std::make_unique<web::FileApi>(store, &authorizer, &clock, options);
  }

  Fixture() { Make(); }

  web::NamespaceAuthorizer authorizer;
  fakes::ManualClock clock;
  const std::shared_ptr<FakeStore> store = std::make_shared<FakeStore>();
  std::unique_ptr<web::FileApi> api;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(file_api, Fixture)

BOOST_AUTO_TEST_CASE(the_files_of_a_tap_are_listed_by_output) {
  const auto list = nlohmann::json::parse(Send("tap=all").get().body);
  BOOST_TEST(list["tap"] == "shop/all");
  BOOST_TEST(list["collector"] == "pairer-1");
  BOOST_REQUIRE(list["outputs"].size() == 2u);
  BOOST_TEST(list["outputs"][0]["name"] == "disk");
  const auto& file = list["outputs"][0]["files"][0];
  BOOST_TEST(file["name"] == "disk.jsonl");
  BOOST_TEST(file["size"] == 7);
  BOOST_TEST(file["modifiedMs"] == 3);
  BOOST_TEST(file["current"] == true);
  BOOST_TEST(file["compressed"] == false);
  BOOST_TEST(file["head"] == 42);
  const auto one = nlohmann::json::parse(Send("tap=all&output=errors").get().body);
  BOOST_TEST(one["outputs"].size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_part_of_a_file_comes_as_it_is) {
  BOOST_TEST(Body("tap=all&output=errors&file=x.jsonl&offset=5&check=1&plain=true") == "a\nb\nc\n");
  BOOST_TEST(store->opened == "errors x.jsonl 5 plain");
  store->pieces.clear();
  BOOST_TEST(Body("tap=all&output=disk&file=y.jsonl").empty());
  BOOST_TEST(store->opened == "disk y.jsonl 0");
}

BOOST_AUTO_TEST_CASE(an_answer_ends_after_so_many_bytes) {
  Make({.answer_bytes_max = 3});
  BOOST_TEST(Body("tap=all&output=disk&file=x") == "a\nb\n");
  // The caller may want less, never more.
  BOOST_TEST(Body("tap=all&output=disk&file=x&limit=1") == "a\n");
  BOOST_TEST(Body("tap=all&output=disk&file=x&limit=1000") == "a\nb\n");
}

BOOST_AUTO_TEST_CASE(who_means_another_collector_is_told) {
  BOOST_TEST(Code("tap=all&collector=pairer-1") == 200);
  const auto other = Send("tap=all&output=disk&file=x&collector=pairer-2").get();
  BOOST_TEST(other.code == 404);
  BOOST_TEST(other.body.find("called \\\"pairer-1\\\"") != std::string::npos, other.body);
  authorizer.namespaces = {"bank"};
  BOOST_TEST(Code("tap=all&collector=pairer-2") == 403);
}

BOOST_AUTO_TEST_CASE(an_answer_ends_in_time_also_where_its_reader_takes_nothing) {
  Make({.calls_max = 1, .buffer_bytes = 1, .answer_time = base::kSecond});
  const auto answer = Send("tap=all&output=disk&file=x").get();
  BOOST_TEST(Code("tap=all") == 429);
  clock.Advance(2 * base::kSecond);
  // Its thread ends, and there is room again.
  int code = 429;
  BOOST_TEST(fakes::Eventually([&] { return (code = Code("tap=all")) != 429; }));
  BOOST_TEST(code == 200);
  std::string got;
  BOOST_TEST((answer.stream->Pull(&got) == web::BodySource::Next::kEnd));
}

BOOST_AUTO_TEST_CASE(a_disk_that_takes_all_the_time_of_an_answer_still_brings_the_copy_on) {
  Make({.answer_time = base::kSecond});
  store->on_open = [this] { clock.Advance(2 * base::kSecond); };
  BOOST_TEST(Body("tap=all&output=disk&file=x") == "a\n");
}

BOOST_AUTO_TEST_CASE(a_reader_that_leaves_keeps_no_thread) {
  Make({.calls_max = 1, .buffer_bytes = 1});
  const auto answer = Send("tap=all&output=disk&file=x").get();
  answer.stream->Ended(web::StreamEnd::kReaderGone);
  int code = 429;
  BOOST_TEST(fakes::Eventually([&] { return (code = Code("tap=all")) != 429; }));
  BOOST_TEST(code == 200);
}

BOOST_AUTO_TEST_CASE(only_who_may_watch_the_namespace_learns_anything) {
  authorizer.namespaces = {"shop"};
  BOOST_TEST(Code("tap=all") == 200);
  BOOST_TEST(Code("tap=shop/all", std::nullopt) == 200);
  BOOST_TEST(Code("tap=all", "bank") == 403);
  BOOST_TEST(Code("tap=bank/all", std::nullopt) == 403);
  BOOST_TEST(Code("tap=everywhere", std::nullopt) == 403);
  BOOST_TEST(Code("colour=red", "bank") == 403);
  BOOST_TEST(Code("tap=all", "shop", "bad") == 401);
  authorizer.namespaces.clear();
  BOOST_TEST(Code("tap=everywhere", std::nullopt) == 200);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_request_is_told) {
  for (const char* bad :
       {"", "tap=bank/all", "tap=all&colour=red", "tap=all&file=x",
        "tap=all&output=disk&file=x&offset=-1", "tap=all&output=disk&file=x&check=many",
        "tap=all&output=disk&file=x&limit=0", "tap=all&output=disk&file=x&limit=all",
        "tap=all&plain=false", "tap=none", "tap=all&output=gone"}) {
    BOOST_TEST(Code(bad) == 400, bad);
  }
  BOOST_TEST(Code("tap=gone") == 404);
  BOOST_TEST(Code("tap=all&output=disk&file=x&offset=1&check=666") == 409);
}

BOOST_AUTO_TEST_CASE(a_disk_that_hangs_keeps_calls_and_neither_new_ones_nor_the_end) {
  store->hang = std::make_shared<absl::Notification>();
  Make({.calls_max = 2});
  auto first = Send("tap=all");
  auto second = Send("tap=all");
  BOOST_TEST(Code("tap=all") == 429);
  api->Stop();
  BOOST_TEST(first.get().code == 503);
  BOOST_TEST(second.get().code == 503);
  BOOST_TEST(Code("tap=all") == 503);
  store->hang->Notify();
}

BOOST_AUTO_TEST_CASE(the_end_is_that_of_an_answer_whose_reader_takes_nothing_too) {
  Make({.buffer_bytes = 1});
  const auto answer = Send("tap=all&output=disk&file=x").get();
  api->Stop();
  std::string got;
  BOOST_TEST((answer.stream->Pull(&got) == web::BodySource::Next::kEnd));
  BOOST_TEST(got == "a\n");
}

BOOST_AUTO_TEST_CASE(standalone_it_answers_this_machine_alone) {
  const auto route = api->Standalone();
  web::HttpRequest request;
  request.query = "tap=shop/all";
  request.headers = {{"host", "evil.example"}};
  int code = 0;
  route(request, [&code](const web::HttpResponse& answer) { code = answer.code; });
  BOOST_TEST(code == 403);
  request.headers = {{"host", "localhost"}};
  std::promise<int> served;
  route(request, [&](const web::HttpResponse& answer) { served.set_value(answer.code); });
  BOOST_TEST(served.get_future().get() == 200);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
