// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bench/load_options.h"
#include "bench/load_stream.h"

namespace traffictap::bench {
namespace {

using Streams = std::vector<std::unique_ptr<LoadStream>>;

std::string Read(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::shared_ptr<grpc::ChannelCredentials> Credentials(const LoadOptions& options) {
  if (options.tls.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions files;
  files.pem_root_certs = Read(options.tls + "/ca.pem");
  files.pem_cert_chain = Read(options.tls + "/proxy.pem");
  files.pem_private_key = Read(options.tls + "/proxy.key");
  return grpc::SslCredentials(files);
}

// In waves, so that a listener's backlog never overflows.
Streams Open(const LoadOptions& options) {
  constexpr size_t kWave = 64;
  const auto credentials = Credentials(options);
  Streams out;
  for (size_t i = 0; i < options.streams; ++i) {
    const ProxyPair pair{static_cast<uint32_t>(i / 2), options.namespaces};
    out.push_back(std::make_unique<LoadStream>(options.address, credentials, pair,
                                               i % 2 == 0 ? Side::kClient : Side::kServer,
                                               options.entries));
    if (out.size() % kWave != 0) continue;
    for (size_t j = out.size() - kWave; j < out.size(); ++j) out[j]->WaitIdle();
  }
  for (const auto& stream : out) stream->WaitIdle();
  return out;
}

uint64_t MessagesPerStream(const LoadOptions& options) {
  const uint64_t per_round = options.streams / 2 * options.entries;
  return (options.requests + per_round - 1) / per_round;
}

// Round after round one message of each stream, not faster than the rate. Returns the entries sent.
uint64_t Send(const LoadOptions& options, const Streams& streams) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  uint64_t entries = 0;
  for (uint64_t round = 0; round < MessagesPerStream(options); ++round) {
    for (size_t i = 0; i < streams.size(); i += options.one_sided ? 2 : 1) {
      const std::chrono::duration<double> due(static_cast<double>(entries) /
                                              static_cast<double>(options.rate));
      std::this_thread::sleep_until(begin + std::chrono::duration_cast<Clock::duration>(due));
      streams[i]->Send();
      entries += options.entries;
    }
  }
  for (const auto& stream : streams) stream->WaitIdle();
  return entries;
}

void Tell(const char* format, uint64_t entries = 0, uint64_t bytes = 0) {
  std::printf(format, static_cast<unsigned long long>(entries),
              static_cast<unsigned long long>(bytes));
  std::fflush(stdout);
}

uint64_t BytesSent(const Streams& streams) {
  uint64_t out = 0;
  for (const auto& stream : streams) out += stream->bytes_sent();
  return out;
}

int Run(const LoadOptions& options) {
  const Streams streams = Open(options);
  const uint64_t opening = BytesSent(streams);
  std::string line;
  Tell("ready\n");
  std::getline(std::cin, line);
  const uint64_t entries = Send(options, streams);
  Tell("sent %llu %llu\n", entries, BytesSent(streams) - opening);
  std::getline(std::cin, line);
  for (const auto& stream : streams) stream->Close();
  bool ok = true;
  for (const auto& stream : streams) ok = stream->WaitEnd() && ok;
  Tell(ok ? "closed\n" : "broken\n");
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace traffictap::bench

int main(int argc, char** argv) {
  const auto options = traffictap::bench::ParseLoadOptions(argc, argv);
  return options ? traffictap::bench::Run(*options) : 2;
}
