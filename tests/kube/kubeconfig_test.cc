// SPDX-License-Identifier: Apache-2.0
#include "kube/kubeconfig.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "fakes/scoped_env.h"
#include "fakes/temp_dir.h"

namespace traffictap {
namespace {

using kube::ClusterAccess;

constexpr char kWhole[] = R"(
apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c1
  cluster: {server: "https://one:6443", certificate-authority: pki/ca.crt, tls-server-name: kubernetes}
- name: c2
  cluster: {server: "https://two:6443", certificate-authority-data: Q0E=, insecure-skip-tls-verify: true}
users:
- name: u1
  user: {client-certificate: /abs/c.crt, client-key-data: S0VZ}
- name: u2
  user: {token: t, tokenFile: refreshed}
- name: u3
  user: {tokenFile: token}
- name: u4
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: bin/plugin
      args: [a, "b c"]
      env: [{name: X, value: "1"}]
      interactiveMode: Never
      provideClusterInfo: true
      installHint: get it
contexts:
- {name: one, context: {cluster: c1, user: u1, namespace: shop}}
- {name: two, context: {cluster: c2, user: u2}}
- {name: three, context: {cluster: c1, user: u3}}
- {name: four, context: {cluster: c1, user: u4}}
- {name: broken, context: {cluster: nowhere, user: u1}}
)";

struct Rig {
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = dir.path().string() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  StatusOr<ClusterAccess> Read(const std::string& context = "", const std::string& text = kWhole) {
    return kube::ReadKubeconfig({.path = Write("config", text), .context = context});
  }
  ClusterAccess Must(const std::string& context) {
    auto access = Read(context);
    BOOST_TEST_REQUIRE(access.ok(), Message(access.status()));
    return *std::move(access);
  }

