// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "kube/http_transport.h"

namespace traffictap::fanin {

// The live API of one pairer. Blocking calls, each with a limit of time; thread-safe. Errors and
// answers are those of kube::HttpTransport: an answer of any code is no error.
class PairerClient {
 public:
  virtual ~PairerClient() = default;
  virtual StatusOr<kube::HttpResponse> Send(const kube::HttpRequest& request,
                                            base::Nanos timeout) = 0;
  virtual StatusOr<kube::HttpResponse> Stream(const kube::HttpRequest& request, base::Nanos silence,
                                              const kube::HttpTransport::StreamHandlers& handlers,
                                              std::stop_token stop) = 0;
};
using PairerClientPtr = std::shared_ptr<PairerClient>;

// The client of the pairer at `address`, HOST:PORT. No network.
using ConnectPairer = std::function<StatusOr<PairerClientPtr>(const std::string& address)>;

// Over HTTP; over TLS where `tls` is there.
ConnectPairer ConnectOverHttp(std::optional<kube::TlsSettings> tls);

}  // namespace traffictap::fanin
