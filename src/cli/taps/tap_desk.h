// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "cli/records/cluster.h"
#include "cli/shell/console.h"
#include "cli/taps/tap_request.h"
#include "observe/authorizer.h"
#include "web/http_message.h"
#include "web/route_threads.h"

namespace traffictap::cli {

// Where the page of `ui` plans, starts and stops taps, with the rights of the person whose kubeconfig
// this is. It has the taps that it started, and deletes them when it closes. Thread-safe but for
// Close.
//
// GET /api/v1/page/taps: {"taps": [...]}, those that it started and that are still there: each with
// `tap` ("shop/tap-cart-x7k2q"), `ready` ("True", "False", "Unknown" or "" before the operator looked
// at it), `reason`, `message`, `drains`, `endsAt` (RFC 3339; empty: no limit ends it), `refusal` (why
// it will never record) and `ended`.
// POST /api/v1/page/plan and .../start of a form (page_tap.h): what the operator would do, as
// {"status": of a tap that is planned only and is gone again, "refusal"}, or the new {"tap"}.
// POST /api/v1/page/stop of {"tap"}: {"tap"}, deleted. Only what it started: else kNotFound.
// POST /api/v1/page/peers of {"tap"}, whoever started it, a ClusterTrafficTap by its name alone: its
// status' {"peers": [...]}, an empty list where there are none, with `createdAt`, `endsAt`, and `user`,
// who started it by the command line or the page (else empty). kNotFound: there is no such tap.
// All need the token; others' pages are refused, and so are POSTs without the content type
// application/json, which no foreign page can send unasked.
class TapDesk {
 public:
  // All outlive it. `cluster` is one of Kubernetes. `console` hears in Close what could not be
  // deleted. `wait` is for the operator's plan.
  TapDesk(const Cluster* cluster, observe::Authorizer* authorizer, const base::Clock* clock,
          Console* console, base::Nanos wait = 60 * base::kSecond);
  ~TapDesk() { Close(); }
  TapDesk(const TapDesk&) = delete;
  TapDesk& operator=(const TapDesk&) = delete;

  // To be served; valid as long as this. After Close they answer 503.
  std::map<std::string, web::Route> Routes();
  // `inner`, whose answers tell the page that taps can be started, and where: the header
  // TrafficTap-Desk has the namespace, or "*".
  web::Route Announced(web::Route inner) const;
  // Ends what waits, then deletes the taps that it started.
  void Close();

 private:
  struct Asked {
    TapRequest request;
    std::string user;
  };
  using Handle = std::function<StatusOr<kube::Json>(const std::string& posted, std::stop_token)>;

  web::Route Guarded(bool posts, Handle handle);
  StatusOr<Asked> Check(const std::string& posted) const;
  StatusOr<kube::Json> Plan(const std::string& posted, std::stop_token stop) const;
  StatusOr<kube::Json> Start(const std::string& posted);
  StatusOr<kube::Json> Stop(const std::string& posted);
  StatusOr<kube::Json> Peers(const std::string& posted) const;
  StatusOr<kube::Json> List();

  const Cluster* const cluster_;
  observe::Authorizer* const authorizer_;
  const base::Clock* const clock_;
  Console* const console_;
  const base::Nanos wait_;
  absl::Mutex mutex_;
  std::map<std::string, kube::Object> started_ ABSL_GUARDED_BY(mutex_);  // by namespace/name
  web::RouteThreads threads_;
};

}  // namespace traffictap::cli
