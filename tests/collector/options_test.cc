// SPDX-License-Identifier: Apache-2.0
#include "collector/options.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <iostream>
#include <sstream>

#include "fakes/temp_dir.h"

namespace traffictap {

struct OptionsTest {
  struct Parsed {
    collector::ParsedOptions result;
    std::string text;  // on both streams
  };
  Parsed Parse(std::vector<std::string> arguments) {
    std::vector<const char*> argv = {"traffictap-collector"};
    for (const auto& argument : arguments) argv.push_back(argument.c_str());
    std::ostringstream text;
    auto* out = std::cout.rdbuf(text.rdbuf());
    auto* err = std::cerr.rdbuf(text.rdbuf());
    auto result = collector::ParseOptions(static_cast<int>(argv.size()), argv.data());
    std::cout.rdbuf(out);
    std::cerr.rdbuf(err);
    return {result, text.str()};
  }
  fakes::TempDir dir;
  const std::string here = dir.path().string();
};

BOOST_FIXTURE_TEST_SUITE(options, OptionsTest)

BOOST_AUTO_TEST_CASE(every_flag_reaches_its_option) {
  const auto parsed = Parse({"--taps",
                             here,
                             "--output-dir",
                             here,
                             "--als",
                             "0.0.0.0:1",
                             "--als-cert",
                             "c",
                             "--als-key",
                             "k",
                             "--als-client-ca",
                             "a",
                             "--http",
                             "0.0.0.0:2",
                             "--name",
                             "me",
                             "--queue-size",
                             "3MB",
                             "--waiting-size",
                             "4096",
                             "--log-level",
                             "debug",
                             "--log-format",
                             "json",
                             "--pairing-threads",
                             "4"});
  BOOST_REQUIRE(!parsed.result.exit_code.has_value());
  const auto& options = parsed.result.options;
  BOOST_TEST(options.taps_dir == here);
  BOOST_TEST(options.pipeline.output_dir == here);
  BOOST_TEST(options.als.address == "0.0.0.0:1");
  BOOST_TEST(options.als.certificate_file == "c");
  BOOST_TEST(options.als.key_file == "k");
  BOOST_TEST(options.als.client_ca_file == "a");
  BOOST_TEST(options.http.address == "0.0.0.0:2");
  BOOST_TEST(options.tap_source.collector == "me");
  BOOST_TEST(options.pipeline.queue_bytes_max == 3u << 20);
  BOOST_TEST(options.pipeline.waiting_bytes_max == 4096u);
  BOOST_TEST(options.pipeline.pairing_threads == 4u);
  BOOST_TEST(options.log.level == "debug");
  BOOST_TEST(options.log.format == "json");
}

BOOST_AUTO_TEST_CASE(a_trace_url_is_a_web_address_with_a_place_for_the_id) {
  const auto with = [&](const std::string& url) {
    return Parse({"--taps", here, "--trace-url", url});
  };
  const std::string good = "https://jaeger.example/trace/{traceId}?uiFind={traceId}";
  BOOST_TEST(with(good).result.options.live.trace_url == good);
  BOOST_TEST(with(good).result.options.api.trace_url == good);
  for (const char* bad : {"https://jaeger.example/trace/", "jaeger.example/{traceId}",
                          "javascript:alert('{traceId}')", "https://a/{traceId}\" onclick=\"x",
                          "https://a/{traceId} b", ""}) {
    const auto refused = with(bad);
    BOOST_TEST(refused.result.exit_code.value_or(0) != 0, bad);
    BOOST_TEST(refused.text.find("--trace-url") != std::string::npos, refused.text);
  }
}

BOOST_AUTO_TEST_CASE(memory_is_divided_and_what_is_asked_for_one_part_is_taken_from_the_outputs) {
  const auto plan = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--taps", here, "--memory", "1600mb"});
    return Parse(more).result.options;
  };
  constexpr size_t kMiB = size_t{1} << 20;
  const auto shares = plan({});
  BOOST_TEST(shares.pipeline.queue_bytes_max == 100 * kMiB);
  BOOST_TEST(shares.pipeline.waiting_bytes_max == 400 * kMiB);
  BOOST_TEST(shares.live.backlog_bytes_max == 200 * kMiB);
  BOOST_TEST(shares.als.limits.kept_bytes_max == 200 * kMiB);
  BOOST_TEST(shares.role.shuffle.transaction_bytes_max == 200 * kMiB);
  BOOST_TEST(shares.pipeline.outputs_bytes_max == 600 * kMiB);
  const auto asked = plan({"--queue-size", "50mb", "--live-backlog-size", "250mb"});
  BOOST_TEST(asked.pipeline.queue_bytes_max == 50 * kMiB);
  BOOST_TEST(asked.live.backlog_bytes_max == 250 * kMiB);
  BOOST_TEST(asked.pipeline.outputs_bytes_max == 650 * kMiB);
  const auto greedy = Parse({"--taps", here, "--memory", "512mb", "--waiting-size", "512mb"});
  BOOST_TEST(greedy.result.exit_code.value_or(-1) == 2);
  BOOST_TEST(greedy.text.find("raise it or lower the others") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(streams_stay_until_an_age_is_set) {
  const auto with = [&](const std::string& age) {
    return Parse({"--taps", here, "--als-stream-max-age", age});
  };
  BOOST_TEST(Parse({"--taps", here}).result.options.als.stream_age_max == 0);
  BOOST_TEST(with("0").result.options.als.stream_age_max == 0);
  BOOST_TEST(with("15m").result.options.als.stream_age_max == 900 * base::kSecond);
  for (const char* bad : {"15", "10ms", "25h", "", "old"}) {
    const auto refused = with(bad);
    BOOST_TEST(refused.result.exit_code.value_or(0) != 0, bad);
    BOOST_TEST(refused.text.find("--als-stream-max-age") != std::string::npos, refused.text);
  }
}

BOOST_AUTO_TEST_CASE(the_senders_identity_is_taken_from_where_the_flag_says) {
  using als::IdentitySource;
  const auto source = [&](const std::string& name) {
    return Parse({"--taps", here, "--als-identity", name}).result.options.als.identity.source;
  };
  BOOST_TEST((Parse({"--taps", here}).result.options.als.identity.source == IdentitySource::kNone));
  BOOST_TEST((source("none") == IdentitySource::kNone));
  BOOST_TEST((source("xfcc") == IdentitySource::kForwarded));
  BOOST_TEST((source("certificate") == IdentitySource::kCertificate));
  const auto wrong = Parse({"--taps", here, "--als-identity", "tls"});
  BOOST_TEST(wrong.result.exit_code.value_or(-1) == 2);
  BOOST_TEST(wrong.text.find("--als-identity") != std::string::npos);
  const auto domains = Parse({"--taps", here, "--als-trust-domain", "a", "--als-trust-domain", "b"})
                           .result.options.als.identity.trust_domains;
  BOOST_TEST(domains == (std::vector<std::string>{"a", "b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_aggregated_api_is_off_until_it_has_an_address) {
  BOOST_TEST(Parse({"--taps", here}).result.options.api.api.address.empty());
  const auto own = Parse({"--taps", here, "--api", "0.0.0.0:1", "--api-service", "tap.system",
                          "--api-owner", "role", "--kubeconfig", "k", "--context", "c"});
  BOOST_REQUIRE(!own.result.exit_code.has_value());
  BOOST_TEST(own.result.options.api.api.address == "0.0.0.0:1");
  BOOST_TEST(own.result.options.api.api.service == "tap.system");
  BOOST_TEST(own.result.options.api.api.owner == "role");
  BOOST_TEST(own.result.options.api.kubeconfig.path == "k");
  BOOST_TEST(own.result.options.api.kubeconfig.context == "c");
  const auto files =
      Parse({"--taps", here, "--api", "0.0.0.0:1", "--api-cert", "cert", "--api-key", "key"});
  BOOST_REQUIRE(!files.result.exit_code.has_value());
  BOOST_TEST(files.result.options.api.api.certificate_file == "cert");
  BOOST_TEST(files.result.options.api.api.key_file == "key");
  const auto readers = Parse({"--taps", here, "--api", "0.0.0.0:1", "--api-cert", "cert",
                              "--api-key", "key", "--api-readers-ca", "ca"});
  BOOST_TEST(readers.result.options.api.api.readers_ca_file == "ca");
  BOOST_TEST(Parse({"--taps", here, "--api", "0.0.0.0:1", "--api-readers-ca", "ca"})
                 .result.exit_code.value_or(0) != 0);
}

BOOST_AUTO_TEST_CASE(taps_alone_are_enough_and_the_collector_has_the_hosts_name) {
  const auto parsed = Parse({"--taps", here});
  BOOST_TEST(!parsed.result.exit_code.has_value());
  BOOST_TEST(!parsed.result.options.tap_source.collector.empty());
  BOOST_TEST(parsed.result.options.pipeline.pairing_threads == 1u);
}

BOOST_AUTO_TEST_CASE(
    a_receiver_gives_the_memory_of_what_it_does_not_do_to_blocks_and_shows_nothing) {
  const auto receiver = Parse({"--taps", here, "--role", "receiver", "--shuffle-brokers", "k:1",
                               "--memory", "1600mb", "--name", "r-0"})
                            .result.options;
  constexpr size_t kMiB = size_t{1} << 20;
  BOOST_TEST(receiver.pipeline.queue_bytes_max == 100 * kMiB);
  BOOST_TEST(receiver.shuffle_bytes_max == 1200 * kMiB);
  BOOST_TEST(receiver.live.address == "off");
  BOOST_TEST(receiver.role.shuffle.member == "r-0");
  BOOST_TEST(receiver.tap_source.role == "receiver");
  BOOST_TEST(receiver.tap_source.collector == "r-0");
}

BOOST_AUTO_TEST_CASE(a_pairer_has_its_own_name_in_its_group) {
  const auto pairer = Parse({"--taps", here, "--role", "pairer", "--shuffle-brokers", "k:1",
                             "--name", "p-0", "--shuffle-group", "pairers"})
                          .result.options;
  BOOST_TEST(pairer.role.shuffle.member == "p-0");
  BOOST_TEST(pairer.role.shuffle.group == "pairers");
  BOOST_TEST(pairer.tap_source.collector == "p-0");
  BOOST_TEST(pairer.tap_source.role == "pairer");
  BOOST_TEST(pairer.live.address == "");
  const auto all = Parse({"--taps", here, "--name", "c"}).result.options;
  BOOST_TEST(all.tap_source.collector == "c");
  BOOST_TEST(all.tap_source.role == "");
}

BOOST_AUTO_TEST_CASE(a_reader_needs_no_taps) {
  const auto parsed = Parse({"--role", "reader", "--pairer", "a:1"});
  BOOST_TEST(!parsed.result.exit_code.has_value());
  BOOST_TEST(parsed.result.options.role.pairers.addresses.size() == 1u);
}

BOOST_AUTO_TEST_CASE(help_and_version_end_well) {
  const auto help = Parse({"--help"});
  BOOST_TEST(help.result.exit_code.has_value());
  BOOST_TEST(help.result.exit_code.value_or(-1) == 0);
  for (const char* flag :
       {"--taps", "--operator", "--output-dir", "--als", "--http", "--queue-size", "--log-level"}) {
    BOOST_TEST(help.text.find(flag) != std::string::npos, flag);
  }
  const auto version = Parse({"--version"});
  BOOST_TEST(version.result.exit_code.value_or(-1) == 0);
  BOOST_TEST(version.text.find(TRAFFICTAP_VERSION) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_wrong_command_line_ends_with_2_and_names_what_is_wrong) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{}, "--taps"},
      {{"--role", "reader", "--pairer", "a:1", "--taps", here}, "--taps"},
      {{"--role", "reader", "--pairer", "a:1", "--operator", "operator:1"}, "--operator"},
      {{"--taps", here, "--operator", "operator:1"}, "taps"},
      {{"--taps", here + "/missing"}, here + "/missing"},
      {{"--taps", here, "--output-dir", "/missing"}, "/missing"},
      {{"--taps", here, "--spool-dir", "/missing"}, "/missing"},
      {{"--taps", here, "--output-dir", here, "--spool-dir", here}, "keep them apart"},
      {{"--taps", here, "--output-dir", "/", "--spool-dir", here}, "keep them apart"},
      {{"--taps", here, "--output-dir", here, "--spool-dir", "/"}, "keep them apart"},
      {{"--taps", here, "--queue-size", "much"}, "--queue-size"},
      {{"--taps", here, "--queue-size", "-1"}, "--queue-size"},
      {{"--taps", here, "--pairing-threads", "0"}, "--pairing-threads"},
      {{"--taps", here, "--pairing-threads", "65"}, "--pairing-threads"},
      {{"--taps", here, "--pairing-threads", "-1"}, "--pairing-threads"},
      {{"--taps", here, "--pairing-threads", "all"}, "--pairing-threads"},
      {{"--taps", here, "--log-format", "xml"}, "--log-format"},
      {{"--taps", here, "--operator-ca", "x"}, "--operator"},
      {{"--taps", here, "--als"}, "--als"},
      {{"--taps", here, "--api-cert", "c", "--api-key", "k"}, "--api"},
      {{"--taps", here, "--api", "0.0.0.0:1", "--api-cert", "c"}, "--api-key"},
      {{"--taps", here, "--api", "0.0.0.0:1", "--api-key", "k"}, "--api-cert"},
      {{"--taps", here, "--api", "0.0.0.0:1", "--api-cert", "c", "--api-key", "k", "--api-service",
        "a.b"},
       "--api-cert"},
      {{"--taps", here, "--api", "0.0.0.0:1", "--api-cert", "c", "--api-key", "k", "--api-owner",
        "r"},
       "--api-cert"},
      {{"--taps", here, "--api-owner", "r"}, "--api"},
      {{"--taps", here, "--kubeconfig", "k"}, "--api"},
      {{"--taps", here, "--api", "0.0.0.0:1", "--context", "c"}, "--kubeconfig"},
      {{"--taps", here, "--role", "worker"}, "--role"},
      {{"--taps", here, "--role", "receiver"}, "--shuffle-brokers"},
      {{"--taps", here, "--role", "receiver", "--shuffle-brokers", "k:1", "--output-dir", here},
       "--output-dir: --role receiver writes no records"},
      {{"--taps", here, "--role", "pairer", "--shuffle-brokers", "k:1", "--als", "0.0.0.0:1"},
       "--als: --role pairer receives no access logs"},
      {{"--taps", here, "--shuffle-topic", "t"}, "--shuffle-topic"},
      {{"--taps", here, "--what"}, "--what"},
      {{"--taps", here, "stray"}, "stray"},
  };
  for (const auto& [arguments, named] : wrong) {
    const auto parsed = Parse(arguments);
    BOOST_TEST(parsed.result.exit_code.has_value(), named);
    BOOST_TEST(parsed.result.exit_code.value_or(-1) == 2, named);
    BOOST_TEST(parsed.text.find(named) != std::string::npos, parsed.text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
