// SPDX-License-Identifier: Apache-2.0
#include "als/als_server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/resource_quota.h>

#include <chrono>

#include "als/access_log_stream.h"
#include "als/connection_acceptor.h"
#include "base/log.h"
#include "fmt/format.h"
#include "google/protobuf/stubs/logging.h"
#include "rpc/credentials.h"

namespace traffictap::als {
namespace {

constexpr const char* kMethod = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";
constexpr int kMetadataBytesMax = 16 * 1024;
constexpr int kPingIntervalMin = 10'000;  // ms: a client that pings more often is sent away

int Millis(base::Nanos nanos) { return static_cast<int>(nanos / base::kMillisecond); }

class Service final : public grpc::Service {
 public:
  Service(traffic::EntryConsumer* consumer, IdentityGate* gate, StreamCounters* counters,
          PausedStreams* paused) {
    AddMethod(new grpc::internal::RpcServiceMethod(
        kMethod, grpc::internal::RpcMethod::CLIENT_STREAMING, nullptr));
    MarkMethodRawCallback(
        0, new grpc::internal::CallbackClientStreamingHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
               [=](grpc::CallbackServerContext* context, grpc::ByteBuffer* response) {
                 return new AccessLogStream(consumer, gate, counters, paused, *context, response);
               }));
  }
};

void SetBounds(const AlsServerOptions& options, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(options.message_bytes_max);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.streams_per_connection_max);
  // What a paused stream may hold here. It must not grow with the traffic of others on its connection;
  // while a stream is read, gRPC widens it for a message that is larger.
  builder->AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, options.unread_bytes_max);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                              Millis(options.handshake_timeout));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, Millis(options.connection_idle_max));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Millis(options.keepalive_time));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Millis(options.keepalive_timeout));
  // Without these a frozen peer with nothing under way would never be noticed.
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              kPingIntervalMin);
  grpc::ResourceQuota quota("als");
  quota.Resize(options.in_flight_bytes_max);
  builder->SetResourceQuota(quota);
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
      "Streams that ended: closed cleanly by the sender, broken with entries in flight, or unread "
      "because no tap needed their proxy.";
  writer.Counter("traffictap_als_streams_ended_total", help, {{"how", "clean"}},
                 counters.ended_clean);
  writer.Counter("traffictap_als_streams_ended_total", help, {{"how", "broken"}},
                 counters.ended_broken);
  writer.Counter("traffictap_als_streams_ended_total", help, {{"how", "unread"}},
                 counters.ended_unread);
  writer.Counter("traffictap_als_messages_total", "Messages received.", {}, counters.messages);
  writer.Counter("traffictap_als_bytes_total", "Bytes received in messages.", {}, counters.bytes);
}

}  // namespace

struct AlsServer::State {
  explicit State(const IdentityOptions& identity) : gate(identity) {}

  IdentityGate gate;
  StreamCounters counters;
  PausedStreams paused;
  std::unique_ptr<Service> service;
  std::unique_ptr<ConnectionAcceptor> acceptor;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections;
  std::unique_ptr<grpc::Server> server;
};

AlsServer::AlsServer(const IdentityOptions& identity) : state_(std::make_unique<State>(identity)) {}

StatusOr<std::unique_ptr<AlsServer>> AlsServer::Start(const AlsServerOptions& options,
                                                      traffic::EntryConsumer* consumer,
                                                      base::MetricsRegistry* metrics) {
  if (options.identity.source == IdentitySource::kCertificate && options.client_ca_file.empty()) {
    return absl::InvalidArgumentError(
        "take the identity from the client's certificate: it needs a client CA");
  }
  auto credentials =
      rpc::ServerCredentials({options.certificate_file, options.key_file, options.client_ca_file});
  if (!credentials.ok()) return credentials.status();
  // protobuf would write a line to standard error for each identifier that it cannot read.
  google::protobuf::SetLogHandler(nullptr);
  auto acceptor = ConnectionAcceptor::Listen(options.address, options.descriptors_reserved);
  if (!acceptor.ok()) return acceptor.status();
  std::unique_ptr<AlsServer> out(new AlsServer(options.identity));
  State* state = out->state_.get();
  state->service =
      std::make_unique<Service>(consumer, &state->gate, &state->counters, &state->paused);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetBounds(options, &builder);
  state->acceptor = *std::move(acceptor);
  state->connections = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, *credentials);
  builder.RegisterService(state->service.get());
  state->server = builder.BuildAndStart();
  if (!state->server) {
    return absl::InvalidArgumentError(
        fmt::format("serve on {}: the TLS files do not fit", options.address));
  }
  state->acceptor->Start([state](int connection, int listener) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters taken;
    taken.listener_fd = listener;
    taken.fd = connection;
    state->connections->HandleNewConnection(&taken);
  });
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

void AlsServer::Stop(base::Nanos read_on) {
  if (!state_->server) return;
  state_->acceptor->Stop();
  state_->paused.EndAll();
  state_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::nanoseconds(read_on));
  state_->server->Wait();
  state_->server.reset();
}

}  // namespace traffictap::als
