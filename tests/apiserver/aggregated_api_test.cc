// SPDX-License-Identifier: Apache-2.0
#include "apiserver/aggregated_api.h"

#include <boost/test/unit_test.hpp>

#include "als/certificates.h"
#include "apiserver/discovery.h"
#include "fakes/captured_log.h"
#include "fakes/eventually.h"
#include "fakes/fake_kube_client.h"
#include "fakes/manual_clock.h"
#include "fakes/temp_dir.h"
#include "fakes/tls_client.h"
#include "kube/base64.h"
#include "observe/sample_records.h"

namespace traffictap {

using apiserver::AggregatedApi;
using fakes::TlsClient;

const std::string kRoot = "/apis/tap.traffictap.io/v1alpha1";
const std::string kMax = "X-Remote-User: max\r\nX-Remote-Group: shop-team\r\n";

// One output, of every tap.
struct OneFile final : web::FileStore {
  std::string collector() const override { return "collector-1"; }
  StatusOr<std::vector<Output>> OutputsOf(const std::string&) const override {
    return std::vector<Output>{{"disk", "all.jsonl"}};
  }
  StatusOr<std::vector<tap::OutputFile>> List(const Output&) const override {
    return std::vector<tap::OutputFile>{{.name = "all.jsonl"}};
  }
  StatusOr<std::unique_ptr<tap::OutputFileReader>> Open(const Output&,
                                                        const tap::OutputRange&) const override {
    return absl::NotFoundError("no longer");
  }
};

struct AggregatedApiTest {
  // The authority "mesh" signs the front proxy, which is called localhost here.
  const als::Certificates& files = als::Certificates::Get();
  fakes::FakeKubeClient kube;
  fakes::ManualClock clock;
  observe::LiveHub hub{{}, &clock};
  std::set<std::string> allowed = {"shop"};
  std::string asked;  // "VERB RESOURCE" of the last review
  std::vector<std::string> dumped;
  apiserver::AggregatedApiOptions options;
  std::unique_ptr<AggregatedApi> api;