  fakes::TempDir dir;
};

BOOST_AUTO_TEST_SUITE(kubeconfig)

BOOST_AUTO_TEST_CASE(the_current_context_brings_cluster_user_and_namespace) {
  Rig rig;
  const auto access = rig.Must("");
  BOOST_TEST(access.context == "one");
  BOOST_TEST(access.server == "https://one:6443");
  BOOST_TEST(access.tls_server_name == "kubernetes");
  BOOST_TEST(access.ca_file == rig.dir.path().string() + "/pki/ca.crt");
  BOOST_TEST(access.client_certificate_file == "/abs/c.crt");
  BOOST_TEST(access.client_key_pem == "KEY");
  BOOST_TEST(access.ns == "shop");
}

BOOST_AUTO_TEST_CASE(a_named_context_wins_and_data_and_tokens_are_read) {
  Rig rig;
  const auto two = rig.Must("two");
  BOOST_TEST(two.ca_pem == "CA");
  BOOST_TEST(two.ca_file == "");
  BOOST_TEST(two.insecure_skip_tls_verify);
  BOOST_TEST(two.token == "t");
  BOOST_TEST(two.token_file == rig.dir.path().string() + "/refreshed");
  BOOST_TEST(two.ns == "default");
  BOOST_TEST(rig.Must("three").token_file == rig.dir.path().string() + "/token");
}

BOOST_AUTO_TEST_CASE(a_plugin_is_read_whole) {
  Rig rig;
  const auto exec = rig.Must("four").exec;
  BOOST_TEST(exec.command == rig.dir.path().string() + "/bin/plugin");
  BOOST_TEST(exec.args.size() == 2u);
  BOOST_TEST(exec.env.at("X") == "1");
  BOOST_TEST((exec.interactive_mode == kube::ExecPlugin::InteractiveMode::kNever));
  BOOST_TEST(exec.provide_cluster_info);
  BOOST_TEST(exec.install_hint == "get it");
}

BOOST_AUTO_TEST_CASE(faults_name_the_field_and_what_there_is) {
  Rig rig;
  const auto says = [&](const std::string& context, const std::string& text,
                        const std::string& expected) {
    const auto read = rig.Read(context, text);
    BOOST_TEST(absl::IsInvalidArgument(read.status()), text);
    BOOST_TEST(Message(read.status()).find(expected) != std::string::npos, Message(read.status()));
  };
  const auto user = [](const std::string& fields) {
    return "current-context: x\nclusters: [{name: c, cluster: {server: 'https://a'}}]\n"
           "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
           "users: [{name: u, user: {" +
           fields + "}}]\n";
  };
  says("none", kWhole, "no context named \"none\": there is one, two, three, four, broken");
  says("broken", kWhole, "no cluster named \"nowhere\"");
  says("", "a: [", "correct the YAML");
  says("", "[]", "is this a kubeconfig?");
  says("", "kind: Config", "current-context: is not set");
  says("", user("auth-provider: {name: gcp}"), "auth-provider: is not supported");
  says("", user("as-groups: [admins]"), "a group or a uid needs a user");
  says("", user("client-key-data: '!'"), "client-key-data: is not base64");
  says("", user("exec: {command: x, apiVersion: v0}"), "exec.apiVersion: \"v0\"");
  says("", user("exec: {apiVersion: client.authentication.k8s.io/v1}"), "exec.command: is missing");
}

BOOST_AUTO_TEST_CASE(of_several_files_the_first_to_name_a_thing_wins) {
  Rig rig;
  const std::string first = rig.Write("first", "current-context: two\n");
  const std::string second = rig.Write("second", kWhole);
  const fakes::ScopedEnv env("KUBECONFIG",
                             first + ":" + rig.dir.path().string() + "/missing:" + second);
  const auto access = kube::ReadKubeconfig({});
  BOOST_TEST_REQUIRE(access.ok(), Message(access.status()));
  BOOST_TEST(access->server == "https://two:6443");
}

BOOST_AUTO_TEST_CASE(a_server_without_a_scheme_is_spoken_to_by_https_where_tls_is_set_up) {
  Rig rig;
  const auto server = [&](const std::string& cluster) {
    const auto path = rig.Write("bare", "clusters: [{name: c, cluster: {" + cluster + "}}]\n");
    const auto access = kube::ReadKubeconfig({.path = path, .cluster = "c"});
    BOOST_TEST_REQUIRE(access.ok(), Message(access.status()));
    return access->server;
  };
  BOOST_TEST(server("server: '10.0.0.1:8080'") == "http://10.0.0.1:8080");
  BOOST_TEST(server("server: 'api:6443', certificate-authority-data: Q0E=") == "https://api:6443");
  BOOST_TEST(server("server: 'api:6443', certificate-authority: ca.crt") == "https://api:6443");
  BOOST_TEST(server("server: 'api', insecure-skip-tls-verify: true") == "https://api");
}

BOOST_AUTO_TEST_CASE(yaml_merge_keys_are_followed_and_what_stands_beside_them_wins) {
  Rig rig;
  const auto path =
      rig.Write("merged",
                "common: &common {server: 'https://a', tls-server-name: b}\n"
                "more: &more {server: 'https://c', certificate-authority-data: Q0E=}\n"
                "clusters:\n"
                "- {name: one, cluster: {<<: *common, tls-server-name: own}}\n"
                "- {name: two, cluster: {<<: [*common, *more]}}\n");
  const auto one = kube::ReadKubeconfig({.path = path, .cluster = "one"});
  BOOST_TEST_REQUIRE(one.ok(), Message(one.status()));
  BOOST_TEST(one->server == "https://a");
  BOOST_TEST(one->tls_server_name == "own");
  const auto two = kube::ReadKubeconfig({.path = path, .cluster = "two"});
  BOOST_TEST_REQUIRE(two.ok(), Message(two.status()));
  BOOST_TEST(two->server == "https://a");
  BOOST_TEST(two->ca_pem == "CA");
}

BOOST_AUTO_TEST_CASE(files_that_are_empty_or_missing_say_nothing) {
  Rig rig;
  const std::string list = rig.Write("empty", "") + ":" + rig.Write("remark", "# nothing yet\n") +
                           ":" + rig.dir.path().string() + "/missing:" + rig.Write("whole", kWhole);
  const fakes::ScopedEnv env("KUBECONFIG", list);
  const auto access = kube::ReadKubeconfig({});
  BOOST_TEST_REQUIRE(access.ok(), Message(access.status()));
  BOOST_TEST(access->server == "https://one:6443");
}

BOOST_AUTO_TEST_CASE(where_all_are_empty_there_is_no_kubeconfig) {
  Rig rig;
  const fakes::ScopedEnv env("KUBECONFIG", rig.Write("empty", ""));
  const auto access = kube::ReadKubeconfig({});
  BOOST_TEST(absl::IsNotFound(access.status()), Message(access.status()));
}

BOOST_AUTO_TEST_CASE(the_home_kubeconfig_comes_before_the_pods_account) {
  Rig rig;
  const fakes::ScopedEnv none("KUBECONFIG", "");
  const fakes::ScopedEnv home("HOME", rig.dir.path().string());
  const fakes::ScopedEnv host("KUBERNETES_SERVICE_HOST", "10.0.0.1");
  const fakes::ScopedEnv port("KUBERNETES_SERVICE_PORT", "443");
  std::filesystem::create_directory(rig.dir.path() / ".kube");
  rig.Write(".kube/config", kWhole);
  const auto access = kube::FindClusterAccess({});
  BOOST_TEST_REQUIRE(access.ok(), Message(access.status()));
  BOOST_TEST(access->server == "https://one:6443");
}

BOOST_AUTO_TEST_CASE(options_stand_in_for_what_the_file_says) {
  Rig rig;
  const std::string path = rig.Write("config", kWhole);
  const auto cluster = kube::ReadKubeconfig({.path = path, .cluster = "c2", .user = "u3"});
  BOOST_TEST_REQUIRE(cluster.ok(), Message(cluster.status()));
  BOOST_TEST(cluster->server == "https://two:6443");
  BOOST_TEST(cluster->token_file == rig.dir.path().string() + "/token");
  BOOST_TEST(cluster->ns == "shop");
  const auto token =
      kube::ReadKubeconfig({.path = path, .token = "mine", .insecure_skip_tls_verify = true});
  BOOST_TEST_REQUIRE(token.ok(), Message(token.status()));
  BOOST_TEST(token->token == "mine");
  BOOST_TEST(token->client_certificate_file == "");
  BOOST_TEST(token->client_key_pem == "");
  BOOST_TEST(token->insecure_skip_tls_verify);
  // Without a current context a cluster and a user are enough.
  const std::string bare =
      rig.Write("bare", "clusters: [{name: c, cluster: {server: 'https://a'}}]\n");
  BOOST_TEST(kube::ReadKubeconfig({.path = bare, .cluster = "c"})->server == "https://a");
}

BOOST_AUTO_TEST_CASE(impersonation_is_read_and_options_win) {
  Rig rig;
  const std::string path =
      rig.Write("config",
                "current-context: x\nclusters: [{name: c, cluster: {server: 'https://a'}}]\n"
                "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
                "users: [{name: u, user: {token: t, as: jane, as-uid: '7', as-groups: [dev, ops], "
                "as-user-extra: {scopes: [view]}}}]\n");
  const auto read = kube::ReadKubeconfig({.path = path});
  BOOST_TEST_REQUIRE(read.ok(), Message(read.status()));
  BOOST_TEST(read->impersonate.user == "jane");
  BOOST_TEST(read->impersonate.uid == "7");
  BOOST_TEST((read->impersonate.groups == std::vector<std::string>{"dev", "ops"}));
  BOOST_TEST(read->impersonate.extra.at("scopes").at(0) == "view");
  const auto other =
      kube::ReadKubeconfig({.path = path, .impersonate = {.user = "joe", .groups = {"qa"}}});
  BOOST_TEST(other->impersonate.user == "joe");
  BOOST_TEST((other->impersonate.groups == std::vector<std::string>{"qa"}));
}

BOOST_AUTO_TEST_CASE(a_proxy_is_read_or_refused_by_kind) {
  Rig rig;
  const auto read = [&](const std::string& proxy) {
    return rig.Read("",
                    "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
                    "clusters: [{name: c, cluster: {server: 'https://a', proxy-url: '" +
                        proxy + "'}}]\n");
  };
  BOOST_TEST(read("http://bastion:3128")->proxy_url == "http://bastion:3128");
  for (const char* wrong : {"socks5://bastion:1080", "https://bastion:3128"}) {
    const auto refused = read(wrong);
    BOOST_TEST(absl::IsInvalidArgument(refused.status()), wrong);
    BOOST_TEST(Message(refused.status()).find("is not supported") != std::string::npos);
  }
  BOOST_TEST(absl::IsInvalidArgument(read("bastion").status()));
}

BOOST_AUTO_TEST_CASE(a_server_without_a_scheme_is_asked_by_tls_where_tls_is_set_up) {
  Rig rig;
  const auto server = [&](const std::string& address, const std::string& cluster,
                          const std::string& user) {
    const auto read =
        rig.Read("",
                 "current-context: x\n"
                 "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
                 "clusters: [{name: c, cluster: {server: '" +
                     address + "'" + cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\n");
    BOOST_TEST_REQUIRE(read.ok(), Message(read.status()));
    return read->server;
  };
  BOOST_TEST(server("localhost:8080", "", "token: t") == "http://localhost:8080");
  for (const char* cluster :
       {", certificate-authority: ca.crt",
        ", certificate-authority-data: Q0E=", ", insecure-skip-tls-verify: true"}) {
    BOOST_TEST(server("10.0.0.1:6443", cluster, "token: t") == "https://10.0.0.1:6443");
  }
  BOOST_TEST(server("api.example", "", "client-certificate: c.crt") == "https://api.example");
  BOOST_TEST(server("http://a:80", ", certificate-authority: ca.crt", "") == "http://a:80");
}

BOOST_AUTO_TEST_CASE(what_is_null_is_not_there) {
  Rig rig;
  const auto read = rig.Read("",
                             "current-context: x\n"
                             "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
                             "clusters: [{name: c, cluster: {server: 'https://a'}}]\n"
                             "users: [{name: u, user: {token: t, auth-provider: null}}]\n");
  BOOST_TEST_REQUIRE(read.ok(), Message(read.status()));
  BOOST_TEST(read->token == "t");
}

BOOST_AUTO_TEST_CASE(a_file_that_a_person_named_must_be_there) {
  BOOST_TEST(absl::IsNotFound(kube::ReadKubeconfig({.path = "/no/such/file"}).status()));
}

BOOST_AUTO_TEST_CASE(a_pods_service_account_is_found_also_on_ipv6) {
  Rig rig;
  rig.Write("token", "t");
  rig.Write("namespace", "traffictap-system\n");
  const auto access =
      kube::InClusterAccess({.folder = rig.dir.path().string(), .host = "fd00::1", .port = "443"});
  BOOST_TEST_REQUIRE(access.ok(), Message(access.status()));
  BOOST_TEST(access->server == "https://[fd00::1]:443");
  BOOST_TEST(access->token_file == rig.dir.path().string() + "/token");
  BOOST_TEST(access->ca_file == rig.dir.path().string() + "/ca.crt");
  BOOST_TEST(access->ns == "traffictap-system");
  BOOST_TEST(absl::IsNotFound(
      kube::InClusterAccess({.folder = "/none", .host = "10.0.0.1", .port = "443"}).status()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
