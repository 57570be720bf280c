// SPDX-License-Identifier: Apache-2.0
#include "collector/role_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "fakes/temp_dir.h"
#include "shuffle/sample_keys.h"

namespace traffictap {

using collector::Role;

struct RoleOptionsTest {
  struct Parsed {
    collector::RoleOptions options;
    std::string fault;  // empty: none
  };
  // With the other options' names, which a role may refuse.
  Parsed Parse(std::vector<std::string> arguments) {
    Parsed out;
    CLI::App app;
    collector::AddRoleOptions(app, &out.options);
    std::string others[24];
    size_t next = 0;
    for (const char* name :
         {"--als", "--als-cert", "--queue-size", "--output-dir", "--spool-dir", "--waiting-size",
          "--pairing-threads", "--live", "--live-backlog-size", "--api", "--api-cert",
          "--trace-url", "--http", "--live-token-file", "--memory", "--name", "--api-readers-ca"}) {
      app.add_option(name, others[next++]);
    }
    app.callback([&] { collector::CompleteRoleOptions(app, &out.options); });
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
    try {
      app.parse(arguments);
    } catch (const CLI::ParseError& e) {
      out.fault = e.what();
    }
    return out;
  }
  std::vector<std::string> With(const std::string& role, std::vector<std::string> more) {
    more.insert(more.begin(), {"--role", role, "--shuffle-brokers", "kafka:9092"});
    return more;
  }
  fakes::TempDir dir;
  const std::string here = dir.path().string();
};

BOOST_FIXTURE_TEST_SUITE(role_options, RoleOptionsTest)

BOOST_AUTO_TEST_CASE(all_is_the_default_and_needs_no_kafka) {
  const auto parsed = Parse({});
  BOOST_TEST(parsed.fault == "");
  BOOST_TEST((parsed.options.role == Role::kAll));
  BOOST_TEST((Parse({"--role", "all", "--als", "x", "--output-dir", "y"}).fault == ""));
  for (const char* option : {"--shuffle-brokers", "--shuffle-topic", "--shuffle-group"}) {
    const auto refused = Parse({option, "kafka:9092"});
    BOOST_TEST(refused.fault.find(option) != std::string::npos, refused.fault);
  }
  BOOST_TEST(Parse({"--shuffle-topic", "t"}).fault.find("--role receiver or pairer") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_flag_reaches_its_setting) {
  const auto parsed =
      Parse({"--role", "pairer", "--shuffle-brokers", "a:1", "--shuffle-brokers", "[::1]:2",
             "--shuffle-topic", "halves", "--shuffle-checkpoints", "state", "--shuffle-proxies",
             "peers", "--shuffle-group", "pairers", "--shuffle-partitions", "12"});
  BOOST_REQUIRE_MESSAGE(parsed.fault.empty(), parsed.fault);
  const auto& shuffle = parsed.options.shuffle;
  BOOST_TEST((parsed.options.role == Role::kPairer));
  BOOST_TEST(shuffle.cluster.brokers == (std::vector<std::string>{"a:1", "[::1]:2"}),
             boost::test_tools::per_element());
  BOOST_TEST(shuffle.cluster.topic == "halves");
  BOOST_TEST(shuffle.checkpoints == "state");
  BOOST_TEST(shuffle.proxies == "peers");
  BOOST_TEST(shuffle.group == "pairers");
  BOOST_TEST(shuffle.partitions == 12u);
  const auto usual = Parse(With("receiver", {})).options;
  BOOST_TEST((usual.role == Role::kReceiver));
  BOOST_TEST(usual.shuffle.cluster.topic == "traffictap.halves");
  BOOST_TEST(usual.shuffle.checkpoints == "traffictap.checkpoints");
  BOOST_TEST(usual.shuffle.proxies == "traffictap.proxies");
  BOOST_TEST(usual.shuffle.group == "traffictap");
  BOOST_TEST(usual.shuffle.partitions == 64u);
  BOOST_TEST((usual.shuffle.cluster.security == tap::KafkaSecurity::kPlaintext));
}

BOOST_AUTO_TEST_CASE(a_role_refuses_what_it_does_not_do) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> refused = {
      {"receiver",
       {"--output-dir", "--spool-dir", "--waiting-size", "--pairing-threads", "--live",
        "--live-backlog-size", "--api", "--api-cert", "--trace-url"}},
      {"pairer", {"--als", "--als-cert", "--queue-size", "--pairing-threads"}},
  };
  for (const auto& [role, options] : refused) {
    for (const auto& option : options) {
      const auto parsed = Parse(With(role, {option, "1"}));
      BOOST_TEST(parsed.fault.starts_with(option + ": --role " + role), parsed.fault);
    }
  }
  BOOST_TEST(Parse(With("receiver", {"--als", "x", "--queue-size", "1", "--http", "y"})).fault ==
             "");
  BOOST_TEST(Parse(With("pairer", {"--output-dir", "x", "--live", "y", "--api", "z"})).fault == "");
}

BOOST_AUTO_TEST_CASE(a_reader_needs_pairers_and_has_no_records_of_its_own) {
  const auto parsed = Parse({"--role", "reader", "--pairers", "pairers.system:9", "--pairer",
                             "10.0.0.1:9", "--pairer", "[::1]:9", "--live", "x", "--http", "y"});
  BOOST_REQUIRE_MESSAGE(parsed.fault.empty(), parsed.fault);
  BOOST_TEST((parsed.options.role == Role::kReader));
  BOOST_TEST(parsed.options.pairers.name == "pairers.system:9");
  BOOST_TEST(
      parsed.options.pairers.addresses == (std::vector<std::string>{"10.0.0.1:9", "[::1]:9"}),
      boost::test_tools::per_element());
  BOOST_TEST(Parse({"--role", "reader"}).fault.find("--pairers") != std::string::npos);
  BOOST_TEST(Parse({"--role", "reader", "--pairers", "a"}).fault.find("is not HOST:PORT") !=
             std::string::npos);
  for (const char* option :
       {"--als", "--queue-size", "--output-dir", "--waiting-size", "--pairing-threads",
        "--live-backlog-size", "--live-token-file", "--trace-url", "--memory", "--name",
        "--shuffle-topic", "--api-readers-ca"}) {
    const auto refused = Parse({"--role", "reader", "--pairer", "a:1", option, "1"});
    BOOST_TEST(refused.fault.starts_with(std::string(option) + ": --role reader"), refused.fault);
  }
  for (const char* option : {"--pairers", "--pairer"}) {
    const auto refused = Parse({option, "a:1"});
    BOOST_TEST(refused.fault.find("set --role reader") != std::string::npos, refused.fault);
  }
}

BOOST_AUTO_TEST_CASE(behind_the_api_server_a_reader_shows_its_pairers_a_certificate) {
  const std::vector<std::string> reader = {"--role", "reader", "--pairer", "a:1"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), reader.begin(), reader.end());
    return Parse(more);
  };
  for (const char* name : {"ca", "cert", "key"}) dir.Write(name, name);
  const std::vector<std::string> files = {"--pairers-ca", here + "/ca",    "--pairers-cert",
                                          here + "/cert", "--pairers-key", here + "/key"};
  auto all = files;
  all.insert(all.end(), {"--api", "x", "--pairers-server-name", "pairers"});
  const auto parsed = with(all);
  BOOST_REQUIRE_MESSAGE(parsed.fault.empty(), parsed.fault);
  const auto tls = collector::ReadPairersTls(parsed.options.pairers_tls).value().value();
  BOOST_TEST(tls.ca_pem == "ca");
  BOOST_TEST(tls.certificate_pem == "cert");
  BOOST_TEST(tls.key_pem == "key");
  BOOST_TEST(tls.server_name == "pairers");
  BOOST_TEST(!collector::ReadPairersTls({}).value());
  BOOST_TEST(
      absl::IsInvalidArgument(collector::ReadPairersTls({.ca_file = here + "/missing"}).status()));
  BOOST_TEST(with(files).fault.find("needs --api") != std::string::npos);
  BOOST_TEST(with({"--api", "x"}).fault.starts_with("--pairers-ca"));
  BOOST_TEST(with({"--pairers-ca", "x"}).fault.find("--pairers-cert") != std::string::npos);
  auto counted = files;
  counted.insert(counted.begin(), {"--role", "reader", "--pairers-statefulset", "tap/pairer:9"});
  BOOST_TEST(Parse(counted).fault.starts_with("--pairers-statefulset: --role reader needs --api"));
  counted.insert(counted.end(), {"--api", "x"});
  const auto set = Parse(counted);
  BOOST_REQUIRE_MESSAGE(set.fault.empty(), set.fault);
  BOOST_TEST(set.options.pairers_stateful_set.key.ToString() == "tap/pairer");
  BOOST_TEST(set.options.pairers_stateful_set.port == "9");
  counted.insert(counted.end(), {"--pairers", "pairers:9"});
  BOOST_TEST(Parse(counted).fault.find("--pairers-statefulset") != std::string::npos);
  BOOST_TEST(
      Parse({"--role", "reader", "--pairers-statefulset", "pairer:9"}).fault.find("NAMESPACE/") !=
      std::string::npos);
  BOOST_TEST(Parse({"--pairers-statefulset", "tap/pairer:9"}).fault.find("set --role reader") !=
             std::string::npos);
  all.insert(all.end(), {"--live", "x"});
  BOOST_TEST(with(all).fault.starts_with("--live"));
  const auto other = Parse({"--pairers-ca", "a", "--pairers-cert", "b", "--pairers-key", "c"});
  BOOST_TEST(other.fault.find("set --role reader") != std::string::npos, other.fault);
}

