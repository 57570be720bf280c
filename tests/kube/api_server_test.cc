// SPDX-License-Identifier: Apache-2.0

// The contract of KubeClient against the fake and against a real API server, and what only a real
// one shows.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "contract/kube_client_contract.h"
#include "fakes/fake_kube_client.h"
#include "kube/http_kube_client.h"
#include "source_dir.h"

extern char** environ;

namespace traffictap {
namespace {

namespace data = boost::unit_test::data;
namespace fs = std::filesystem;
using kube::Json;
using kube::Object;

// A real etcd and API server for this process; started by the first test that asks.
class ApiServer {
 public:
  static ApiServer& Get() {
    static ApiServer server;
    return server;
  }
  const std::string& absent() const { return absent_; }
  const std::string& kubeconfig() const { return kubeconfig_; }

  std::unique_ptr<kube::HttpKubeClient> Connect(
      const std::function<void(kube::HttpKubeClientOptions*)>& change = {}) {
    kube::HttpKubeClientOptions options;
    auto access = kube::ReadKubeconfig({.path = kubeconfig_});
    BOOST_TEST_REQUIRE(access.ok(), Message(access.status()));
    options.access = *std::move(access);
    options.writes_per_second = 1000;
    options.write_burst = 1000;
    if (change) change(&options);
    auto client = kube::HttpKubeClient::Make(options, &clock_);
    BOOST_TEST_REQUIRE(client.ok(), Message(client.status()));
    return *std::move(client);
  }

  std::string NewNamespace(const std::string& prefix) {
    const std::string name = prefix.substr(0, 50) + "-" + std::to_string(++namespaces_);
    const auto made =
        Connect()->Create(kube::kNamespaces, Object(Json{{"metadata", {{"name", name}}}}), {});
    BOOST_TEST_REQUIRE(made.ok(), Message(made.status()));
    return name;
  }

  // Throws away etcd's history, as etcd does with what is older than five minutes.
  void Compact() {
    const std::string url = etcd_ + "/v3/kv/";
    const std::string range = Curl(url + "range", R"({"key":"AA=="})");
    const std::string revision = Json::parse(range)["header"]["revision"];
    Curl(url + "compaction", R"({"physical":true,"revision":)" + revision + "}");
  }

 private:
  ApiServer() {
    char path[] = "/tmp/traffictap-api-server-XXXXXX";
    directory_ = mkdtemp(path);
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    std::string program = "python3";
    std::string script = SourceDir() + "/tests/kube/api_server.py";
    char* arguments[] = {program.data(), script.data(), directory_.data(), nullptr};
    posix_spawnp(&pid_, "python3", &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    input_ = in[1];
    std::string line;
    char byte;
    while (read(out[0], &byte, 1) == 1 && byte != '\n') line.push_back(byte);
    close(out[0]);
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word == "ready") {
      words >> kubeconfig_ >> etcd_;
    } else {
      absent_ = line.empty() ? "api_server.py ended" : line;
      BOOST_TEST_MESSAGE("skipped: " << absent_);
    }
  }
  ~ApiServer() {
    close(input_);
    waitpid(pid_, nullptr, 0);
    std::error_code error;
    fs::remove_all(directory_, error);
  }

  static std::string Curl(const std::string& url, const std::string& body) {
    const std::string command = "curl -sS -d '" + body + "' " + url;
    FILE* pipe = popen(command.c_str(), "re");
    std::string out;
    char piece[4096];
    while (const size_t size = fread(piece, 1, sizeof piece, pipe)) out.append(piece, size);
    BOOST_TEST_REQUIRE(pclose(pipe) == 0);
    return out;
  }

