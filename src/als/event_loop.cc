// SPDX-License-Identifier: Apache-2.0

// All that concerns connections happens on the loop's thread; others reach them by the mailbox
// alone, whose descriptor wakes epoll like any socket. Connections are known by numbers which are
// never used again: an event or a task for one that has gone finds nothing. With is the only way to
// a connection, since it keeps the sums and epoll's set of events right whatever the call did.
// Times are not per connection: a sweep over all of them at intervals is enough for time-outs of
// seconds, and costs no timers.
#include "als/event_loop.h"

#include <malloc.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/log.h"
#include "fmt/format.h"

namespace traffictap::als {
namespace {

constexpr uint64_t kMailbox = 0;
constexpr int kEventsInTurn = 64;

// Often enough for the shortest of the times, and seldom enough to cost nothing.
base::Nanos SweepInterval(const ConnectionTimes& times) {
  const base::Nanos shortest =
      std::min({times.handshake_timeout, times.connection_idle_max, times.keepalive_time,
                times.keepalive_timeout, times.linger});
  return std::clamp(shortest / 4, 5 * base::kMillisecond, base::kSecond);
}

// OpenSSL writes to a socket that the peer may have closed.
void BlockBrokenPipes() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

StatusOr<std::unique_ptr<EventLoop>> EventLoop::Start(const Connection::Shared* shared,
                                                      TlsContext* tls, const base::Clock* clock) {
  auto mailbox = Mailbox::Open();
  if (!mailbox.ok()) return mailbox.status();
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) {
    return absl::UnavailableError(fmt::format("make an event loop: {}", std::strerror(errno)));
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kMailbox;
  epoll_ctl(epoll, EPOLL_CTL_ADD, (*mailbox)->descriptor(), &event);
  std::unique_ptr<EventLoop> out(new EventLoop(shared, tls, clock, *std::move(mailbox), epoll));
  out->thread_ = std::jthread([loop = out.get()] { loop->Run(); });
  return out;
}

EventLoop::EventLoop(const Connection::Shared* shared, TlsContext* tls, const base::Clock* clock,
                     std::shared_ptr<Mailbox> mailbox, int epoll)
    : shared_(shared),
      tls_(tls),
      clock_(clock),
      mailbox_(std::move(mailbox)),
      epoll_(epoll),
      sweep_every_(SweepInterval(shared->times)) {}

EventLoop::~EventLoop() {
  mailbox_->Post([this] { stop_ = true; });
  thread_.join();
  close(epoll_);
}

void EventLoop::Add(int socket) {
  ++connections_;
  mailbox_->Post([this, socket] { Open(socket); });
}

void EventLoop::Drain() {
  mailbox_->Post([this] { DrainAll(); });
}

bool EventLoop::WaitForStreams(absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  const auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return drained_ && streams_left_ == 0;
  };
  return mutex_.AwaitWithDeadline(absl::Condition(&done), deadline);
}

bool EventLoop::WaitForConnections(absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  const auto done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return drained_ && connections_left_ == 0;
  };
  return mutex_.AwaitWithDeadline(absl::Condition(&done), deadline);
}

void EventLoop::Run() {
  BlockBrokenPipes();
  while (!stop_) {
    Turn(TimeoutMs());
    if (clock_->Monotonic() - swept_at_ >= sweep_every_) Sweep();
    if (draining_) Publish();
  }
  // Whoever was accepted meanwhile.
  for (const auto& task : mailbox_->TakeAll()) task();
  served_.clear();
}

int EventLoop::TimeoutMs() const {
  if (served_.empty()) return -1;
  const base::Nanos due = swept_at_ + sweep_every_ - clock_->Monotonic();
  return static_cast<int>(std::max<base::Nanos>(0, due / base::kMillisecond + 1));
}

