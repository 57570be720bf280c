// SPDX-License-Identifier: Apache-2.0

// A reader and its pairers as they are in a cluster: over TLS, the pairers asking the API server.
#include <boost/test/unit_test.hpp>
#include <functional>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "als/certificates.h"
#include "apiserver/aggregated_api.h"
#include "base/process_clock.h"
#include "fakes/eventually.h"
#include "fakes/fake_kube_client.h"
#include "fanin/fan_in.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "observe/sample_records.h"

namespace traffictap {
namespace fanin {
namespace {

struct Lines final : tap::OutputFileReader {
  StatusOr<uint64_t> Read(std::string* out) override {
    if (std::exchange(read, true)) return uint64_t{0};
    out->append("line\n");
    return uint64_t{5};
  }
  bool read = false;
};

// One output with one file, of each tap.
struct OneFile final : web::FileStore {
  std::string collector() const override { return "pairer-0"; }
  StatusOr<std::vector<Output>> OutputsOf(const std::string&) const override {
    return std::vector<Output>{{"disk", "all.jsonl"}};
  }
  StatusOr<std::vector<tap::OutputFile>> List(const Output&) const override {
    return std::vector<tap::OutputFile>{{.name = "all.jsonl", .size = 5}};
  }
  StatusOr<std::unique_ptr<tap::OutputFileReader>> Open(const Output&,
                                                        const tap::OutputRange&) const override {
    return std::make_unique<Lines>();
  }
};

struct Fixture {
  // The authority "mesh" signs readers and pairers, all called localhost here.
  const als::Certificates& files = als::Certificates::Get();
  fakes::FakeKubeClient kube;
  observe::LiveHub hub{{}, base::ProcessClock()};
  std::string asked;  // the user of the last review
  std::unique_ptr<apiserver::AggregatedApi> pairer;
  std::unique_ptr<PairerDirectory> directory;
  std::unique_ptr<FanIn> reader;

  Fixture() {
    kube.AnswerReviews(kube::kSubjectAccessReviews, [this](kube::Object review) {
      auto& spec = review.value()["spec"];
      asked = spec.value("user", "");
      review.value()["status"]["allowed"] =
          spec["resourceAttributes"].value("namespace", "*") == "shop";
      return review;
    });
    hub.SetTaps({"shop/all"});
    apiserver::AggregatedApiOptions options;
    options.address = "127.0.0.1:0";
    options.period = base::kMillisecond;
    options.readers_ca_file = files.Path("mesh-ca.pem");
    options.certificate_file = files.Path("mesh.pem");
    options.key_file = files.Path("mesh.key");
    auto started = apiserver::AggregatedApi::Start(
        options, &kube, &hub, base::ProcessClock(),
        [](const observe::Access&) { return R"({"taps":[{"tap":"shop/all","kept":1}]})"; },
        [](const web::DumpWish&) { return absl::OkStatus(); }, std::make_shared<OneFile>());
    BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
    pairer = *std::move(started);
    BOOST_REQUIRE(fakes::Eventually([&] { return pairer->ready(); }));
  }

  // A reader with a certificate of that authority.
  void Read(const std::string& authority) {
    kube::TlsSettings tls;
    tls.server_name = "localhost";
    tls.ca_pem = files.Read("mesh-ca.pem");
    tls.certificate_pem = files.Read(authority + ".pem");
    tls.key_pem = files.Read(authority + ".key");
    PairerDirectoryOptions options;
    options.addresses = {fmt::format("127.0.0.1:{}", pairer->port())};
    directory = std::make_unique<PairerDirectory>(options, nullptr, ConnectOverHttp(tls),
                                                  base::ProcessClock());
    reader = std::make_unique<FanIn>(FanInOptions{}, directory.get(), base::ProcessClock());
  }

