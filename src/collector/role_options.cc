// SPDX-License-Identifier: Apache-2.0
#include "collector/role_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/process_clock.h"
#include "fmt/format.h"
#include "tap/enum_names.h"
#include "tap/values.h"

namespace traffictap::collector {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kPartitionsMax = 4096;  // a receiver builds a block for each

// Which options need which part of a role: a name, or the beginning of names that end with '-'.
struct Need {
  std::string_view option;
  bool RoleTraits::*trait;
  const char* lacks;
};
constexpr Need kNeeds[] = {
    {"--als", &RoleTraits::receives, "receives no access logs"},
    {"--als-", &RoleTraits::receives, "receives no access logs"},
    {"--queue-size", &RoleTraits::receives, "receives no access logs"},
    {"--output-dir", &RoleTraits::pairs, "writes no records"},
    {"--spool-dir", &RoleTraits::pairs, "writes no records"},
    {"--waiting-size", &RoleTraits::pairs, "joins no entries"},
    {"--pairing-threads", &RoleTraits::threads, "joins on one thread at most: start more pairers"},
    {"--live", &RoleTraits::shows, "has no records to show"},
    {"--live-", &RoleTraits::shows, "has no records to show"},
    {"--api", &RoleTraits::shows, "has no records to show"},
    {"--api-", &RoleTraits::shows, "has no records to show"},
    {"--trace-url", &RoleTraits::shows, "has no records to show"},
    {"--shuffle-accept-plain", &RoleTraits::pairs, "reads no blocks"},
    {"--shuffle-", &RoleTraits::shuffles, "uses no Kafka: set --role receiver or pairer"},
    {"--pairers", &RoleTraits::asks, "asks no pairers: set --role reader"},
    {"--pairers-", &RoleTraits::asks, "asks no pairers: set --role reader"},
    {"--pairer", &RoleTraits::asks, "asks no pairers: set --role reader"},
};

bool Names(std::string_view pattern, std::string_view option) {
  return pattern.ends_with('-') ? option.starts_with(pattern) : option == pattern;
}

std::string CheckBroker(const std::string& broker) {
  if (tap::IsBroker(broker)) return {};
  return fmt::format("\"{}\" must be HOST:PORT, such as kafka-0.kafka:9092", broker);
}

std::string CheckTopic(const std::string& topic) {
  if (tap::IsTopic(topic)) return {};
  return fmt::format("\"{}\" {}", topic, tap::kTopicRule);
}

std::string RoleWords() {
  std::string out = "what this process does";
  const char* separator = ": ";
  for (const RoleTraits& traits : kRoles) {
    out += fmt::format("{}{} {}", separator, traits.name, traits.about);
    separator = "; ";
  }
  return out;
}

[[noreturn]] void Refuse(const std::string& option, const std::string& why) {
  throw CLI::ValidationError(option, why);
}

void RefuseUseless(const CLI::App& app, const RoleTraits& traits) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0) continue;
    for (const Need& need : kNeeds) {
      if (traits.*need.trait || !Names(need.option, option->get_name())) continue;
      const bool advises = std::string_view(need.lacks).find(':') != std::string_view::npos;
      Refuse(option->get_name(), fmt::format("--role {} {}{} remove the option", traits.name,
                                             need.lacks, advises ? ", or" : ":"));
    }
  }
}

// The keys are those of a TapDestination's Secret.
void ReadLogin(const fs::path& dir, tap::KafkaOutput* cluster) {
  if (cluster->sasl_mechanism == tap::kOauthBearer) {
    cluster->oauth.credentials_dir = dir.string();
    return;
  }
  cluster->sasl_username_file = (dir / "username").string();
  cluster->sasl_password_file = (dir / "password").string();
  for (const auto& file : {cluster->sasl_username_file, cluster->sasl_password_file}) {
    if (!fs::exists(file)) {
      Refuse("--shuffle-credentials",
             fmt::format("there is no file {}, which {} needs", file, cluster->sasl_mechanism));
    }
  }
}

void ReadTls(const fs::path& dir, tap::KafkaOutput* cluster) {
  if (fs::exists(dir / "ca.crt")) cluster->ca_file = (dir / "ca.crt").string();
  const bool certificate = fs::exists(dir / "tls.crt"), key = fs::exists(dir / "tls.key");
  if (certificate != key) {
    Refuse("--shuffle-credentials",
           fmt::format("{} has tls.{} without tls.{}: a client certificate needs both",
                       dir.string(), certificate ? "crt" : "key", certificate ? "key" : "crt"));
  }
  if (!certificate) return;
  cluster->certificate_file = (dir / "tls.crt").string();
  cluster->key_file = (dir / "tls.key").string();
}

void CompleteLogin(const std::string& credentials_dir, tap::KafkaOutput* cluster) {
  const bool sasl = tap::UsesSasl(cluster->security), tls = tap::UsesTls(cluster->security);
  if (sasl == cluster->sasl_mechanism.empty()) {
    Refuse("--shuffle-sasl", sasl ? "--shuffle-security asks for SASL: name the mechanism"
                                  : "needs --shuffle-security SaslPlaintext or SaslSsl");
  }
  if (credentials_dir.empty()) {
    if (sasl) Refuse("--shuffle-credentials", "--shuffle-sasl needs the folder of its credentials");
    return;
  }
  if (!sasl && !tls) {
    Refuse("--shuffle-credentials", "--shuffle-security Plaintext has no use for it: remove one");
  }
  if (sasl) ReadLogin(credentials_dir, cluster);
  if (tls) ReadTls(credentials_dir, cluster);
}

