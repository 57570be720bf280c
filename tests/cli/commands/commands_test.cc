// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <boost/test/unit_test.hpp>

#include "cli/commands/program.h"
#include "cli/records/cluster.h"
#include "cli/taps/tap_request.h"
#include "fakes/captured_console.h"
#include "fakes/fake_kube_client.h"
#include "fakes/temp_dir.h"
#include "tap/output_file.h"

namespace traffictap {
namespace {

using kube::Json;
using kube::Object;

constexpr char kGroup[] = "/apis/tap.traffictap.io/v1alpha1";
constexpr char kRecord[] =
    "{\"schemaVersion\":\"v1\",\"id\":\"1\",\"tap\":\"shop/t\",\"verdict\":\"Ok\"}\n";

// A cluster whose operator never looks at a tap.
struct Fixture {
  Fixture() {
    client.Seed(kube::kNamespaces, Object(Json{{"metadata", {{"name", "shop"}}}}));
    client.Seed(kube::kPods, Object(Json{{"metadata", {{"name", "cart"}, {"namespace", "shop"}}}}));
    client.SetRaw(kGroup, "{}");
    client.AnswerReviews(kube::kSelfSubjectReviews, [this](Object asked) {
      asked.value()["status"]["userInfo"]["username"] = user;
      return asked;
    });
    client.AnswerReviews(kube::kSelfSubjectAccessReviews, [this](Object asked) {
      const std::string what = asked.Text("/spec/resourceAttributes/verb") + " " +
                               asked.Text("/spec/resourceAttributes/resource");
      asked.value()["status"]["allowed"] = what != forbidden;
      return asked;
    });
    client.AnswerStreams(
        [this](const std::string& path, const kube::StreamHandlers& to, std::stop_token) {
          streams.push_back(path);
          TT_RETURN_IF_ERROR(to.on_bytes(kRecord));
          return to.on_bytes("{\"type\":\"End\",\"reason\":\"BacklogRead\"}\n");
        });
  }

  int Run(const std::vector<std::string>& args) {
    console = {};
    cli::Session session{&console, &clock, stop.get_token(), [this](const auto& options) {
                           cli::Cluster out;
                           // Lent: the command does not delete it.
                           out.client =
                               std::shared_ptr<kube::KubeClient>(std::shared_ptr<void>(), &client);
                           out.ns = options.all_namespaces ? "" : "shop";
                           return StatusOr<cli::Cluster>(std::move(out));
                         }};
    return cli::RunProgram(args, session);
  }
  std::vector<Object> Taps() { return client.All(kube::kTrafficTaps); }
  bool Said(const std::string& text) { return console.said.find(text) != std::string::npos; }
  Object Seed(const std::string& name, bool temporary, const std::string& owner) {
    Json metadata = {{"name", name}, {"namespace", "shop"}};
    if (temporary) metadata["labels"][cli::kTemporaryLabel] = "true";
    if (!owner.empty()) metadata["annotations"][cli::kUserAnnotation] = owner;
    return client.Seed(kube::kTrafficTaps, Object(Json{{"metadata", metadata}}));
  }