  using Asks = std::function<void(const web::HttpRequest& request, const web::LiveScope& scope,
                                  const web::Route::Respond& respond)>;
  static web::HttpResponse Ask(const Asks& ask, const std::string& ns, const std::string& path,
                               const std::string& query = "") {
    web::LiveScope scope;
    scope.credentials.user = {"max", "", {"shop-team"}, {}};
    scope.ns = ns;
    scope.follow = "watch";
    web::HttpRequest request;
    request.path = "/apis/tap.traffictap.io/v1alpha1/namespaces/" + ns + "/" + path;
    request.query = query;
    web::HttpResponse out;
    absl::Notification answered;
    ask(request, scope, [&](web::HttpResponse response) {
      out = std::move(response);
      answered.Notify();
    });
    BOOST_REQUIRE(answered.WaitForNotificationWithTimeout(absl::Seconds(30)));
    return out;
  }
  web::HttpResponse Ask(web::LiveResource resource, const std::string& ns,
                        const std::string& path) {
    return Ask([&](const auto& request, const auto& scope,
                   const auto& respond) { reader->AnswerLive(resource, request, scope, respond); },
               ns, path);
  }
  web::HttpResponse AskFiles(const std::string& ns, const std::string& query) {
    return Ask([&](const auto& request, const auto& scope,
                   const auto& respond) { reader->AnswerFiles(request, scope, respond); },
               ns, "files", query);
  }
};

// All that a body says.
std::string Drain(web::BodySource& body) {
  std::string out;
  fakes::Eventually([&] { return body.Pull(&out) == web::BodySource::Next::kEnd; });
  body.Ended(web::StreamEnd::kFinished);
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(reader_chain, Fixture)

BOOST_AUTO_TEST_CASE(a_user_reads_through_a_reader_what_the_pairers_let_it) {
  Read("mesh");
  hub.Consume(observe::Records(2));
  const auto answer = Ask(web::LiveResource::kPairs, "shop", "pairs");
  BOOST_TEST(answer.code == 200);
  BOOST_REQUIRE(answer.stream);
  const std::string text = Drain(*answer.stream);
  BOOST_TEST(text.find("\"path\":\"/1\"") != std::string::npos, text);
  BOOST_TEST(text.find("BacklogRead") != std::string::npos, text);
  BOOST_TEST(asked == "max");
  BOOST_TEST(Ask(web::LiveResource::kSummaries, "shop", "summaries").body.find("\"records\":2") !=
             std::string::npos);
  BOOST_TEST(Ask(web::LiveResource::kTaps, "shop", "taps").body.find("\"kept\":1") !=
             std::string::npos);
  BOOST_TEST(Ask(web::LiveResource::kPairs, "bank", "pairs").code == 403);
}

BOOST_AUTO_TEST_CASE(a_users_files_come_through_a_reader_with_the_users_own_rights) {
  Read("mesh");
  const auto list = nlohmann::json::parse(AskFiles("shop", "tap=all").body);
  const auto& output = list["outputs"][0];
  BOOST_TEST(output["collector"] == "pairer-0");
  BOOST_TEST(output["files"][0]["name"] == "all.jsonl");
  const std::string part =
      fmt::format("tap=all&output=disk&file=all.jsonl&collector=pairer-0&pairer={}",
                  output["pairer"].get<std::string>());
  const auto bytes = AskFiles("shop", part);
  BOOST_TEST(bytes.code == 200);
  BOOST_REQUIRE(bytes.stream);
  BOOST_TEST(Drain(*bytes.stream) == "line\n");
  BOOST_TEST(asked == "max");
  BOOST_TEST(AskFiles("bank", "tap=all").code == 403);
  BOOST_TEST(AskFiles("bank", part).code == 403);
}

BOOST_AUTO_TEST_CASE(a_pairer_believes_no_reader_of_another_authority) {
  Read("foreign");
  const auto answer = Ask(web::LiveResource::kPairs, "shop", "pairs");
  BOOST_TEST(answer.code != 200);
  BOOST_TEST(!answer.stream);
  BOOST_TEST(asked == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace fanin
}  // namespace traffictap