BOOST_AUTO_TEST_CASE(credentials_are_the_files_of_a_destinations_secret) {
  for (const char* name : {"username", "password", "ca.crt", "tls.crt", "tls.key"}) {
    dir.Write(name, "x");
  }
  const auto parsed = Parse(With("receiver", {"--shuffle-security", "SaslSsl", "--shuffle-sasl",
                                              "PLAIN", "--shuffle-credentials", here}));
  BOOST_REQUIRE_MESSAGE(parsed.fault.empty(), parsed.fault);
  const auto& cluster = parsed.options.shuffle.cluster;
  BOOST_TEST((cluster.security == tap::KafkaSecurity::kSaslSsl));
  BOOST_TEST(cluster.sasl_mechanism == "PLAIN");
  BOOST_TEST(cluster.sasl_username_file == here + "/username");
  BOOST_TEST(cluster.sasl_password_file == here + "/password");
  BOOST_TEST(cluster.ca_file == here + "/ca.crt");
  BOOST_TEST(cluster.certificate_file == here + "/tls.crt");
  BOOST_TEST(cluster.key_file == here + "/tls.key");
  const auto oauth =
      Parse(With("receiver", {"--shuffle-security", "SaslPlaintext", "--shuffle-sasl",
                              "OAUTHBEARER", "--shuffle-credentials", here}));
  BOOST_REQUIRE_MESSAGE(oauth.fault.empty(), oauth.fault);
  BOOST_TEST(oauth.options.shuffle.cluster.oauth.credentials_dir == here);
  BOOST_TEST(oauth.options.shuffle.cluster.sasl_username_file == "");
  BOOST_TEST(oauth.options.shuffle.cluster.ca_file == "");
  // TLS with the system's authorities needs no file.
  BOOST_TEST(Parse(With("receiver", {"--shuffle-security", "Ssl"})).fault == "");
}

