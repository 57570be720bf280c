// SPDX-License-Identifier: Apache-2.0
#include "collector/reader_options.h"

#include <CLI/CLI.hpp>
#include <string>
#include <utility>

#include "base/text_file.h"
#include "collector/role_options.h"
#include "fanin/expected_pairers.h"
#include "fanin/pairer_directory.h"

namespace traffictap::collector {
namespace {

constexpr size_t kFileBytesMax = 1 << 20;

struct Useless {
  const char* option;
  const char* why;
};
// What other roles that show live records have a use for.
constexpr Useless kUseless[] = {
    {"--live-token-file", "hands on its callers' tokens and has none of its own"},
    {"--live-backlog-size", "keeps no records: set it at the pairers"},
    {"--trace-url", "shows what its pairers say: set it at the pairers"},
    {"--memory", "keeps no records: what its streams may hold is fixed"},
    {"--name", "writes no records"},
    {"--api-readers-ca", "asks pairers: only those serve readers"},
};

std::string CheckAddress(const std::string& address) {
  const Status status = fanin::CheckPairerAddress(address);
  return status.ok() ? std::string() : Message(status);
}

std::string CheckStatefulSet(const std::string& text) {
  const auto parsed = fanin::ParsePairersStatefulSet(text);
  return parsed.ok() ? std::string() : Message(parsed.status());
}

bool IsGiven(const CLI::App& app, const char* name) {
  const CLI::Option* option = app.get_option_no_throw(name);
  return option != nullptr && option->count() > 0;
}

// Behind the API server a reader says to its pairers who the user is, which they believe only with a
// certificate; standalone it hands on a token, which is for this machine alone.
void CheckTls(const CLI::App& app, const PairersTls& tls) {
  const bool api = IsGiven(app, "--api");
  if (!api && IsGiven(app, "--pairers-statefulset")) {
    throw CLI::ValidationError("--pairers-statefulset",
                               "--role reader needs --api with it: it asks the API server for it");
  }
  if (api && tls.ca_file.empty()) {
    throw CLI::ValidationError("--pairers-ca",
                               "--role reader with --api needs --pairers-ca, --pairers-cert and "
                               "--pairers-key, so that pairers believe it who the user is");
  }
  if (!api && !tls.ca_file.empty()) {
    throw CLI::ValidationError("--pairers-ca",
                               "--role reader needs --api with it: the pairers at such an address "
                               "want to know the user, and take no token");
  }
  if (api && IsGiven(app, "--live")) {
    throw CLI::ValidationError("--live",
                               "--role reader serves either --api or this machine, since pairers "
                               "take either users or tokens: remove one");
  }
}

}  // namespace

void AddReaderOptions(CLI::App& app, RoleOptions* out) {
  const CLI::Validator address(CheckAddress, "HOST:PORT");
  auto& tls = out->pairers_tls;
  auto* name =
      app.add_option("--pairers", out->pairers.name,
                     "name whose addresses are the pairers that a reader asks, NAME:PORT; it is "
                     "resolved again every 5 s")
          ->check(address);
  app.add_option_function<std::string>(
         "--pairers-statefulset",
         [out](const std::string& text) {
           out->pairers_stateful_set = *fanin::ParsePairersStatefulSet(text);
         },
         "StatefulSet whose pods are the pairers that a reader asks, NAMESPACE/NAME:PORT: the "
         "reader also says which of them are missing; it is read again every 5 s")
      ->check(CLI::Validator(CheckStatefulSet, "NAMESPACE/NAME:PORT"))
      ->excludes(name);
  app.add_option("--pairer", out->pairers.addresses,
                 "a pairer that a reader asks, whatever the name resolves to, HOST:PORT; may be "
                 "repeated")
      ->check(address);
  auto* ca = app.add_option("--pairers-ca", tls.ca_file,
                            "CA that signed the pairers' certificates (PEM); the pairers serve "
                            "readers with --api-readers-ca");
  auto* certificate =
      app.add_option("--pairers-cert", tls.certificate_file, "client certificate for them (PEM)")
          ->needs(ca);
  auto* key =
      app.add_option("--pairers-key", tls.key_file, "its private key (PEM)")->needs(certificate);
  certificate->needs(key);
  ca->needs(certificate);
  app.add_option("--pairers-server-name", tls.server_name,
                 "name that the pairers' certificates must have (default: their address)")
      ->needs(ca);
}

void CompleteReaderOptions(const CLI::App& app, const RoleOptions& options) {
  for (const Useless& one : kUseless) {
    if (!IsGiven(app, one.option)) continue;
    throw CLI::ValidationError(one.option, std::string("--role reader ") + one.why);
  }
  if (options.pairers.name.empty() && options.pairers.addresses.empty() &&
      options.pairers_stateful_set.key.name.empty()) {
    throw CLI::ValidationError("--pairers",
                               "--role reader needs pairers: name them or their StatefulSet "
                               "(--pairers-statefulset), or list each with --pairer");
  }
  CheckTls(app, options.pairers_tls);
}

StatusOr<std::optional<kube::TlsSettings>> ReadPairersTls(const PairersTls& tls) {
  std::optional<kube::TlsSettings> out;
  if (tls.ca_file.empty()) return out;
  out.emplace();
  out->server_name = tls.server_name;
  const std::pair<const std::string*, std::string*> files[] = {
      {&tls.ca_file, &out->ca_pem},
      {&tls.certificate_file, &out->certificate_pem},
      {&tls.key_file, &out->key_pem}};
  for (const auto& [file, text] : files) {
    auto read = base::ReadTextFile(*file, kFileBytesMax);
    if (!read.ok()) {
      return absl::InvalidArgumentError("--pairers-ca, --pairers-cert, --pairers-key: " +
                                        Message(read.status()));
    }
    *text = *std::move(read);
  }
  return out;
}

}  // namespace traffictap::collector
