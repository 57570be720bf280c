// SPDX-License-Identifier: Apache-2.0
#include "operator/proxy_poller.h"

#include <utility>

#include "base/log.h"
#include "operator/controller/backoff.h"

namespace traffictap::op {
namespace {

constexpr base::Nanos kWhileWaiting = base::kSecond;
constexpr base::Nanos kOtherwise = 15 * base::kSecond;

}  // namespace

ProxyPoller::ProxyPoller(istiod::SynczOptions options,
                         std::function<std::vector<std::string>()> addresses,
                         std::function<void(const std::string&)> asked,
                         reconcilers::PlanBoard* board, const base::Clock* clock)
    : options_(std::move(options)),
      addresses_(std::move(addresses)),
      asked_(std::move(asked)),
      board_(board),
      clock_(clock),
      oldest_(
          [this](const std::string& address) { return istiod::FetchVersion(address, options_); },
          clock),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void ProxyPoller::Run(const std::stop_token& stop) {
  base::Nanos last = clock_->Monotonic() - kOtherwise;
  do {
    const base::Nanos now = clock_->Monotonic();
    if (now - last < kOtherwise && !board_->Waits()) continue;
    last = now;
    Ask();
  } while (controller::WaitOnClock(kWhileWaiting, stop));
}

void ProxyPoller::Ask() {
  // The time before the question: what was written after it is not in the answer.
  const base::Nanos asked = clock_->Wall();
  const auto addresses = addresses_();
  const std::string version = oldest_.Version(addresses);
  auto proxies = istiod::FetchSyncz(addresses, options_);
  const std::string error = proxies.ok() ? "" : Message(proxies.status());
  if (proxies.ok()) {
    board_->SetProxies(*std::move(proxies), asked);
  } else {
    board_->MissProxies(asked);
  }
  if (error != std::exchange(last_error_, error)) {
    if (error.empty()) {
      log::For("istiod").info("istiod reports which proxies have accepted their patches");
    } else {
      log::For("istiod").warn("unknown which proxies have accepted their patches err=\"{}\"",
                              error);
    }
  }
  asked_(version);
}

}  // namespace traffictap::op
