// SPDX-License-Identifier: Apache-2.0
#include "collector/reader_options.h"

#include <CLI/CLI.hpp>
#include <string>

namespace traffictap::collector {
namespace {

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
    {"--api", "serves on this machine alone"},
    {"--api-cert", "serves on this machine alone"},
};

std::string CheckAddress(const std::string& address) {
  const Status status = fanin::CheckPairerAddress(address);
  return status.ok() ? std::string() : Message(status);
}

}  // namespace

void AddReaderOptions(CLI::App& app, fanin::PairerDirectoryOptions* out) {
  const CLI::Validator address(CheckAddress, "HOST:PORT");
  app.add_option(
         "--pairers", out->name,
         "name whose addresses are the pairers that a reader asks, NAME:PORT; it is resolved "
         "again every 5 s")
      ->check(address);
  app.add_option("--pairer", out->addresses,
                 "a pairer that a reader asks, whatever the name resolves to, HOST:PORT; may be "
                 "repeated")
      ->check(address);
}

void CompleteReaderOptions(const CLI::App& app, const fanin::PairerDirectoryOptions& pairers) {
  for (const Useless& one : kUseless) {
    const CLI::Option* option = app.get_option_no_throw(one.option);
    if (option == nullptr || option->count() == 0) continue;
    throw CLI::ValidationError(one.option, std::string("--role reader ") + one.why);
  }
  if (!pairers.name.empty() || !pairers.addresses.empty()) return;
  throw CLI::ValidationError("--pairers",
                             "--role reader needs pairers: name them, or list each "
                             "with --pairer");
}

}  // namespace traffictap::collector