void EventLoop::Turn(int timeout_ms) {
  epoll_event events[kEventsInTurn];
  const int count = epoll_wait(epoll_, events, kEventsInTurn, timeout_ms);
  TT_CHECK(count >= 0 || errno == EINTR);
  const base::Nanos now = clock_->Monotonic();
  bool mail = false;
  for (int i = 0; i < count; ++i) {
    mail = mail || events[i].data.u64 == kMailbox;
    With(events[i].data.u64, [&](Connection* one) { return one->OnReady(&buffers_, now); });
  }
  if (!mail) return;
  for (const auto& task : mailbox_->TakeAll()) task();
}

template <typename Act>
void EventLoop::With(uint64_t id, Act act) {
  const auto found = served_.find(id);
  if (found == served_.end()) return;
  Served& one = found->second;
  streams_ -= one.connection->streams();
  if (!act(one.connection.get())) {
    served_.erase(found);
    --connections_;
    return;
  }
  streams_ += one.connection->streams();
  const uint32_t events = (one.connection->wants_read() ? EPOLLIN : 0u) |
                          (one.connection->wants_write() ? EPOLLOUT : 0u);
  if (events == one.events) return;
  one.events = events;
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, one.socket, &event);
}

// Who was let in by a certificate goes with the authority that signed it: proxies keep their
// connections for as long as they run.
void EventLoop::CloseDistrusted() {
  const uint64_t authorities = tls_->Authorities();
  std::vector<uint64_t> ids;
  for (auto& [id, one] : served_) {
    if (one.authorities == authorities || !one.connection->transport().ready()) continue;
    one.authorities = authorities;
    if (!tls_->Trusts(one.connection->transport().tls())) ids.push_back(id);
  }
  if (ids.empty()) return;
  log::For("als").warn(
      "closed connections of clients that the new client CA has not signed count={}", ids.size());
  for (const uint64_t id : ids) With(id, [](Connection*) { return false; });
}

void EventLoop::Sweep() {
  swept_at_ = clock_->Monotonic();
  if (tls_ != nullptr) CloseDistrusted();
  std::vector<uint64_t> ids;
  ids.reserve(served_.size());
  for (const auto& [id, one] : served_) ids.push_back(id);
  for (const uint64_t id : ids) {
    With(id, [&](Connection* one) { return one->OnTime(&buffers_, swept_at_); });
  }
  // Where very many proxies come together, their identifiers leave holes between what stays, which
  // malloc keeps: tens of kilobytes for each. To give them back takes some 30 ms.
  if (shared_->kept->HasSubsided(swept_at_)) malloc_trim(0);
}

void EventLoop::Open(int socket) {
  if (draining_ || stop_) {
    close(socket);
    --connections_;
    return;
  }
  const base::Nanos now = clock_->Monotonic();
  const uint64_t id = ++last_id_;
  auto resume = [mailbox = mailbox_, loop = this, id](int32_t stream) {
    mailbox->Post([=] {
      loop->With(id, [=](Connection* one) {
        return one->Resume(stream, &loop->buffers_, loop->clock_->Monotonic());
      });
    });
  };
  const uint64_t authorities = tls_ == nullptr ? 0 : tls_->Authorities();
  ssl_st* const tls = tls_ == nullptr ? nullptr : tls_->NewConnection(socket);
  Served& one = served_[id];
  one.authorities = authorities;
  one.socket = socket;
  one.events = EPOLLIN;
  one.connection = std::make_unique<Connection>(std::make_unique<Transport>(socket, tls), shared_,
                                                std::move(resume), now);
  epoll_event event{};
  event.events = one.events;
  event.data.u64 = id;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
}

void EventLoop::DrainAll() {
  draining_ = true;
  std::vector<uint64_t> ids;
  for (const auto& [id, one] : served_) ids.push_back(id);
  const base::Nanos now = clock_->Monotonic();
  for (const uint64_t id : ids) {
    With(id, [&](Connection* one) { return one->Drain(&buffers_, now); });
  }
}

void EventLoop::Publish() {
  absl::MutexLock lock(&mutex_);
  drained_ = true;
  streams_left_ = streams_;
  connections_left_ = served_.size();
}

}  // namespace traffictap::als
