// SPDX-License-Identifier: Apache-2.0
#include "als/als_server.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "als/access_log_stream.h"
#include "als/connection_acceptor.h"
#include "als/event_loop.h"
#include "als/tls_context.h"
#include "base/process_clock.h"

namespace traffictap::als {
namespace {

constexpr int kThreadsMax = 16;

int Threads(const AlsServerOptions& options) {
  if (options.threads > 0) return options.threads;
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kThreadsMax);
}

void WriteRefusals(const IdentityGate& gate, base::MetricWriter& writer) {
  for (size_t i = 0; i < static_cast<size_t>(IdentityGate::Refusal::kCount); ++i) {
    const auto why = static_cast<IdentityGate::Refusal>(i);
    writer.Counter("traffictap_als_streams_refused_total",
                   "Streams refused because the sender is not who it claims to be.",
                   {{"reason", Name(why)}}, gate.refused(why));
  }
}

void WriteCounters(const StreamCounters& counters, base::MetricWriter& writer) {
  writer.Gauge("traffictap_als_streams", "Open streams from proxies.", {}, counters.open);
  writer.Gauge(
      "traffictap_als_streams_paused",
      "Open streams that are not read because no tap needs their proxy. Such a proxy drops "
      "entries once its buffer is full.",
      {}, counters.paused);
  writer.Counter("traffictap_als_streams_opened_total", "Streams opened.", {}, counters.opened);
  const std::string help =
      "Streams that ended: closed cleanly by the sender, broken with entries in flight, unread "
      "because no tap needed their proxy, or moved: ended right after a message so that the proxy "
      "opens another.";
  writer.Counter("traffictap_als_streams_ended_total", help, {{"how", "clean"}},
                 counters.ended_clean);
  writer.Counter("traffictap_als_streams_ended_total", help, {{"how", "broken"}},
                 counters.ended_broken);
  writer.Counter("traffictap_als_streams_ended_total", help, {{"how", "unread"}},
                 counters.ended_unread);
  writer.Counter("traffictap_als_streams_ended_total", help, {{"how", "moved"}},
                 counters.ended_moved);
  writer.Counter("traffictap_als_messages_total", "Messages received.", {}, counters.messages);
  writer.Counter("traffictap_als_messages_unread_total",
                 "Messages dropped before they were complete because the memory for streams was "
                 "full.",
                 {}, counters.messages_unread);
  writer.Counter("traffictap_als_bytes_total", "Bytes received in messages.", {}, counters.bytes);
}

StatusOr<std::unique_ptr<TlsContext>> LoadTls(const AlsServerOptions& options) {
  if (options.identity.source == IdentitySource::kCertificate && options.client_ca_file.empty()) {
    return absl::InvalidArgumentError(
        "take the identity from the client's certificate: it needs a client CA");
  }
  if (options.certificate_file.empty() && options.key_file.empty()) {
    if (options.client_ca_file.empty()) return std::unique_ptr<TlsContext>();
    return absl::InvalidArgumentError("a client CA needs a certificate and a key as well");
  }
  return TlsContext::Load({options.certificate_file, options.key_file, options.client_ca_file},
                          options.times.certificate_refresh, base::ProcessClock());
}

}  // namespace

struct AlsServer::State {
  State(const AlsServerOptions& options, traffic::EntryConsumer* consumer, const ZoneTable* zones,
        const base::Clock* ages)
      : gate(options.identity),
        kept(options.limits.kept_bytes_max),
        turnover(options.stream_age_max, ages == nullptr ? base::ProcessClock() : ages),
        shared{
            options.limits, options.times, &kept, {consumer, &gate, &counters, zones, &turnover}} {}

  // To the loop that has the fewest.
  void Add(int socket) {
    const auto fewest = std::min_element(
        loops.begin(), loops.end(),
        [](const auto& a, const auto& b) { return a->connections() < b->connections(); });
    (*fewest)->Add(socket);
  }

  IdentityGate gate;
  StreamCounters counters;
  KeptBytes kept;
  StreamTurnover turnover;
  const Connection::Shared shared;
  std::unique_ptr<TlsContext> tls;  // null: plain text
  std::unique_ptr<ConnectionAcceptor> acceptor;
  std::vector<std::unique_ptr<EventLoop>> loops;  // none: it has stopped
};

AlsServer::AlsServer(const AlsServerOptions& options, traffic::EntryConsumer* consumer,
                     const ZoneTable* zones, const base::Clock* ages)
    : state_(std::make_unique<State>(options, consumer, zones, ages)) {}

StatusOr<std::unique_ptr<AlsServer>> AlsServer::Start(const AlsServerOptions& options,
                                                      traffic::EntryConsumer* consumer,
                                                      base::MetricsRegistry* metrics,
                                                      const ZoneTable* zones,
                                                      const base::Clock* ages) {
  auto tls = LoadTls(options);
  if (!tls.ok()) return tls.status();
  auto acceptor = ConnectionAcceptor::Listen(options.address, options.descriptors_reserved);
  if (!acceptor.ok()) return acceptor.status();
  std::unique_ptr<AlsServer> out(new AlsServer(options, consumer, zones, ages));
  State* state = out->state_.get();
  state->tls = *std::move(tls);
  state->acceptor = *std::move(acceptor);
  for (int i = 0; i < Threads(options); ++i) {
    auto loop = EventLoop::Start(&state->shared, state->tls.get(), base::ProcessClock());
    if (!loop.ok()) return loop.status();
    state->loops.push_back(*std::move(loop));
  }
  state->acceptor->Start([state](int connection) { state->Add(connection); });
  metrics->Register([state](base::MetricWriter& writer) {
    WriteCounters(state->counters, writer);
    WriteRefusals(state->gate, writer);
    writer.Counter("traffictap_als_connections_refused_total",
                   "Connections closed immediately because too few file descriptors were left.", {},
                   state->acceptor->refused());
  });
  return out;
}

AlsServer::~AlsServer() { Stop(0); }

int AlsServer::port() const { return state_->acceptor->port(); }

void AlsServer::Stop(base::Nanos read_on, bool move) {
  State& state = *state_;
  if (move) state.turnover.Everybody();
  state.acceptor->Stop();
  for (const auto& loop : state.loops) loop->Drain();
  const absl::Time deadline = absl::Now() + absl::Nanoseconds(read_on);
  bool ended = true;
  for (const auto& loop : state.loops) ended = loop->WaitForStreams(deadline) && ended;
  // So that clients have read how their streams ended.
  const absl::Time last =
      absl::Now() + absl::Nanoseconds(ended ? state.shared.times.linger : base::Nanos{0});
  for (const auto& loop : state.loops) loop->WaitForConnections(last);
  state.loops.clear();
}

}  // namespace traffictap::als