  std::string directory_;
  std::string kubeconfig_;
  std::string etcd_;
  std::string absent_;
  pid_t pid_ = 0;
  int input_ = -1;
  int namespaces_ = 0;
  base::SystemClock clock_;
};

boost::test_tools::assertion_result ApiServerIsThere(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result result(ApiServer::Get().absent().empty());
  result.message() << ApiServer::Get().absent();
  return result;
}

BOOST_AUTO_TEST_SUITE(fake_kube_client)

BOOST_DATA_TEST_CASE(the_fake_keeps_the_contract, data::make(contract::KubeClientCases()), which) {
  fakes::FakeKubeClient client;
  which.run(client, "ns");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(api_server, *boost::unit_test::precondition(ApiServerIsThere))

BOOST_DATA_TEST_CASE(a_real_server_keeps_the_contract, data::make(contract::KubeClientCases()),
                     which) {
  auto client = ApiServer::Get().Connect();
  which.run(*client, ApiServer::Get().NewNamespace(which.name));
}

BOOST_AUTO_TEST_CASE(a_watch_from_before_a_compaction_is_gone) {
  auto client = ApiServer::Get().Connect();
  const std::string ns = ApiServer::Get().NewNamespace("compaction");
  const Object old =
      contract::Applied(*client, contract::ConfigMap(ns, "a", {{"k", "1"}}), "traffictap");
  // The revision of the compaction itself stays, so that two changes are needed.
  for (const char* value : {"2", "3"}) {
    contract::Applied(*client, contract::ConfigMap(ns, "a", {{"k", value}}), "traffictap");
  }
  ApiServer::Get().Compact();
  const Status ended = client->Watch(
      kube::kConfigMaps,
      {.ns = ns, .resource_version = old.resource_version(), .duration = 20 * base::kSecond},
      [](const kube::WatchEvent&) {}, {});
  BOOST_TEST(kube::IsGone(ended), Message(ended));
}

BOOST_AUTO_TEST_CASE(a_page_after_a_compaction_is_gone) {
  auto client = ApiServer::Get().Connect();
  const std::string ns = ApiServer::Get().NewNamespace("pages");
  for (int i = 0; i < 4; ++i) {
    contract::Applied(*client, contract::ConfigMap(ns, "a" + std::to_string(i), {}), "traffictap");
  }
  bool first = true;
  const auto version = client->List(kube::kConfigMaps, {.ns = ns, .page_size = 1}, [&](Object) {
    if (!std::exchange(first, false)) return;
    contract::Applied(*client, contract::ConfigMap(ns, "b", {}), "traffictap");
    ApiServer::Get().Compact();
  });
  BOOST_TEST(kube::IsGone(version.status()), Message(version.status()));
}

BOOST_AUTO_TEST_CASE(a_token_authenticates_and_a_wrong_one_is_refused) {
  auto admin = ApiServer::Get().Connect();
  auto client = ApiServer::Get().Connect([](kube::HttpKubeClientOptions* options) {
    options->access.client_certificate_file.clear();
    options->access.client_key_file.clear();
    options->access.token = "wrong";
  });
  const auto refused = client->Get(kube::kNamespaces, {"", "default"}, {});
  BOOST_TEST(absl::IsUnauthenticated(refused.status()), Message(refused.status()));
  const std::string ns = ApiServer::Get().NewNamespace("token");
  constexpr kube::Resource kServiceAccounts{"", "v1", "serviceaccounts", "ServiceAccount"};
  const Object account(Json{{"metadata", {{"namespace", ns}, {"name", "tap"}}}});
  BOOST_TEST_REQUIRE(admin->Create(kServiceAccounts, account, {}).ok());
  const Object review(Json{{"spec", {{"token", "wrong"}}}});
  const auto reviewed = admin->Create(kube::kTokenReviews, review, {});
  BOOST_TEST_REQUIRE(reviewed.ok(), Message(reviewed.status()));
  BOOST_TEST(reviewed->Text("/status/error") != "");
}

BOOST_AUTO_TEST_CASE(an_authority_that_did_not_sign_the_server_is_refused) {
  const std::string pem = ApiServer::Get().kubeconfig() + ".other.pem";
  const std::string make =
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout /dev/null -out " +
      pem + " 2>/dev/null";
  BOOST_TEST_REQUIRE(std::system(make.c_str()) == 0);
  auto client = ApiServer::Get().Connect(
      [&](kube::HttpKubeClientOptions* options) { options->access.ca_file = pem; });
  BOOST_TEST(absl::IsUnavailable(client->GetRaw("/version", {}).status()));
  // The right one again, in the same file: taken at the next reading.
  auto trusting = ApiServer::Get().Connect([&](kube::HttpKubeClientOptions* options) {
    options->credentials_period = 0;
    fs::copy_file(options->access.ca_file, pem, fs::copy_options::overwrite_existing);
    options->access.ca_file = pem;
  });
  BOOST_TEST(trusting->GetRaw("/version", {}).ok());
  BOOST_TEST_REQUIRE(std::system(make.c_str()) == 0);
  BOOST_TEST(!trusting->GetRaw("/version", {}).ok());
}

BOOST_AUTO_TEST_CASE(the_certificate_must_be_for_the_name_that_is_asked_for) {
  const auto named = [](const std::string& name) {
    return ApiServer::Get().Connect(
        [&](kube::HttpKubeClientOptions* options) { options->access.tls_server_name = name; });
  };
  BOOST_TEST(named("kubernetes")->GetRaw("/version", {}).ok());
  BOOST_TEST(absl::IsUnavailable(named("example.com")->GetRaw("/version", {}).status()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
