// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/tap_request.h"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "cli/shell/parse_command.h"
#include "cli/shell/yaml_text.h"
#include "cli/taps/tap_options.h"
#include "source_dir.h"
#include "tap/parse_tap.h"

namespace traffictap {
namespace {

struct Asked {
  cli::TapRequest request;
  std::string query;
};

Asked Ask(const std::vector<std::string>& args, const std::string& ns = "shop") {
  cli::TapOptions options;
  cli::CommandSpec spec;
  cli::AddTapOptions(&options, &spec);
  const auto parsed = cli::ParseCommand(spec, args);
  BOOST_TEST_REQUIRE(parsed.ok(), Message(parsed.status()));
  const cli::Cluster cluster{nullptr, options.cluster.all_namespaces ? "" : ns, false};
  const auto request = cli::MakeTapRequest(options, cluster);
  BOOST_TEST_REQUIRE(request.ok(), Message(request.status()));
  Asked out{*request, ""};
  for (const auto& [name, value] : cli::StreamQuery(*request))
    out.query += name + "=" + value + " ";
  return out;
}

std::string Golden(const std::string& name) {
  std::ifstream file(SourceDir() + "/tests/cli/taps/golden/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Yaml(const cli::TapRequest& request, const std::string& user = "") {
  return cli::YamlText(cli::TemporaryTap(request, user).value());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tap_request)

BOOST_AUTO_TEST_CASE(a_workloads_tap_is_as_it_always_was) {
  const auto asked = Ask({"workload/checkout", "--response-code", "500,599", "--method", "GET",
                          "--direction", "in", "--path", "/pay", "--from", "web"});
  BOOST_TEST(Yaml(asked.request, "jane@example.com") == Golden("workload.yaml"));
  BOOST_TEST(asked.query == "source=web ");
}

BOOST_AUTO_TEST_CASE(a_whole_namespace_has_no_targets_and_the_mesh_is_a_cluster_tap) {
  BOOST_TEST(Yaml(Ask({"--duration", "90s"}).request) == Golden("namespace.yaml"));
  BOOST_TEST(Yaml(Ask({"-A", "--keep-query"}).request) == Golden("mesh.yaml"));
  BOOST_TEST(Yaml(Ask({"ns/shop", "ns/bank"}).request) == Golden("namespaces.yaml"));
}

BOOST_AUTO_TEST_CASE(open_streams_are_asked_for_by_an_option) {
  const auto yaml = Yaml(Ask({"--open-streams", "10s"}).request);
  BOOST_TEST(yaml.find("openStreams: \"10s\"") != std::string::npos, yaml);
  for (const char* interval : {"500ms", "2h", "often"}) {
    cli::TapOptions options;
    cli::CommandSpec spec;
    cli::AddTapOptions(&options, &spec);
    const auto parsed = cli::ParseCommand(spec, {"--open-streams", interval});
    BOOST_TEST(!parsed.ok());
    BOOST_TEST(Message(parsed.status()).find("open-streams") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_share_of_the_requests_is_a_number_or_a_percentage) {
  for (const auto& [text, ratio] : std::vector<std::pair<std::string, double>>{
           {"0.25", 0.25}, {"25%", 0.25}, {"1e-3", 0.001}}) {
    const auto tap = cli::TemporaryTap(Ask({"cart", "--sample", text}).request, "");
    const kube::Json* found = tap.Find("/spec/sampling/ratio");
    BOOST_TEST_REQUIRE((found != nullptr), text);
    BOOST_TEST(found->get<double>() == ratio, text);
  }
  BOOST_TEST(
      (cli::TemporaryTap(Ask({"cart", "--sample", "100%"}).request, "").Find("/spec/sampling") ==
       nullptr));
  for (const char* share : {"0", "0%", "1.5", "101%", "nan", "-1", "%", "0.1x", "half"}) {
    cli::TapOptions options;
    cli::CommandSpec spec;
    cli::AddTapOptions(&options, &spec);
    const auto parsed = cli::ParseCommand(spec, {std::string("--sample=") + share});
    BOOST_TEST(!parsed.ok(), share);
    BOOST_TEST(Message(parsed.status()).find("sample") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(who_filters_by_open_streams_has_them_reported) {
  const auto open = Ask({"--state", "Open"});
  BOOST_TEST(Yaml(open.request).find("openStreams: \"10s\"") != std::string::npos);
  BOOST_TEST(open.query == "state=Open ");
  const auto often = Yaml(Ask({"--state", "Open", "--open-streams", "2s"}).request);
  BOOST_TEST(often.find("openStreams: \"2s\"") != std::string::npos, often);
  BOOST_TEST(Yaml(Ask({"--state", "Ended"}).request).find("openStreams") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_parser_of_taps_takes_what_is_written) {
  for (const auto& args : std::vector<std::vector<std::string>>{
           {"checkout", "pod/a.b",     "gateway/g",  "--response-code", "404|5xx",
            "--flag",   "UF",          "--protocol", "http2",           "--min-duration",
            "1s",       "--authority", "*.example",  "--header",        "x-tenant:blue",
            "--not",    "--header",    "x-probe",    "--path",          "=/cart?id=1"},
           {"-A"},
           {"svc/cart", "deploy/cart", "rs/cart-5d9c", "job/load", "dc/cart"},
           {"-l", "app=cart,version in (v1, v2)"},
           {"-l", "app=cart", "-A"},
           {"ns/a", "ns/b"}}) {
    auto object = cli::TemporaryTap(Ask(args).request, "x");
    object.value()["metadata"]["name"] = "x";
    const auto parsed = tap::ParseTaps("x", object.Serialize());
    BOOST_TEST(parsed.errors.empty(), object.Serialize());
    BOOST_TEST(parsed.taps.size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(with_peers_taps_the_namespace_and_shows_the_targets_alone) {
  const auto both = Ask({"cart", "stock", "--with-peers", "--method", "GET"});
  BOOST_TEST(both.query == "workload=shop/cart workload=shop/stock ");
  const std::string yaml = Yaml(both.request);
  BOOST_TEST(yaml.find("targets") == std::string::npos, yaml);
  BOOST_TEST(yaml.find("GET") != std::string::npos, yaml);
  const auto served = Ask({"cart", "--with-peers", "--direction", "in", "--from", "web"});
  BOOST_TEST(served.query == "source=web destination=shop/cart ");
  BOOST_TEST(Yaml(served.request).find("direction") == std::string::npos);
  BOOST_TEST(Ask({"cart", "--with-peers", "--direction", "out"}).query == "source=shop/cart ");
}

BOOST_AUTO_TEST_CASE(a_selector_is_a_target_for_each_set_of_labels) {
  const auto object = cli::TemporaryTap(Ask({"-l", "app=cart,version in (v1,v2)"}).request, "");
  const kube::Json expected = {
      {{"kind", "Pod"}, {"selector", {{"app", "cart"}, {"version", "v1"}}}},
      {{"kind", "Pod"}, {"selector", {{"app", "cart"}, {"version", "v2"}}}}};
  BOOST_TEST((*object.Find("/spec/targets") == expected));
  BOOST_TEST(object.Text("/metadata/generateName") == "tap-");
}

BOOST_AUTO_TEST_CASE(a_selector_and_targets_do_not_go_together) {
  cli::TapOptions options;
  cli::CommandSpec spec;
  cli::AddTapOptions(&options, &spec);
  BOOST_REQUIRE(cli::ParseCommand(spec, {"cart", "-l", "app=cart"}).ok());
  const auto request = cli::MakeTapRequest(options, cli::Cluster{nullptr, "shop", false});
  BOOST_TEST(absl::IsInvalidArgument(request.status()));
}

BOOST_AUTO_TEST_CASE(which_peers_are_attached_is_a_field_of_the_tap) {
  const auto attach = [](std::vector<std::string> args) {
    args.insert(args.begin(), "cart");
    const auto tap = cli::TemporaryTap(Ask(args).request, "");
    return tap.Text("/spec/peers/attach");
  };
  BOOST_TEST(attach({}) == "");
  BOOST_TEST(attach({"--attach-peers", "none"}) == "None");
  BOOST_TEST(attach({"--attach-peers", "mesh"}) == "Mesh");
  BOOST_TEST(attach({"--attach-peers", "same-namespace"}) == "SameNamespace");
}

BOOST_AUTO_TEST_CASE(with_peers_goes_with_workloads_alone) {
  for (const auto& args : std::vector<std::vector<std::string>>{{"--with-peers"},
                                                                {"pod/cart-1", "--with-peers"},
                                                                {"svc/cart", "--with-peers"},
                                                                {"rs/cart-5d9c", "--with-peers"},
                                                                {"ns/shop", "--with-peers"}}) {
    cli::TapOptions options;
    cli::CommandSpec spec;
    cli::AddTapOptions(&options, &spec);
    BOOST_REQUIRE(cli::ParseCommand(spec, args).ok());
    const auto request = cli::MakeTapRequest(options, cli::Cluster{nullptr, "shop", false});
    BOOST_TEST(absl::IsInvalidArgument(request.status()));
    BOOST_TEST(Message(request.status()).find("--with-peers") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_long_name_leaves_room_for_the_servers_part) {
  const auto asked = Ask({"workload/" + std::string(63, 'a')});
  const auto object = cli::TemporaryTap(asked.request, "");
  BOOST_TEST(object.Text("/metadata/generateName").size() <= 58u);
}

BOOST_AUTO_TEST_CASE(a_tap_to_be_planned_is_the_same_with_a_mark) {
  const auto asked = Ask({"cart"});
  kube::Object planned = cli::PlanOnlyTap(asked.request, "");
  BOOST_TEST(planned.annotation("traffictap.io/plan-only") == "true");
  planned.value()["metadata"].erase("annotations");
  BOOST_TEST((planned == cli::TemporaryTap(asked.request, "")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
