// SPDX-License-Identifier: Apache-2.0
#include "operator/proxy_poller.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "operator/plan/istio_version.h"

namespace traffictap::op {
namespace {

constexpr std::chrono::seconds kWhileWaiting(1);
constexpr std::chrono::seconds kOtherwise(15);

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
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void ProxyPoller::Run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any waking;
  std::unique_lock lock(mutex);
  auto last = std::chrono::steady_clock::now() - kOtherwise;
  while (!stop.stop_requested()) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last >= kOtherwise || board_->Waits()) {
      last = now;
      Ask();
    }
    waking.wait_for(lock, stop, kWhileWaiting, [] { return false; });
  }
}

void ProxyPoller::Ask() {
  // The time before the question: what was written after it is not in the answer.
  const base::Nanos asked = clock_->Wall();
  const auto addresses = addresses_();
  AskVersion(addresses);
  auto proxies = istiod::FetchSyncz(addresses, options_);
  const std::string error = proxies.ok() ? "" : Message(proxies.status());
  if (proxies.ok()) {
    board_->SetProxies(*std::move(proxies), asked);
  } else {
    board_->ForgetProxies();
  }
  if (error != std::exchange(last_error_, error)) {
    if (error.empty()) {
      log::For("istiod").info("istiod reports which proxies have accepted their patches");
    } else {
      log::For("istiod").warn("unknown which proxies have accepted their patches err=\"{}\"",
                              error);
    }
  }
  asked_(version_);
}

void ProxyPoller::AskVersion(const std::vector<std::string>& addresses) {
  std::string oldest;
  for (const auto& address : addresses) {
    auto version = istiod::FetchVersion(address, options_);
    if (!version.ok()) return;  // FetchSyncz tells
    if (oldest.empty() || plan::IsOlder(*version, oldest)) oldest = *std::move(version);
  }
  if (!oldest.empty()) version_ = oldest;
}

}  // namespace traffictap::op
