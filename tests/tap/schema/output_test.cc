// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tap/parse_tap.h"
#include "tap/parsing.h"

namespace traffictap {
namespace {

using namespace tap;  // NOLINT: the names of the unit under test

constexpr const char* kFile = "spec.outputs[0].file";
constexpr const char* kKafka = "spec.outputs[0].kafka";

std::string Outputs(const std::string& output) { return "  outputs: [{" + output + "}]\n"; }

std::string File(const std::string& file) {
  return Outputs("name: a, type: File, file: {" + file + "}");
}

std::string Kafka(const std::string& kafka) {
  return Outputs("name: a, type: Kafka, kafka: {brokers: ['k:9092'], topic: t" + kafka + "}");
}

std::string Kafka(const std::string& brokers, const std::string& topic) {
  return Outputs("name: a, type: Kafka, kafka: {brokers: " + brokers + ", topic: " + topic + "}");
}

OutputSpec Output(const std::string& spec) {
  const auto tap = GoodSpec(spec);
  BOOST_REQUIRE(tap->outputs.size() == 1);
  return tap->outputs[0];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parse_outputs)

BOOST_AUTO_TEST_CASE(reads_name_type_match_and_queue_size) {
  const auto output = Output(Outputs(
      "name: to-stdout, type: Stdout, match: {methods: [GET]}, queueSize: 1Mi, stdout: {}"));
  BOOST_TEST(output.name == "to-stdout");
  BOOST_CHECK(output.type == OutputType::kStdout);
  BOOST_TEST(output.match.methods.at(0) == "GET");
  BOOST_TEST(output.queue_bytes_max == 1 << 20);
  BOOST_TEST(Output(Outputs("name: a, type: Stdout")).queue_bytes_max == 64 << 20);
}

BOOST_AUTO_TEST_CASE(refuses_outputs_without_name_or_type) {
  BOOST_TEST(Refuses(Outputs("type: Stdout"), "spec.outputs[0].name", "MissingField"));
  BOOST_TEST(Refuses(Outputs("name: a"), "spec.outputs[0].type", "MissingField"));
  BOOST_TEST(Refuses(Outputs("name: A_b, type: Stdout"), "spec.outputs[0].name"));
  BOOST_TEST(Refuses(Outputs("name: a, type: Syslog"), "spec.outputs[0].type"));
  BOOST_TEST(Refuses(Outputs("name: a, type: otlp"), "spec.outputs[0].type"));
  BOOST_TEST(
      Refuses(Outputs("name: a, type: Stdout, queueSize: 65535"), "spec.outputs[0].queueSize"));
  BOOST_TEST(
      Refuses(Outputs("name: a, type: Stdout, queueSize: 5Gi"), "spec.outputs[0].queueSize"));
  BOOST_TEST(Refuses(Outputs("name: a, type: Stdout, match: {methods: [X]}"),
                     "spec.outputs[0].match.methods[0]"));
}

BOOST_AUTO_TEST_CASE(a_wrong_type_is_told_once_and_its_block_left_alone) {
  BOOST_TEST(Refuses(Outputs("name: a, type: file, file: {path: a}"), "spec.outputs[0].type"));
}

BOOST_AUTO_TEST_CASE(a_block_belongs_to_its_type) {
  BOOST_TEST(Refuses(Outputs("name: a, type: File"), kFile, "MissingField"));
  BOOST_TEST(Refuses(Outputs("name: a, type: Kafka"), kKafka, "MissingField"));
  BOOST_TEST(Refuses(Outputs("name: a, type: Stdout, file: {path: a}"), kFile));
  BOOST_TEST(Refuses(Outputs("name: a, type: File, file: {path: a}, kafka: {topic: t}"), kKafka));
  BOOST_TEST(Refuses(Outputs("name: a, type: Stdout, stdout: {x: y}"), "spec.outputs[0].stdout.x",
                     "UnknownField"));
}

BOOST_AUTO_TEST_CASE(reads_how_records_are_delivered) {
  const auto best = Output(Outputs("name: a, type: Stdout, delivery: {class: BestEffort}"));
  BOOST_TEST(!best.durable());
  BOOST_TEST(!Output(Outputs("name: a, type: Stdout")).durable());
  const auto durable =
      Output(Outputs("name: a, type: File, file: {path: a}, delivery: {class: Durable, maxSize: "
                     "64Mi, maxAge: 2h}"));
  BOOST_TEST(durable.durable());
  BOOST_TEST(durable.delivery.spool_bytes_max == 64u << 20);
  BOOST_TEST(durable.delivery.spool_age_max == 7200 * base::kSecond);
  const auto plain =
      Output(Outputs("name: a, type: File, file: {path: a}, delivery: {class: Durable}"));
  BOOST_TEST(plain.delivery.spool_bytes_max == 1u << 30);
  BOOST_TEST(plain.delivery.spool_age_max == 86'400 * base::kSecond);
}

BOOST_AUTO_TEST_CASE(reads_that_records_are_delivered_exactly_once) {
  const std::string kafka = "name: a, type: Kafka, kafka: {brokers: ['k:9092'], topic: t}, ";
  const auto once = Output(Outputs(kafka + "delivery: {class: ExactlyOnce}"));
  BOOST_TEST(once.exactly_once());
  BOOST_TEST(!once.durable());
  BOOST_TEST(!Output(Outputs(kafka + "delivery: {class: Durable}")).exactly_once());
  BOOST_TEST(
      Refuses(Outputs("name: a, type: Stdout, delivery: {class: ExactlyOnce}"), "spec.outputs[0]"));
  BOOST_TEST(
      Refuses(Outputs("name: a, type: File, file: {path: a}, delivery: {class: ExactlyOnce}"),
              "spec.outputs[0]"));
  BOOST_TEST(Refuses(Outputs(kafka + "delivery: {class: ExactlyOnce, maxAge: 1h}"),
                     "spec.outputs[0].delivery"));
}

BOOST_AUTO_TEST_CASE(refuses_a_delivery_that_cannot_be) {
  const std::string file = "name: a, type: File, file: {path: a}, ";
  const std::string field = "spec.outputs[0].delivery";
  BOOST_TEST(
      Refuses(Outputs("name: a, type: Stdout, delivery: {class: Durable}"), "spec.outputs[0]"));
  BOOST_TEST(Refuses(Outputs(file + "delivery: {class: Forever}"), field + ".class"));
  BOOST_TEST(Refuses(Outputs(file + "delivery: {maxSize: 64Mi}"), field));
  BOOST_TEST(Refuses(Outputs(file + "delivery: {class: BestEffort, maxAge: 1h}"), field));
  BOOST_TEST(
      Refuses(Outputs(file + "delivery: {class: Durable, maxSize: 1Mi}"), field + ".maxSize"));
  BOOST_TEST(Refuses(Outputs(file + "delivery: {class: Durable, maxAge: 1s}"), field + ".maxAge"));
  BOOST_TEST(Refuses(Outputs(file + "delivery: {class: Durable, maxAge: 8d}"), field + ".maxAge"));
}

BOOST_AUTO_TEST_CASE(names_are_unique_and_their_number_is_bounded) {
  BOOST_TEST(Refuses("  outputs: [{name: a, type: Stdout}, {name: a, type: Stdout}]\n",
                     "spec.outputs[1].name", "Conflict"));
  std::string outputs = "  outputs:\n";
  for (int i = 0; i < 17; ++i) outputs += "  - {name: a" + std::to_string(i) + ", type: Stdout}\n";
  BOOST_TEST(Refuses(outputs, "spec.outputs"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(parse_file_output)

BOOST_AUTO_TEST_CASE(reads_every_field) {
  const auto file = Output(File("path: shop/a.jsonl, rotation: {maxSize: 1Mi, maxAge: 1h, "
                                "maxFiles: 3}, compression: Gzip, "
                                "sync: true"))
                        .file;
  BOOST_TEST(file.path == "shop/a.jsonl");
  BOOST_TEST(file.rotate_bytes == 1 << 20);
  BOOST_TEST(*file.rotate_age == 3600 * base::kSecond);
  BOOST_TEST(file.files_max == 3);
  BOOST_CHECK(file.compression == Compression::kGzip);
  BOOST_TEST(file.sync);
}

BOOST_AUTO_TEST_CASE(has_defaults) {
  const auto file = Output(File("path: a")).file;
  BOOST_TEST(file.rotate_bytes == 128 << 20);
  BOOST_TEST(!file.rotate_age.has_value());
  BOOST_TEST(file.files_max == 10);
  BOOST_CHECK(file.compression == Compression::kNone);
  BOOST_TEST(!file.sync);
}

BOOST_AUTO_TEST_CASE(a_path_cannot_leave_the_output_directory) {
  for (const char* path : {"/etc/passwd", "../a", "a/../../b", "a/..", "..", ".", "./a", "a/./b",
                           "a//b", "a/", "''", "\"a\\0b\"", "\"a\\nb\"", "\"\\e[31m\""}) {
    BOOST_TEST(Refuses(File(std::string("path: ") + path), "spec.outputs[0].file.path"), path);
  }
  BOOST_TEST(Refuses(File("path: a/" + std::string(201, 'x')), "spec.outputs[0].file.path"));
  BOOST_TEST(Refuses(File("compression: None"), "spec.outputs[0].file.path", "MissingField"));
  for (const char* path : {"a", "a..b", "...", ".hidden", "a/b/c.d", "a b"}) {
    BOOST_TEST(Output(File(std::string("path: ") + path)).file.path == path);
  }
}

BOOST_AUTO_TEST_CASE(refuses_values_beyond_their_bounds) {
  const std::string rotation = "spec.outputs[0].file.rotation.";
  BOOST_TEST(Refuses(File("path: a, rotation: {maxSize: 4095}"), rotation + "maxSize"));
  BOOST_TEST(Refuses(File("path: a, rotation: {maxAge: 999ms}"), rotation + "maxAge"));
  BOOST_TEST(Refuses(File("path: a, rotation: {maxAge: 8761h}"), rotation + "maxAge"));
  BOOST_TEST(Refuses(File("path: a, rotation: {maxFiles: 0}"), rotation + "maxFiles"));
  BOOST_TEST(Refuses(File("path: a, rotation: {maxFiles: 10001}"), rotation + "maxFiles"));
  BOOST_TEST(Refuses(File("path: a, compression: gzip"), "spec.outputs[0].file.compression"));
  BOOST_TEST(Refuses(File("path: a, sync: maybe"), "spec.outputs[0].file.sync"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(parse_kafka_output)

BOOST_AUTO_TEST_CASE(reads_every_field) {
  const auto kafka = Output(Kafka(", security: SaslSsl, sasl: {mechanism: SCRAM-SHA-512, "
                                  "usernameFile: /u, passwordFile: /p}, "
                                  "tls: {caFile: /ca, certificateFile: /c, keyFile: /k}, "
                                  "compression: Zstd, deliveryTimeout: 30s, "
                                  "maxRecordSize: 2Mi, headers: CloudEvents"))
                         .kafka;
  BOOST_TEST(kafka.brokers == std::vector<std::string>{"k:9092"}, boost::test_tools::per_element());
  BOOST_TEST(kafka.topic == "t");
  BOOST_CHECK(kafka.security == KafkaSecurity::kSaslSsl);
  BOOST_TEST(kafka.sasl_mechanism == "SCRAM-SHA-512");
  BOOST_TEST(kafka.sasl_username_file == "/u");
  BOOST_TEST(kafka.sasl_password_file == "/p");
  BOOST_TEST(kafka.ca_file == "/ca");
  BOOST_TEST(kafka.certificate_file == "/c");
  BOOST_TEST(kafka.key_file == "/k");
  BOOST_CHECK(kafka.compression == Compression::kZstd);
  BOOST_TEST(kafka.delivery_timeout == 30 * base::kSecond);
  BOOST_TEST(kafka.max_record_bytes == 2 << 20);
  BOOST_CHECK(kafka.headers == KafkaHeaders::kCloudEvents);
}

BOOST_AUTO_TEST_CASE(reads_every_security_and_mechanism) {
  BOOST_CHECK(Output(Kafka("")).kafka.security == KafkaSecurity::kPlaintext);
  BOOST_CHECK(Output(Kafka(", security: Plaintext")).kafka.security == KafkaSecurity::kPlaintext);
  BOOST_CHECK(Output(Kafka(", security: Ssl")).kafka.security == KafkaSecurity::kSsl);
  for (const char* mechanism : {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}) {
    const auto kafka = Output(Kafka(std::string(", security: SaslPlaintext, sasl: {mechanism: ") +
                                    mechanism + ", usernameFile: /u, passwordFile: /p}"))
                           .kafka;
    BOOST_TEST(kafka.sasl_mechanism == mechanism);
  }
}

BOOST_AUTO_TEST_CASE(reads_the_folder_of_a_token) {
  const auto kafka = Output(Kafka(", security: SaslSsl, sasl: {mechanism: OAUTHBEARER, oauth: "
                                  "{credentialsDirectory: /o, clientId: me, scope: s, "
                                  "tokenEndpointUrl: 'https://login.example/t', "
                                  "extensions: {traceId: a}}}"))
                         .kafka;
  BOOST_TEST(kafka.sasl_mechanism == kOauthBearer);
  BOOST_TEST(kafka.sasl_username_file == "");
  BOOST_CHECK((kafka.oauth ==
               KafkaOauth{"/o", "https://login.example/t", "me", "s", "", {{"traceId", "a"}}}));
}

BOOST_AUTO_TEST_CASE(each_mechanism_has_files_of_its_own) {
  const std::string kSasl = "spec.outputs[0].kafka.sasl";
  const auto refuses = [&](const std::string& sasl, const std::string& field, const char* reason) {
    return Refuses(Kafka(", security: SaslSsl, sasl: {mechanism: " + sasl + "}"), field, reason);
  };
  BOOST_TEST(refuses("OAUTHBEARER", kSasl + ".oauth", "MissingField"));
  BOOST_TEST(
      refuses("OAUTHBEARER, oauth: {}", kSasl + ".oauth.credentialsDirectory", "MissingField"));
  BOOST_TEST(refuses("OAUTHBEARER, usernameFile: /u, oauth: {credentialsDirectory: /o}", kSasl,
                     "Conflict"));
  BOOST_TEST(refuses("PLAIN, usernameFile: /u, passwordFile: /p, oauth: {credentialsDirectory: /o}",
                     kSasl, "Conflict"));
  BOOST_TEST(refuses("PLAIN, passwordFile: /p", kSasl + ".usernameFile", "MissingField"));
}

BOOST_AUTO_TEST_CASE(security_sasl_and_tls_must_fit) {
  const std::string sasl = "sasl: {mechanism: PLAIN, usernameFile: /u, passwordFile: /p}";
  BOOST_TEST(Refuses(Kafka(", security: SaslSsl"), kKafka, "MissingField"));
  BOOST_TEST(Refuses(Kafka(", " + sasl), kKafka, "Conflict"));
  BOOST_TEST(Refuses(Kafka(", security: Ssl, " + sasl), kKafka, "Conflict"));
  BOOST_TEST(Refuses(Kafka(", tls: {caFile: /ca}"), kKafka, "Conflict"));
  BOOST_TEST(Refuses(Kafka(", security: Ssl, tls: {keyFile: /k}"), "spec.outputs[0].kafka.tls"));
  BOOST_TEST(Refuses(Kafka(", security: ssl"), "spec.outputs[0].kafka.security"));
  BOOST_TEST(Refuses(
      Kafka(", security: SaslSsl, sasl: {mechanism: GSSAPI, usernameFile: /u, passwordFile: /p}"),
      "spec.outputs[0].kafka.sasl.mechanism"));
  BOOST_TEST(Refuses(Kafka(", security: SaslSsl, sasl: {mechanism: PLAIN, usernameFile: /u}"),
                     "spec.outputs[0].kafka.sasl.passwordFile", "MissingField"));
  // Secrets are files: a value where a file is meant is not a field at all.
  BOOST_TEST(Refuses(Kafka(", security: SaslSsl, sasl: {mechanism: PLAIN, usernameFile: /u, "
                           "passwordFile: /p, password: x}"),
                     "spec.outputs[0].kafka.sasl.password", "UnknownField"));
}

BOOST_AUTO_TEST_CASE(refuses_brokers_and_topics_that_are_none) {
  for (const char* broker :
       {"k", "':9092'", "'k:'", "'k:0'", "'k:65536'", "'k:09092'", "'k 1:9092'", "'k:9092,l:9092'",
        "'http://k:9092'", "'k:99999999999'"}) {
    BOOST_TEST(
        Refuses(Kafka(std::string("[") + broker + "]", "t"), "spec.outputs[0].kafka.brokers[0]"),
        broker);
  }
  BOOST_TEST(Refuses(Kafka("[]", "t"), "spec.outputs[0].kafka.brokers"));
  BOOST_TEST(Output(Kafka("['[fd00::1]:9092', 'k:65535']", "t")).kafka.brokers.size() == 2);
  for (const std::string& topic : {std::string("'a b'"), std::string("a/b"), std::string("."),
                                   std::string(".."), std::string("''"), std::string(250, 't')}) {
    BOOST_TEST(Refuses(Kafka("['k:9092']", topic), "spec.outputs[0].kafka.topic"), topic);
  }
}

BOOST_AUTO_TEST_CASE(refuses_values_beyond_their_bounds) {
  BOOST_TEST(Refuses(Kafka(", deliveryTimeout: 999ms"), "spec.outputs[0].kafka.deliveryTimeout"));
  BOOST_TEST(Refuses(Kafka(", deliveryTimeout: 25h"), "spec.outputs[0].kafka.deliveryTimeout"));
  BOOST_TEST(Refuses(Kafka(", maxRecordSize: 1023"), "spec.outputs[0].kafka.maxRecordSize"));
  BOOST_TEST(Refuses(Kafka(", maxRecordSize: 65Mi"), "spec.outputs[0].kafka.maxRecordSize"));
  BOOST_TEST(Refuses(Kafka(", compression: Snappy"), "spec.outputs[0].kafka.compression"));
  BOOST_CHECK(Output(Kafka("")).kafka.headers == KafkaHeaders::kPlain);
  BOOST_TEST(Refuses(Kafka(", headers: cloudevents"), "spec.outputs[0].kafka.headers"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
