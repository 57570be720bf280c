#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "operator/plan/mesh_plan.h"
#include "rpc/credentials.h"
#include "traffictap/v1/routes.pb.h"

namespace traffictap::routes {

class RouteHub;

struct RouteServerOptions {
  std::string address = "127.0.0.1:9813";  // host:port; port 0: any
  rpc::ServerTlsFiles tls = {};
  size_t collectors_max = 64;  // more are refused with RESOURCE_EXHAUSTED
};

// traffictap.v1.RouteDiscovery: every collector that dials gets the whole snapshot and each later
// one. Thread-safe.
class RouteServer {
 public:
  // Listens at once, but sends nothing before the first SetRoutes: an operator that has not seen
  // the taps yet must not take them away. `on_report` is called on gRPC's threads after a report or
  // a collector's coming or going; it must be quick, and outlives the server. kUnavailable: the
  // address is taken; kInvalidArgument: bad TLS files.
  static StatusOr<std::unique_ptr<RouteServer>> Start(const RouteServerOptions& options,
                                                      std::function<void()> on_report);
  // Ends all streams.
  ~RouteServer();

  // What every collector shall have in force. Equal routes are not sent again.
  void SetRoutes(const std::vector<plan::Route>& routes);
  // The version of the routes set last; empty before the first.
  std::string version() const;
  // The newest report of each collector that is connected, sorted by name.
  std::vector<v1::CollectorReport> Reports() const;
  // The port in use.
  int port() const;

 private:
  RouteServer();
  std::unique_ptr<RouteHub> hub_;
};

}  // namespace traffictap::routes
