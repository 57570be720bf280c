// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "als/als_server.h"
#include "base/command_line.h"
#include "base/status.h"
#include "collector/api_site.h"
#include "collector/live_site.h"
#include "collector/role_options.h"
#include "collector/tap_source.h"
#include "pipeline/pipeline.h"
#include "web/http_server.h"

namespace traffictap::collector {

// What the command line of traffictap-collector sets.
struct Options {
  RoleOptions role;
  als::AlsServerOptions als;
  web::HttpServerOptions http;
  pipeline::PipelineOptions pipeline;
  LiveSiteOptions live;
  ApiSiteOptions api;
  // Where the taps come from: exactly one of taps_dir and tap_source.address is set.
  std::string taps_dir;
  TapSourceOptions tap_source;
  // Of a receiver: blocks on their way to Kafka, which have the memory of all that it does not do.
  size_t shuffle_bytes_max = size_t{256} << 20;
  base::LogOptions log;
  // Of a receiver, after SIGTERM: until the mesh has heard that it is not ready. Then its streams move.
  base::Nanos unready_wait = 2 * base::kSecond;
  base::Nanos read_on = 3 * base::kSecond;      // after SIGTERM, for what the proxies still flush
  base::Nanos stall_max = 30 * base::kSecond;   // of a pairing thread: then /healthz says so
  base::Nanos close_wait = 10 * base::kSecond;  // after it, for the outputs
};

struct ParsedOptions {
  Options options;
  // Set: the command line asked for help or the version, or was wrong.
  std::optional<int> exit_code;
};

// Prints help, version and faults itself, as a command-line program does.
ParsedOptions ParseOptions(int argc, const char* const* argv);

}  // namespace traffictap::collector