BOOST_AUTO_TEST_CASE(keys_of_blocks_are_read_from_a_folder_at_the_start) {
  BOOST_TEST(!Parse(With("receiver", {})).options.shuffle.cipher);
  dir.Write("keys/a", kKeyOfOnes);
  const std::string keys = dir / "keys";
  for (const char* role : {"receiver", "pairer"}) {
    const auto wrong = Parse(With(role, {"--shuffle-encryption", keys}));
    BOOST_TEST(wrong.fault.starts_with("--shuffle-encryption: read " + keys + "/current"),
               wrong.fault);
  }
  dir.Write("keys/current", "a");
  for (const char* role : {"receiver", "pairer"}) {
    const auto parsed = Parse(With(role, {"--shuffle-encryption", keys}));
    BOOST_REQUIRE_MESSAGE(parsed.fault.empty(), parsed.fault);
    BOOST_REQUIRE(parsed.options.shuffle.cipher);
    BOOST_TEST(parsed.options.shuffle.cipher->Next().key == "a");
    BOOST_TEST(!parsed.options.shuffle.cipher->accepts_plain());
  }
  const auto lenient =
      Parse(With("pairer", {"--shuffle-encryption", keys, "--shuffle-accept-plain"}));
  BOOST_REQUIRE_MESSAGE(lenient.fault.empty(), lenient.fault);
  BOOST_TEST(lenient.options.shuffle.cipher->accepts_plain());
}

BOOST_AUTO_TEST_CASE(what_is_encrypted_for_one_topic_is_none_of_anothers) {
  dir.Write("a", kKeyOfOnes);
  dir.Write("current", "a");
  const auto cipher_of = [&](const std::string& topic) {
    return Parse(With("pairer", {"--shuffle-topic", topic, "--shuffle-encryption", here}))
        .options.shuffle.cipher;
  };
  const auto one = cipher_of("one");
  const auto how = one->Next();
  const auto bytes = one->Encrypt(how, "header", "body");
  BOOST_TEST(cipher_of("one")->Decrypt(how, "header", bytes).ok());
  BOOST_TEST(!cipher_of("two")->Decrypt(how, "header", bytes).ok());
}

