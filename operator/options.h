#pragma once

#include <string>

#include "kube/kubeconfig.h"
#include "operator/istiod/syncz_client.h"
#include "operator/mesh/installation.h"
#include "operator/routes/route_server.h"
#include "web/http_server.h"

namespace traffictap::op {

// What the command line of traffictap-operator sets.
struct Options {
  kube::KubeconfigOptions kubeconfig;
  mesh::Installation installation;
  routes::RouteServerOptions routes;
  web::HttpServerOptions http;
  istiod::SynczOptions istiod;
  bool leader_election = true;
  bool uninstall = false;  // remove every patch and end
  std::string log_level = "info";
  std::string log_format = "text";
};

struct ParsedOptions {
  Options options;
  bool exit = false;  // the command line asked for help or the version, or was wrong
  int exit_code = 0;
};

// Prints help, version and faults itself, as a command-line program does.
ParsedOptions ParseOptions(int argc, const char* const* argv);

}  // namespace traffictap::op
