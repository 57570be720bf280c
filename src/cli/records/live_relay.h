// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "cli/records/cluster.h"
#include "observe/authorizer.h"
#include "web/http_message.h"
#include "web/route_threads.h"

namespace traffictap::cli {

// The paths under /api/v1 (observe/README.md) for the page in a browser on this machine, answered
// by the cluster with the person's own rights. Streams are handed on as they come; a browser that
// reads too slowly is cut off, and goes on from its position when it comes again.
class LiveRelay {
 public:
  // Both outlive it. `authorizer` knows the token that the page must show.
  LiveRelay(const Cluster* cluster, observe::Authorizer* authorizer);

  // To be served; valid as long as this. After Close those that ask the cluster answer 503.
  std::map<std::string, web::Route> Routes();
  // Ends all streams, and waits for what is under way. Before the server goes, which takes the last
  // answers.
  void Close() { threads_.Close(); }

 private:
  web::Route Relayed(const std::string& resource);

  const Cluster* const cluster_;
  observe::Authorizer* const authorizer_;
  web::RouteThreads threads_;
};

}  // namespace traffictap::cli
