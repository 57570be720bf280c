// SPDX-License-Identifier: Apache-2.0
#include "bench/load_options.h"

#include <CLI/CLI.hpp>

namespace traffictap::bench {

std::optional<LoadOptions> ParseLoadOptions(int argc, const char* const* argv) {
  LoadOptions out;
  CLI::App app(
      "Sends the access logs of a made-up mesh to an ALS receiver. Prints \"ready\" when all "
      "streams are "
      "open, sends on a line of standard input, prints what it sent, and closes on the next line.");
  app.add_option("--address", out.address, "of the receiver, IP:PORT")->required();
  app.add_option(
         "--tls", out.tls,
         "mTLS with a receiver called \"collector\": a directory with ca.pem, proxy.pem and "
         "proxy.key")
      ->check(CLI::ExistingDirectory);
  app.add_option("--streams", out.streams, "proxies; each has a connection")
      ->check(CLI::Range(2, 16'000));
  app.add_option("--requests", out.requests, "requests in all")->check(CLI::Range(1, 10'000'000));
  app.add_option("--entries", out.entries, "entries in a message")->check(CLI::Range(1, 1000));
  app.add_option("--rate", out.rate, "entries a second at most")->check(CLI::Range(1, 10'000'000));
  app.add_option("--namespaces", out.namespaces, "that the proxies are in")
      ->check(CLI::Range(1, 10'000));
  app.add_flag("--one-sided", out.one_sided, "the servers' proxies send nothing");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    app.exit(e);
    return std::nullopt;
  }
  return out;
}

}  // namespace traffictap::bench
