// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "kube/kubeconfig.h"
#include "operator/discovery/discovery_server.h"
#include "operator/istiod/syncz_client.h"
#include "operator/liveness.h"
#include "operator/mesh/installation.h"
#include "tap/destination_spec.h"
#include "web/http_server.h"

namespace traffictap::op {

// What the command line of traffictap-operator sets.
struct Options {
  kube::KubeconfigOptions kubeconfig;
  mesh::Installation installation;
  discovery::DiscoveryServerOptions discovery;
  web::HttpServerOptions http;
  istiod::SynczOptions istiod;
  // How long a patch stays when the last tap that needs it has gone.
  base::Nanos patch_grace = 300 * base::kSecond;
  // How long the collector's APIService may be unavailable before it is removed; 0: for ever.
  base::Nanos api_remove_after = 0;
  // Patches, statuses and Events together; twice as many at once after a pause. 1 to 1000.
  int api_writes_per_second = 10;
  // Namespaces with all of these labels are attached whether a tap wants them or not; none: no namespace,
  // but for those that say it themselves. And what their proxies log, in lower case.
  tap::Labels standing_namespaces;
  std::vector<std::string> standing_request_headers;
  std::vector<std::string> standing_response_headers;
  base::Nanos standing_open_streams = 0;  // how often they tell of open streams; 0: never
  base::Nanos step_max = kStepMax;        // of a loop's step: then /healthz says that it hangs
  bool leader_election = true;
  bool uninstall = false;  // remove every patch and end
  bool check = false;      // tell whether the installation works and end
  base::LogOptions log;
};

struct ParsedOptions {
  Options options;
  // Set: the command line asked for help or the version, or was wrong.
  std::optional<int> exit_code;
};

// Prints help, version and faults itself, as a command-line program does.
ParsedOptions ParseOptions(int argc, const char* const* argv);

}  // namespace traffictap::op