BOOST_AUTO_TEST_CASE(what_is_said_of_proxies_is_encrypted_for_their_own_topic) {
  dir.Write("a", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
  dir.Write("current", "a");
  BOOST_TEST(!Parse(With("pairer", {})).options.shuffle.proxies_cipher);
  const auto shuffle_of = [&](const std::string& topic) {
    return Parse(With("pairer", {"--shuffle-proxies", topic, "--shuffle-encryption", here,
                                 "--shuffle-accept-plain"}))
        .options.shuffle;
  };
  const auto one = shuffle_of("one");
  BOOST_REQUIRE(one.proxies_cipher);
  BOOST_TEST(one.proxies_cipher->accepts_plain());
  const auto how = one.proxies_cipher->Next();
  const auto bytes = one.proxies_cipher->Encrypt(how, "header", "body");
  BOOST_TEST(shuffle_of("one").proxies_cipher->Decrypt(how, "header", bytes).ok());
  BOOST_TEST(!shuffle_of("two").proxies_cipher->Decrypt(how, "header", bytes).ok());
  BOOST_TEST(!one.cipher->Decrypt(how, "header", bytes).ok());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named_with_its_option) {
  dir.Write("half/tls.crt", "x");
  dir.Write("empty/other", "x");
  const std::string half = dir / "half", empty = dir / "empty";
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"--role", "worker"}, "--role"},
      {{"--role", "receiver"}, "--shuffle-brokers: --role receiver needs the brokers"},
      {{"--role", "receiver", "--shuffle-brokers", "kafka"}, "\"kafka\" must be HOST:PORT"},
      {{"--role", "receiver", "--shuffle-brokers", "kafka:0"}, "\"kafka:0\" must be HOST:PORT"},
      {{"--role", "receiver", "--shuffle-brokers", "kafka:65536"}, "must be HOST:PORT"},
      {{"--role", "receiver", "--shuffle-brokers", "a/b:1"}, "must be HOST:PORT"},
      {{"--role", "receiver", "--shuffle-brokers", "a:1,b:2"}, "must be HOST:PORT"},
      {With("pairer", {"--shuffle-topic", "a b"}), "--shuffle-topic"},
      {With("pairer", {"--shuffle-topic", ".."}), "--shuffle-topic"},
      {With("pairer", {"--shuffle-group", ""}), "--shuffle-group"},
      {With("pairer", {"--shuffle-topic", "same", "--shuffle-checkpoints", "same"}),
       "--shuffle-checkpoints: is same as --shuffle-topic: they must be two topics"},
      {With("receiver", {"--shuffle-topic", "same", "--shuffle-proxies", "same"}),
       "--shuffle-proxies: is same as --shuffle-topic: they must be two topics"},
      {With("pairer", {"--shuffle-checkpoints", "same", "--shuffle-proxies", "same"}),
       "--shuffle-proxies: is same as --shuffle-checkpoints: they must be two topics"},
      {With("pairer", {"--shuffle-proxies", "a b"}), "--shuffle-proxies"},
      {{"--shuffle-proxies", "t"}, "--role receiver or pairer"},
      {With("pairer", {"--shuffle-partitions", "0"}), "--shuffle-partitions"},
      {With("pairer", {"--shuffle-partitions", "4097"}), "--shuffle-partitions"},
      {With("pairer", {"--shuffle-security", "tls"}), "--shuffle-security"},
      {With("pairer", {"--shuffle-sasl", "KERBEROS"}), "--shuffle-sasl"},
      {With("pairer", {"--shuffle-sasl", "PLAIN"}), "needs --shuffle-security SaslPlaintext"},
      {With("pairer", {"--shuffle-security", "SaslSsl"}), "name the mechanism"},
      {With("pairer", {"--shuffle-security", "SaslSsl", "--shuffle-sasl", "PLAIN"}),
       "--shuffle-credentials"},
      {With("pairer", {"--shuffle-credentials", here}), "has no use for it"},
      {With("pairer", {"--shuffle-encryption", here + "/missing"}), here + "/missing"},
      {With("pairer", {"--shuffle-encryption", empty}), "--shuffle-encryption: read " + empty},
      {With("pairer", {"--shuffle-accept-plain"}), "without --shuffle-encryption"},
      {With("receiver", {"--shuffle-accept-plain"}), "--role receiver reads no blocks"},
      {{"--shuffle-encryption", here}, "--role receiver or pairer"},
      {With("pairer", {"--shuffle-credentials", here + "/missing"}), here + "/missing"},
      {With("pairer", {"--shuffle-security", "Ssl", "--shuffle-credentials", half}),
       "tls.crt without tls.key"},
      {With("pairer", {"--shuffle-security", "SaslSsl", "--shuffle-sasl", "SCRAM-SHA-512",
                       "--shuffle-credentials", empty}),
       "username, which SCRAM-SHA-512 needs"},
  };
  for (const auto& [arguments, named] : wrong) {
    const auto parsed = Parse(arguments);
    BOOST_TEST(parsed.fault.find(named) != std::string::npos,
               "\"" << parsed.fault << "\" has no \"" << named << "\"");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
