// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/status.h"
#include "observe/authorizer.h"
#include "web/http_message.h"

namespace traffictap::web {

// What a caller wants of a tap's recorder.
struct DumpWish {
  std::string tap;      // "namespace/name", or the name of a ClusterTrafficTap
  std::string trigger;  // of type Webhook; empty: on demand
  std::optional<base::Nanos> before = std::nullopt;  // instead of the recorder's own
  std::optional<base::Nanos> after = std::nullopt;
};

// Takes posts that ask for a dump. What is wanted stands in the query (tap, trigger, before, after),
// or in `spec` of a posted object of kind Dump. Any other body may be posted and is not looked at, but
// that of an Alertmanager (webhook, version 4) whose alerts are resolved: that one asks for nothing.
class DumpApi {
 public:
  // Asks the recorder; returns at once. Called on any thread.
  using Dump = std::function<Status(const DumpWish&)>;

  // `authorizer` decides who may ask for dumps of taps of a namespace; it outlives the API.
  DumpApi(observe::Authorizer* authorizer, Dump dump)
      : authorizer_(authorizer), dump_(std::move(dump)) {}

  // `ns`: only taps of this namespace. Responds once, on any thread.
  void Answer(const HttpRequest& request, observe::Credentials credentials,
              const std::optional<std::string>& ns, const Route::Respond& respond) const;

  // The standalone path's, for this machine alone; valid as long as this.
  Route Standalone() const;

 private:
  struct Call;
  HttpResponse Carry(const Call& call, const observe::Access& access) const;

  observe::Authorizer* const authorizer_;
  const Dump dump_;
};

}  // namespace traffictap::web