  fakes::FakeKubeClient client;
  fakes::CapturedConsole console;
  base::SystemClock clock;
  std::stop_source stop;
  std::string user = "jane";
  std::string forbidden;
  std::vector<std::string> streams;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(commands, Fixture)

BOOST_AUTO_TEST_CASE(a_tap_that_nobody_looks_at_is_given_up_and_deleted) {
  BOOST_TEST(Run({"tap", "cart", "--wait", "1ms"}) == 5);
  BOOST_TEST(Said("the operator has not looked at the tap"));
  BOOST_TEST(Taps().empty());
  BOOST_TEST(client.writes().size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_interrupt_deletes_the_tap) {
  stop.request_stop();
  BOOST_TEST(Run({"tap", "cart"}) == 1);
  BOOST_TEST(Taps().empty());
  BOOST_TEST(console.output.empty());
}

BOOST_AUTO_TEST_CASE(a_tap_that_cannot_be_deleted_is_told_of) {
  client.Fail("delete", kube::kTrafficTaps, absl::UnavailableError("gone"), 3);
  BOOST_TEST(Run({"tap", "cart", "--wait", "1ms"}) == 5);
  BOOST_TEST(Said("kubectl traffictap stop shop/tap-cart-"));
}

BOOST_AUTO_TEST_CASE(nothing_is_created_for_whoever_lacks_a_right_or_a_name) {
  for (const char* right :
       {"create traffictaps", "get traffictaps", "delete traffictaps", "watch pairs"}) {
    forbidden = right;
    BOOST_TEST(Run({"tap", "cart"}) == 4);
    BOOST_TEST(Said(std::string("user jane may not ") + right));
    BOOST_TEST(Said("traffictap-tapper"));
  }
  forbidden.clear();
  BOOST_TEST(Run({"tap", "crat"}) == 3);
  BOOST_TEST(Said("did you mean \"cart\"?"));
  BOOST_TEST(client.writes().empty());
}

BOOST_AUTO_TEST_CASE(a_cluster_without_traffictap_says_so) {
  client.SetRaw(kGroup, "{}");
  client.Fail(
      "create", kube::kTrafficTaps,
      kube::ToStatus({404, "NotFound", "", "the server could not find the requested resource", {}},
                     "create", "x"));
  BOOST_TEST(Run({"tap", "cart"}) == 5);
  BOOST_TEST(Said("TrafficTap is not installed"));
}

BOOST_AUTO_TEST_CASE(an_api_server_that_is_away_is_told_by_the_first_call) {
  client.Fail("create", kube::kSelfSubjectReviews, absl::UnavailableError("refused"));
  BOOST_TEST(Run({"tap", "cart"}) == 1);
  BOOST_TEST(Said("the API server does not answer: refused"));
  client.Fail("create", kube::kSelfSubjectReviews,
              kube::ToStatus({401, "Unauthorized", "", "Unauthorized", {}}, "create", "x"));
  BOOST_TEST(Run({"tap", "cart"}) == 4);
  BOOST_TEST(Said("log in again"));
}

BOOST_AUTO_TEST_CASE(print_cr_writes_the_object_and_asks_nobody) {
  BOOST_TEST(Run({"tap", "cart", "--print-cr", "--from", "web"}) == 0);
  BOOST_TEST(Said("source=web; pass it to attach"));
  BOOST_TEST(console.output.starts_with("apiVersion: traffictap.io/v1alpha1\nkind: TrafficTap\n"));
  BOOST_TEST(client.writes().empty());
}

BOOST_AUTO_TEST_CASE(attach_shows_the_records_of_taps_that_are_there) {
  Seed("t", false, "");
  BOOST_TEST(Run({"attach", "t", "-o", "json", "--method", "GET"}) == 0);
  BOOST_TEST(console.output.find("\"id\":\"1\"") != std::string::npos);
  BOOST_TEST(streams.at(0) ==
             std::string(kGroup) +
                 "/namespaces/shop/pairs?watch=true&method=GET&tap=shop%2Ft&since=0s");
  BOOST_TEST(Run({"attach", "traffictap.traffictap.io/t", "--no-follow", "-o", "json"}) == 0);
  BOOST_TEST(streams.at(1) == std::string(kGroup) + "/namespaces/shop/pairs?tap=shop%2Ft");
  BOOST_TEST(Run({"attach", "tt"}) == 3);
  BOOST_TEST(Said("did you mean \"shop/t\"?"));
}

BOOST_AUTO_TEST_CASE(attach_begins_with_the_last_records_and_goes_on_after_them) {
  Seed("t", false, "");
  client.AnswerStreams(
      [this](const std::string& path, const kube::StreamHandlers& to, std::stop_token) -> Status {
        streams.push_back(path);
        const auto record = [&](const std::string& id) {
          return to.on_bytes("{\"schemaVersion\":\"v1\",\"id\":\"" + id +
                             "\",\"timings\":{\"startTime\":\"2026-01-31T12:00:0" + id + "Z\"}}\n");
        };
        if (path.find("after=p1") == std::string::npos) {
          for (const char* id : {"2", "1", "3"}) TT_RETURN_IF_ERROR(record(id));
          TT_RETURN_IF_ERROR(to.on_bytes("{\"type\":\"Position\",\"position\":\"p1\"}\n"));
        } else {
          TT_RETURN_IF_ERROR(record("4"));
        }
        return to.on_bytes("{\"type\":\"End\",\"reason\":\"BacklogRead\"}\n");
      });
  const std::string pairs = std::string(kGroup) + "/namespaces/shop/pairs?";
  BOOST_TEST(Run({"attach", "t", "--last", "2", "-o", "jsonpath={.id}"}) == 0, console.said);
  BOOST_TEST(console.output == "2\n3\n4\n");
  BOOST_TEST(streams.at(0) == pairs + "tap=shop%2Ft");
  BOOST_TEST(streams.at(1) == pairs + "watch=true&tap=shop%2Ft&after=p1");
  BOOST_TEST(Run({"attach", "t", "--last", "1", "--no-follow", "-o", "jsonpath={.id}"}) == 0);
  BOOST_TEST(console.output == "3\n");
  BOOST_TEST(streams.size() == 3u);
  BOOST_TEST(Run({"attach", "t", "--last", "9", "--max", "1", "-o", "jsonpath={.id}"}) == 0);
  BOOST_TEST(console.output == "1\n");
  BOOST_TEST(streams.size() == 4u);
  BOOST_TEST(Run({"attach", "t", "--last", "0"}) == 2);
}

BOOST_AUTO_TEST_CASE(attach_reads_a_tap_of_another_namespace_where_it_is) {
  client.Seed(kube::kTrafficTaps,
              Object(Json{{"metadata", {{"name", "b"}, {"namespace", "bank"}}}}));
  BOOST_TEST(Run({"attach", "bank/b", "--since", "5m", "-o", "json"}) == 0);
  BOOST_TEST(streams.at(0).find("/namespaces/bank/pairs?watch=true&tap=bank%2Fb&since=5m") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(options_of_the_cluster_may_stand_before_the_command) {
  Seed("t", false, "");
  for (const auto& args : std::vector<std::vector<std::string>>{
           {"-n", "list", "list", "-o", "name"},
           {"--namespace=shop", "--context", "one", "list", "-o", "name"},
           {"-nshop", "--insecure-skip-tls-verify", "list", "-o", "name"}}) {
    BOOST_TEST(Run(args) == 0, console.said);
    BOOST_TEST(console.output == "shop/t\n");
  }
  BOOST_TEST(Run({"-o", "name", "list"}) == 2);
  BOOST_TEST(Run({"-n", "shop"}) == 2);
  BOOST_TEST(Run({"-n", "shop", "lst"}) == 2);
  BOOST_TEST(Said("did you mean list?"));
}

BOOST_AUTO_TEST_CASE(list_shows_what_taps_saw_and_lost) {
  Object tap = Seed("t", false, "");
  tap.value()["status"] = {
      {"conditions",
       {{{"type", "Ready"}, {"status", "True"}, {"reason", "Capturing"}, {"message", "fine"}}}},
      {"workloads", {{"reporting", 2}, {"proxies", 3}}},
      {"records", 7},
      {"pairs", 6},
      {"lostEntries", 1},
      {"dropped", 4}};
  client.Seed(kube::kTrafficTaps, tap);
  BOOST_TEST(Run({"list"}) == 0);
  BOOST_TEST(console.output.find("shop/t  True   Capturing  2/3") != std::string::npos,
             console.output);
  BOOST_TEST(Run({"list", "-o", "name"}) == 0);
  BOOST_TEST(console.output == "shop/t\n");
  BOOST_TEST(Run({"list", "-o", "wide", "--no-headers"}) == 0);
  BOOST_TEST(console.output.find("fine") != std::string::npos);
  BOOST_TEST(Run({"list", "-o", "json"}) == 0);
  BOOST_TEST(Json::parse(console.output).at(0).at("status").at("records") == 7);
}

BOOST_AUTO_TEST_CASE(status_shows_what_became_of_each_target) {
  Object tap = Seed("t", false, "");
  BOOST_TEST(Run({"status", "t"}) == 0);
  BOOST_TEST(console.output == "shop/t: the operator has not looked at it yet\n");
  tap.value()["status"] = {
      {"conditions",
       {{{"type", "Ready"}, {"status", "True"}, {"reason", "Capturing"}, {"message", "fine"}}}},
      {"targets",
       {{{"kind", "Service"}, {"name", "x"}, {"state", "NotAttached"}, {"reason", "NotFound"}}}},
      {"verdicts", {{"Ok", 12}, {"Denied", 3}}}};
  client.Seed(kube::kTrafficTaps, tap);
  BOOST_TEST(Run({"status", "shop/t"}) == 0);
  BOOST_TEST(console.output.find("shop/t: Capturing: fine\n") == 0u, console.output);
  BOOST_TEST(console.output.find("Service/x  NotAttached  NotFound") != std::string::npos);
  BOOST_TEST(console.output.find("  Ok      12\n  Denied  3\n") != std::string::npos);
  BOOST_TEST(Run({"status", "t", "-o", "json"}) == 0);
  BOOST_TEST(Json::parse(console.output).at("targets").size() == 1u);
  BOOST_TEST(Run({"status", "nobody"}) == 3);
  BOOST_TEST(Run({"status"}) == 2);
}

BOOST_AUTO_TEST_CASE(stop_ends_what_this_program_started_and_nothing_else) {
  Seed("mine", true, "jane");
  Seed("theirs", true, "joe");
  Seed("kept", false, "");
  BOOST_TEST(Run({"stop"}) == 2);
  BOOST_TEST(Run({"stop", "kept"}) == 2);
  BOOST_TEST(Run({"stop", "nobody"}) == 3);
  BOOST_TEST(Run({"stop", "--all-mine"}) == 0);
  BOOST_TEST(console.output == "shop/mine stopped\n");
  BOOST_TEST(Run({"stop", "shop/theirs"}) == 0);
  BOOST_TEST(Taps().size() == 1u);
}

BOOST_AUTO_TEST_CASE(dump_asks_the_recorders_of_the_named_taps) {
  std::vector<std::string> asked;
  client.AnswerReviews(kube::kDumps, [&](Object dump) {
    asked.push_back(dump.key().ToString() + " " + dump.value()["spec"].dump());
    return dump;
  });
  BOOST_TEST(Run({"dump", "checkout", "bank/cards", "--before", "5m", "--after", "30s"}) == 0);
  BOOST_REQUIRE(asked.size() == 2u);
  BOOST_TEST(asked[0] == R"(shop/checkout {"after":"30s","before":"5m","tap":"checkout"})");
  BOOST_TEST(asked[1] == R"(bank/cards {"after":"30s","before":"5m","tap":"cards"})");
  BOOST_TEST(console.output == "dump of shop/checkout asked for\ndump of bank/cards asked for\n");
  BOOST_TEST(Run({"dump", "mesh", "-A"}) == 0);
  BOOST_TEST(asked[2] == R"(mesh {"tap":"mesh"})");
  BOOST_TEST(!Said("missing"));
}

BOOST_AUTO_TEST_CASE(dump_says_which_of_several_collectors_did_not_answer) {
  client.AnswerReviews(kube::kDumps, [](Object dump) {
    const Json one = {{"pairer", "a:1"}, {"reason", "away"}};
    dump.value()["partial"]["missing"] = Json::array({one});
    return dump;
  });
  BOOST_TEST(Run({"dump", "checkout"}) == 0);
  BOOST_TEST(Said("warning: records are missing of the pairers a:1 (away)"));
}

BOOST_AUTO_TEST_CASE(dump_refuses_times_out_of_bounds_and_says_which_right_is_missing) {
  BOOST_TEST(Run({"dump", "a", "--before", "2h"}) != 0);
  BOOST_TEST(Said("--before: must be from 1s to 1h"));
  BOOST_TEST(Run({"dump", "a", "--before", "0s"}) != 0);
  BOOST_TEST(Run({"dump", "a", "--after", "1ms"}) != 0);
  client.Fail("create", kube::kDumps,
              kube::ToStatus({403, "Forbidden", "", "no", {}}, "create", "dumps"));
  BOOST_TEST(Run({"dump", "a"}) != 0);
  BOOST_TEST(Said("create on dumps.tap.traffictap.io"));
}

BOOST_AUTO_TEST_CASE(copy_brings_the_files_of_a_tap_and_standard_output_their_lines) {
  Seed("t", false, "");
  client.Seed(kube::kClusterTrafficTaps, Object(Json{{"metadata", {{"name", "mesh"}}}}));
  Json output = {{"name", "disk"}, {"files", Json::array()}};
  output["files"].push_back(
      Json{{"name", "all.jsonl"}, {"size", 2}, {"current", true}, {"head", tap::HeadOf("a\n")}});
  Json list = Json::object();
  list["outputs"] = Json::array({output});
  const std::string group = kGroup;
  const std::string path = group + "/namespaces/shop/files?tap=shop%2Ft";
  for (const auto& known : {path, path + "&output=disk", group + "/files?tap=mesh"}) {
    client.SetRaw(known, list.dump());
  }
  client.AnswerStreams([](const std::string&, const kube::StreamHandlers& to, std::stop_token) {
    return to.on_bytes("a\n");
  });
  BOOST_TEST(Run({"copy", "t", "-o", "-"}) == 0, console.said);
  BOOST_TEST(console.output == "a\n");
  BOOST_TEST(Run({"copy", "mesh", "-A", "-o", "-"}) == 0, console.said);
  BOOST_TEST(console.output == "a\n");
  const fakes::TempDir dir;
  BOOST_TEST(Run({"copy", "t", "-o", dir / "x"}) == 0, console.said);
  BOOST_TEST(dir.Read("x/disk/all.jsonl") == "a\n");
  BOOST_TEST(Said("2 bytes copied to " + (dir / "x")));
  BOOST_TEST(Run({"copy", "t", "--output", "disk", "--directory", dir / "y"}) == 0, console.said);
  BOOST_TEST(dir.Read("y/disk/all.jsonl") == "a\n");
  BOOST_TEST(Run({"copy", "nobody"}) == 3);
  BOOST_TEST(Run({"copy", "t", "mesh"}) == 2);
  BOOST_TEST(Run({"copy"}) == 2);
}

BOOST_AUTO_TEST_CASE(a_plan_with_a_dry_run_creates_nothing) {
  BOOST_TEST(Run({"plan", "cart", "--dry-run", "server"}) == 0);
  BOOST_TEST(Taps().empty());
  BOOST_TEST(Run({"plan", "cart", "--wait", "1ms"}) == 5);
  BOOST_TEST(Taps().empty());
}

BOOST_AUTO_TEST_CASE(policy_counts_the_end_of_a_stream_that_was_open) {
  client.AnswerStreams([](const std::string&, const kube::StreamHandlers& to, std::stop_token) {
    const std::string ends =
        R"({"id":"1","request":{},"source":{"name":"web"},"destination":{"name":"cart"},)";
    TT_RETURN_IF_ERROR(to.on_bytes(ends + R"("verdict":"Ok","state":"Open"})" + "\n"));
    TT_RETURN_IF_ERROR(
        to.on_bytes(ends + R"("verdict":"Denied","denial":{"by":"RateLimit"}})" + "\n"));
    return to.on_bytes("{\"type\":\"End\",\"reason\":\"BacklogRead\"}\n");
  });
  BOOST_TEST(Run({"policy", "--no-headers"}) == 0, console.said);
  BOOST_TEST(console.output == "web  cart  RateLimit  1  1  100.0%\n");
}

BOOST_AUTO_TEST_CASE(completion_offers_what_the_cluster_has) {
  Seed("t", true, "");
  BOOST_TEST(Run({"__complete", "tap", "workload/"}) == 0);
  BOOST_TEST(console.output == "workload/cart\n:4\n");
  BOOST_TEST(Run({"__complete", "attach", ""}) == 0);
  BOOST_TEST(console.output == "t\n:4\n");
  BOOST_TEST(Run({"__complete", "tap", "-n", "s"}) == 0);
  BOOST_TEST(console.output == "shop\n:4\n");
  BOOST_TEST(Run({"__complete", "tap", "--from", "c"}) == 0);
  BOOST_TEST(console.output == "cart\n:4\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