std::shared_ptr<shuffle::BlockCipher> OpenCipher(shuffle::BlockCipherOptions of,
                                                 const RoleOptions& options) {
  of.accept_plain = options.accept_plain;
  auto out =
      shuffle::BlockCipher::Open(std::move(of), options.encryption_dir, base::ProcessClock());
  if (!out.ok()) Refuse("--shuffle-encryption", Message(out.status()));
  return *std::move(out);
}

void CompleteEncryption(RoleOptions* options) {
  if (options->encryption_dir.empty()) {
    if (!options->accept_plain) return;
    Refuse("--shuffle-accept-plain", "has no use without --shuffle-encryption: remove it");
  }
  options->shuffle.cipher = OpenCipher({options->shuffle.cluster.topic}, *options);
  options->shuffle.proxies_cipher = OpenCipher(
      {options->shuffle.proxies, false, "a proxy's state", "traffictap.v1.ProxyState"}, *options);
}

void RefuseEqualTopics(const shuffle::ShuffleSettings& shuffle) {
  const std::pair<const char*, std::string> topics[] = {
      {"--shuffle-topic", shuffle.cluster.topic},
      {"--shuffle-checkpoints", shuffle.checkpoints},
      {"--shuffle-proxies", shuffle.proxies},
  };
  for (const auto& [option, topic] : topics) {
    for (const auto& [other, same] : topics) {
      if (other == option) break;
      if (topic == same) {
        Refuse(option, fmt::format("is {} as {}: they must be two topics", topic, other));
      }
    }
  }
}

void AddEncryptionOptions(CLI::App& app, RoleOptions* out) {
  app.add_option("--shuffle-encryption", out->encryption_dir,
                 "folder with the keys that entries are encrypted with in Kafka, a file each, by "
                 "its name: 32 bytes in base64; the file \"current\" has the name of the key that "
                 "encrypts. All receivers and pairers need the same keys")
      ->check(CLI::ExistingDirectory);
  app.add_flag("--shuffle-accept-plain", out->accept_plain,
               "with --shuffle-encryption: also read entries that are not encrypted, while "
               "encryption is being introduced");
}

void AddClusterOptions(CLI::App& app, RoleOptions* out) {
  std::map<std::string, tap::KafkaSecurity> securities;
  for (const auto& [value, name] : EnumNames(tap::KafkaSecurity())) securities[name] = value;
  auto& cluster = out->shuffle.cluster;
  app.add_option("--shuffle-brokers", cluster.brokers,
                 "bootstrap brokers of the Kafka cluster between receivers and pairers, HOST:PORT; "
                 "may be repeated")
      ->check(CLI::Validator(CheckBroker, "HOST:PORT"));
  app.add_option_function<std::string>(
         "--shuffle-security",
         [&cluster, securities](const std::string& name) {
           cluster.security = securities.at(name);
         },
         "security protocol of the brokers")
      ->check(CLI::IsMember(securities))
      ->default_str("Plaintext");
  app.add_option("--shuffle-sasl", cluster.sasl_mechanism,
                 "SASL mechanism of SaslPlaintext and SaslSsl")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(tap::kSaslMechanisms),
                                                     std::end(tap::kSaslMechanisms))));
  app.add_option("--shuffle-credentials", out->credentials_dir,
                 "folder with the keys of a TapDestination's Secret, a file each: username and "
                 "password, or those of OAUTHBEARER; ca.crt (default: the system's authorities); "
                 "tls.crt and tls.key for a client certificate")
      ->check(CLI::ExistingDirectory);
}

}  // namespace

void AddRoleOptions(CLI::App& app, RoleOptions* out) {
  std::map<std::string, Role> roles;
  for (const RoleTraits& traits : kRoles) roles[traits.name] = traits.role;
  app.add_option_function<std::string>(
         "--role", [out, roles](const std::string& name) { out->role = roles.at(name); },
         RoleWords())
      ->check(CLI::IsMember(roles))
      ->default_str(TraitsOf(out->role).name);
  auto& shuffle = out->shuffle;
  shuffle.cluster.topic = "traffictap.halves";
  AddClusterOptions(app, out);
  const CLI::Validator topic(CheckTopic, "TOPIC");
  app.add_option("--shuffle-topic", shuffle.cluster.topic,
                 "topic from receivers to pairers; nothing creates it")
      ->check(topic)
      ->capture_default_str();
  app.add_option("--shuffle-checkpoints", shuffle.checkpoints,
                 "compacted topic of the pairers' state; nothing creates it")
      ->check(topic)
      ->capture_default_str();
  app.add_option("--shuffle-proxies", shuffle.proxies,
                 "compacted topic of the proxies that receivers hear from; nothing creates it")
      ->check(topic)
      ->capture_default_str();
  app.add_option("--shuffle-group", shuffle.group, "consumer group of the pairers")
      ->check(topic)
      ->capture_default_str();
  app.add_option(
         "--shuffle-partitions", shuffle.partitions,
         "partitions that the topics of entries and of the pairers' state have, the same for "
         "all receivers and pairers")
      ->check(CLI::Range(uint32_t{1}, kPartitionsMax))
      ->capture_default_str();
  AddEncryptionOptions(app, out);
  AddReaderOptions(app, out);
}

void CompleteRoleOptions(const CLI::App& app, RoleOptions* options) {
  const RoleTraits& traits = TraitsOf(options->role);
  RefuseUseless(app, traits);
  if (traits.asks) CompleteReaderOptions(app, *options);
  if (!traits.shuffles) return;
  auto& shuffle = options->shuffle;
  if (shuffle.cluster.brokers.empty()) {
    Refuse("--shuffle-brokers", fmt::format("--role {} needs the brokers of the Kafka cluster "
                                            "between receivers and pairers",
                                            traits.name));
  }
  RefuseEqualTopics(shuffle);
  CompleteLogin(options->credentials_dir, &shuffle.cluster);
  CompleteEncryption(options);
}

}  // namespace traffictap::collector