  AggregatedApiTest() {
    options.address = "127.0.0.1:0";
    options.period = base::kMillisecond;
    hub.SetTaps({"shop/all", "bank/all", "everywhere"});
    kube.AnswerReviews(kube::kSubjectAccessReviews, [this](kube::Object review) {
      const auto& attributes = review.value()["spec"]["resourceAttributes"];
      asked = attributes.value("verb", "") + " " + attributes.value("resource", "");
      review.value()["status"]["allowed"] = allowed.contains(attributes.value("namespace", "*"));
      return review;
    });
  }
  void SeedFrontProxy(const std::string& authority = "mesh") {
    kube.Seed(kube::kConfigMaps,
              kube::Object(kube::Json{
                  {"metadata",
                   {{"namespace", apiserver::kFrontProxyConfigMap.ns},
                    {"name", apiserver::kFrontProxyConfigMap.name}}},
                  {"data",
                   {{"requestheader-client-ca-file", files.Read(authority + "-ca.pem")},
                    {"requestheader-allowed-names", R"(["localhost"])"},
                    {"requestheader-username-headers", R"(["X-Remote-User"])"},
                    {"requestheader-group-headers", R"(["X-Remote-Group"])"},
                    {"requestheader-extra-headers-prefix", R"(["X-Remote-Extra-"])"}}}}));
  }
  void SeedApiService() {
    kube.Seed(kube::kApiServices,
              kube::Object(kube::Json{{"metadata", {{"name", apiserver::kApiService}}}}));
  }
  void Start() {
    auto started = AggregatedApi::Start(
        options, &kube, &hub, &clock,
        [](const observe::Access& access) { return access.everything ? "all\n" : "some\n"; },
        [this](const web::DumpWish& wish) {
          dumped.push_back(wish.tap);
          return absl::OkStatus();
        },
        std::make_shared<OneFile>());
    BOOST_REQUIRE_MESSAGE(started.ok(), Message(started.status()));
    api = *std::move(started);
  }
  void StartReady() {
    SeedFrontProxy();
    SeedApiService();
    Start();
    BOOST_REQUIRE(fakes::Eventually([&] { return api->ready(); }));
  }
  TlsClient FrontProxy() {
    return TlsClient(api->port(), {files.Path("mesh.pem"), files.Path("mesh.key")});
  }
  std::string Get(const std::string& path, const std::string& user = kMax) {
    return FrontProxy().Get(path, user);
  }
  std::string CaBundle() {
    const auto service = kube.Get(kube::kApiServices, {"", apiserver::kApiService}, {}).value();
    return kube::DecodeBase64(service.Text("/spec/caBundle")).value_or("");
  }
  std::string Shown() { return TlsClient(api->port()).ServerCertificate(); }
};

namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(aggregated_api, AggregatedApiTest)

BOOST_AUTO_TEST_CASE(who_may_create_dumps_asks_for_them) {
  StartReady();
  const auto post = [&](const std::string& path) {
    auto client = FrontProxy();
    client.Send("POST " + kRoot + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + kMax +
                "Content-Length: 2\r\n\r\n{}");
    return client.ReadAll();
  };
  BOOST_TEST(Has(post("/namespaces/shop/dumps?tap=all"), "HTTP/1.1 201"));
  BOOST_TEST(asked == "create dumps");
  BOOST_TEST(dumped == std::vector<std::string>{"shop/all"}, boost::test_tools::per_element());
  BOOST_TEST(Has(post("/namespaces/bank/dumps?tap=all"), "HTTP/1.1 403"));
  BOOST_TEST(Has(post("/dumps?tap=everywhere"), "HTTP/1.1 403"));
  BOOST_TEST(Has(post("/namespaces/shop/pairs"), "HTTP/1.1 405"));
  BOOST_TEST(Has(post(""), "HTTP/1.1 405"));
  BOOST_TEST(dumped.size() == 1u);
}

BOOST_AUTO_TEST_CASE(who_may_watch_the_pairs_of_a_namespace_copies_its_taps_files) {
  StartReady();
  const std::string answer = Get(kRoot + "/namespaces/shop/files?tap=all");
  BOOST_TEST(Has(answer, "HTTP/1.1 200"));
  BOOST_TEST(Has(answer, R"("tap":"shop/all")"));
  BOOST_TEST(Has(answer, R"("name":"all.jsonl")"));
  BOOST_TEST(asked == "watch pairs");
  BOOST_TEST(Has(Get(kRoot + "/namespaces/shop/files?tap=all&output=disk&file=x"), "HTTP/1.1 404"));
  BOOST_TEST(Has(Get(kRoot + "/namespaces/bank/files?tap=all"), "HTTP/1.1 403"));
  BOOST_TEST(Has(Get(kRoot + "/files?tap=everywhere"), "HTTP/1.1 403"));
}

BOOST_AUTO_TEST_CASE(anybody_is_told_what_runs_here) {
  options.versions = [](const observe::User& user, const apiserver::TellVersions& tell) {
    tell({"0.1.0", user.name == "max" ? "0.2.0" : ""});
  };
  StartReady();
  allowed.clear();
  BOOST_TEST(
      Has(Get(kRoot), R"("trafficTap":{"collectorVersion":"0.1.0","operatorVersion":"0.2.0"})"));
}

BOOST_AUTO_TEST_CASE(a_user_reads_the_pairs_of_a_namespace) {
  StartReady();
  hub.Consume(observe::Records(2));
  hub.Consume(observe::Records(1, "bank/all"));
  const std::string answer = Get(kRoot + "/namespaces/shop/pairs?tap=all");
  BOOST_TEST(Has(answer, "HTTP/1.1 200"));
  BOOST_TEST(Has(answer, "\"path\":\"/1\""));
  BOOST_TEST(!Has(answer, "bank/all"));
  BOOST_TEST(Has(answer, "BacklogRead"));
  BOOST_TEST(Has(Get(kRoot + "/namespaces/shop/summaries"), "\"records\":2"));
  BOOST_TEST(Has(Get(kRoot + "/namespaces/shop/taps"), "some"));
}

BOOST_AUTO_TEST_CASE(a_watch_goes_on_and_follow_is_the_standalone_word) {
  StartReady();
  auto reader = FrontProxy();
  reader.Send("GET " + kRoot + "/namespaces/shop/pairs?watch=true HTTP/1.1\r\nHost: x\r\n" + kMax +
              "\r\n");
  reader.ReadUntil("Position");
  hub.Consume(observe::Records(1));
  BOOST_TEST(Has(reader.ReadUntil("\"path\":\"/0\""), "\"path\":\"/0\""));
  BOOST_TEST(Has(Get(kRoot + "/namespaces/shop/pairs?follow=true"), "HTTP/1.1 400"));
}

BOOST_AUTO_TEST_CASE(without_the_right_in_the_namespace_everything_there_is_forbidden) {
  StartReady();
  for (const char* resource : {"pairs", "summaries", "taps", "pairs?colour=red"}) {
    const std::string answer = Get(kRoot + "/namespaces/bank/" + resource);
    BOOST_TEST(Has(answer, "HTTP/1.1 403"));
    BOOST_TEST(Has(answer, "user \\\"max\\\" may not watch the records of namespace \\\"bank\\\""));
  }
}

BOOST_AUTO_TEST_CASE(taps_of_other_namespaces_are_no_part_of_a_namespace) {
  allowed = {"*"};
  StartReady();
  for (const char* tap : {"bank/all", "/all", "shop2/all"}) {
    BOOST_TEST(Has(Get(kRoot + "/namespaces/shop/pairs?tap=" + tap), "HTTP/1.1 400"), tap);
  }
  BOOST_TEST(Has(Get(kRoot + "/namespaces/shop/pairs?tap=shop/all"), "HTTP/1.1 200"));
  BOOST_TEST(Has(Get(kRoot + "/namespaces/shop/pairs?tap=none"), "HTTP/1.1 404"));
  BOOST_TEST(Has(Get(kRoot + "/namespaces/shop/taps"), "some"));
  BOOST_TEST(Has(Get(kRoot + "/taps"), "all"));
}

BOOST_AUTO_TEST_CASE(without_a_namespace_all_that_the_user_may_read_comes) {
  StartReady();
  hub.Consume(observe::Records(1, "shop/all"));
  hub.Consume(observe::Records(1, "bank/all"));
  hub.Consume(observe::Records(1, "everywhere"));
  const std::string some = Get(kRoot + "/pairs");
  BOOST_TEST(Has(some, "shop/all"));
  BOOST_TEST(!Has(some, "\"bank/all\""));
  BOOST_TEST(!Has(some, "\"everywhere\""));
  BOOST_TEST(Has(Get(kRoot + "/pairs?tap=everywhere"), "HTTP/1.1 403"));
  allowed = {"*"};
  clock.Advance(6 * base::kSecond);
  const std::string all = Get(kRoot + "/pairs");
  for (const char* tap : {"\"shop/all\"", "\"bank/all\"", "\"everywhere\""}) {
    BOOST_TEST(Has(all, tap), tap);
  }
  allowed = {};
  clock.Advance(6 * base::kSecond);
  BOOST_TEST(Has(Get(kRoot + "/pairs"), "HTTP/1.1 403"));
}

BOOST_AUTO_TEST_CASE(the_other_side_is_reduced_unless_the_user_may_read_its_namespace_too) {
  StartReady();
  hub.Consume(observe::BatchBuilder().Get("/secret-of-none", 200, "bank").Build());
  const std::string path = kRoot + "/namespaces/shop/pairs";
  BOOST_TEST(Has(Get(path), "\"reduced\":true"));
  allowed = {"shop", "bank"};
  clock.Advance(6 * base::kSecond);
  BOOST_TEST(!Has(Get(path), "\"reduced\":true"));
}

BOOST_AUTO_TEST_CASE(of_a_tap_of_the_cluster_a_namespace_gets_what_touches_it) {
  StartReady();
  hub.Consume(observe::BatchBuilder("everywhere").Get("/in-shop", 200, "bank").Build());
  const std::string named = "/pairs?clusterTap=everywhere";
  const std::string mine = Get(kRoot + "/namespaces/shop" + named);
  BOOST_TEST(Has(mine, "/in-shop"));
  BOOST_TEST(Has(mine, "\"destination\":{\"namespace\":\"bank\",\"reduced\":true}"));
  BOOST_TEST(Has(Get(kRoot + "/namespaces/bank" + named), "HTTP/1.1 403"));
  allowed = {"shop", "mars"};
  clock.Advance(6 * base::kSecond);
  BOOST_TEST(!Has(Get(kRoot + "/namespaces/mars" + named), "/in-shop"));
  for (const char* bad : {"clusterTap=", "clusterTap=shop/all"}) {
    BOOST_TEST(Has(Get(kRoot + "/namespaces/shop/pairs?" + bad), "HTTP/1.1 400"), bad);
  }
  BOOST_TEST(Has(Get(kRoot + "/namespaces/shop/pairs?clusterTap=none"), "HTTP/1.1 404"));
}

BOOST_AUTO_TEST_CASE(only_the_front_proxy_is_believed) {
  StartReady();
  const std::string path = kRoot + "/namespaces/shop/pairs";
  BOOST_TEST(Has(TlsClient(api->port()).Get(path, kMax), "HTTP/1.1 401"));
  BOOST_TEST(Has(TlsClient(api->port()).Get("/apis", kMax), "HTTP/1.1 401"));
  const TlsClient::Identity foreign{files.Path("foreign.pem"), files.Path("foreign.key")};
  BOOST_TEST(TlsClient(api->port(), foreign).Get(path, kMax).empty());
  BOOST_TEST(Has(Get(path, ""), "HTTP/1.1 401"));
  BOOST_TEST(Has(Get(path, kMax + "X-Remote-User: root\r\n"), "HTTP/1.1 401"));
  BOOST_TEST(Has(Get(path, "Authorization: Bearer good\r\n"), "HTTP/1.1 401"));
}

BOOST_AUTO_TEST_CASE(probes_need_nobody) {
  StartReady();
  for (const char* path : {"/healthz", "/livez", "/readyz"}) {
    BOOST_TEST(Has(TlsClient(api->port()).Get(path), "HTTP/1.1 200"), path);
  }
}

BOOST_AUTO_TEST_CASE(until_it_knows_whom_to_believe_it_answers_nobody) {
  SeedApiService();
  Start();
  BOOST_TEST(Has(Get("/apis"), "HTTP/1.1 503"));
  BOOST_TEST(Has(TlsClient(api->port()).Get("/readyz"), "HTTP/1.1 503"));
  SeedFrontProxy();
  BOOST_TEST(fakes::Eventually([&] { return api->ready(); }));
  BOOST_TEST(Has(Get("/apis"), "HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(another_front_proxy_ca_is_taken_over) {
  StartReady();
  SeedFrontProxy("foreign");
  const TlsClient::Identity foreign{files.Path("foreign.pem"), files.Path("foreign.key")};
  BOOST_TEST(fakes::Eventually(
      [&] { return Has(TlsClient(api->port(), foreign).Get("/apis", kMax), "HTTP/1.1 200"); }));
  BOOST_TEST(Get("/apis").empty());
}

BOOST_AUTO_TEST_CASE(while_the_api_server_cannot_say_who_may_read_it_is_503) {
  StartReady();
  kube.Fail("create", kube::kSubjectAccessReviews, absl::UnavailableError("gone"), 1);
  BOOST_TEST(Has(Get(kRoot + "/namespaces/shop/pairs"), "HTTP/1.1 503"));
}

BOOST_AUTO_TEST_CASE(its_certificate_is_published_and_renewed_while_streams_go_on) {
  StartReady();
  const std::string first = Shown();
  BOOST_TEST(CaBundle() == first);
  auto reader = FrontProxy();
  reader.Send("GET " + kRoot + "/namespaces/shop/pairs?watch=1 HTTP/1.1\r\nHost: x\r\n" + kMax +
              "\r\n");
  reader.ReadUntil("Position");
  clock.JumpWall(options.certificate_lifetime * 3 / 4);
  BOOST_TEST(fakes::Eventually([&] { return Shown() != first; }));
  BOOST_TEST(Has(CaBundle(), Shown()));
  BOOST_TEST(Has(CaBundle(), first));
  hub.Consume(observe::Records(1));
  BOOST_TEST(Has(reader.ReadUntil("\"path\":\"/0\""), "\"path\":\"/0\""));
}

BOOST_AUTO_TEST_CASE(with_an_owner_it_is_registered_once_it_can_answer_and_no_longer_than_it_does) {
  const kube::Resource roles{"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole",
                             false};
  kube.Seed(roles, kube::Object(kube::Json{{"metadata", {{"name", "owner"}}}}));
  options.owner = "owner";
  const auto registered = [&] {
    return kube.Get(kube::kApiServices, {"", apiserver::kApiService}, {}).ok();
  };
  fakes::CapturedLog log("apiserver");
  Start();
  BOOST_TEST(
      fakes::Eventually([&] { return !log.Lines("aggregated API not up to date").empty(); }));
  BOOST_TEST(!registered());
  SeedFrontProxy();
  BOOST_TEST(fakes::Eventually([&] { return api->ready(); }));
  BOOST_TEST(registered());
  BOOST_TEST(CaBundle() == Shown());
  api = nullptr;
  BOOST_TEST(!registered());
}

BOOST_AUTO_TEST_CASE(files_take_the_place_of_its_own_certificate_and_are_read_again) {
  fakes::TempDir dir;
  dir.Write("c.pem", files.Read("mesh.pem"));
  dir.Write("k.pem", files.Read("mesh.key"));
  options.certificate_file = dir / "c.pem";
  options.key_file = dir / "k.pem";
  StartReady();
  BOOST_TEST(Has(files.Read("mesh.pem"), Shown()));
  BOOST_TEST(CaBundle().empty());
  dir.Write("c.pem", files.Read("foreign.pem"));  // not the key's: the old ones go on
  BOOST_TEST(Has(files.Read("mesh.pem"), Shown()));
  dir.Write("k.pem", files.Read("foreign.key"));
  BOOST_TEST(fakes::Eventually([&] { return Has(files.Read("foreign.pem"), Shown()); }));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_used_names_its_option) {
  const auto told = [&] {
    return Message(
        AggregatedApi::Start(options, &kube, &hub, &clock, nullptr, nullptr, nullptr).status());
  };
  options.service = "nonsense";
  BOOST_TEST(told().starts_with("--api-service"));
  options.certificate_file = "/nowhere/c.pem";
  options.key_file = "/nowhere/k.pem";
  BOOST_TEST(told().starts_with("--api-cert /nowhere/c.pem"));
  options.certificate_file = files.Path("mesh.pem");
  BOOST_TEST(told().starts_with("--api-key /nowhere/k.pem"));
  options.key_file = files.Path("foreign.key");
  BOOST_TEST(Has(told(), "read the key"));
}

BOOST_AUTO_TEST_CASE(a_pairer_answers_readers_and_needs_no_front_proxy) {
  options.readers_ca_file = files.Path("mesh-ca.pem");
  options.certificate_file = files.Path("mesh.pem");
  options.key_file = files.Path("mesh.key");
  Start();
  BOOST_REQUIRE(fakes::Eventually([&] { return api->ready(); }));
  hub.Consume(observe::Records(1));
  BOOST_TEST(Has(Get(kRoot + "/namespaces/shop/pairs?tap=all"), "\"path\":\"/0\""));
  BOOST_TEST(Has(Get(kRoot + "/namespaces/bank/pairs?tap=all"), "HTTP/1.1 403"));
  TlsClient stranger(api->port());
  BOOST_TEST(Has(stranger.Get(kRoot + "/namespaces/shop/pairs?tap=all", kMax), "HTTP/1.1 401"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
