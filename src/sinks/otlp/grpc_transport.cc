// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/grpc_transport.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <deque>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "rpc/credentials.h"
#include "sinks/otlp/header_files.h"
#include "sinks/otlp/read_answer.h"

namespace traffictap::sinks {
namespace {

const char* MethodOf(Signal signal) {
  return signal == Signal::kLogs ? "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
                                 : "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
}

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return out;
  for (const auto& slice : slices) {
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return out;
}

StatusOr<std::shared_ptr<grpc::Channel>> Connect(const tap::OtlpOutput& spec) {
  const bool tls = spec.endpoint.starts_with("https://");
  rpc::ClientTlsFiles files;
  if (tls) {
    files.ca = spec.ca_file.empty() ? rpc::SystemAuthorities() : spec.ca_file;
    files.certificate = spec.certificate_file;
    files.key = spec.key_file;
  }
  const auto credentials = rpc::ChannelCredentials(files);
  if (!credentials.ok()) return credentials.status();
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix("traffictap");
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 250);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
  // Each output has a connection of its own: one with other credentials must not be shared.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const std::string target = spec.endpoint.substr(spec.endpoint.find("//") + 2);
  return grpc::CreateCustomChannel(target, *credentials, arguments);
}

}  // namespace

// One request, owned by its callback.
struct GrpcTransport::Call {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
};

// Where callbacks, on gRPC's threads, leave what came. It outlives the transport as long as a call
// is under way.
struct GrpcTransport::Inbox {
  absl::Mutex mutex;
  std::deque<Answer> answers ABSL_GUARDED_BY(mutex);
  bool HasAnswer() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return !answers.empty(); }
  void Put(Answer answer) {
    absl::MutexLock lock(&mutex);
    answers.push_back(std::move(answer));
  }
};

struct GrpcTransport::Channel {
  explicit Channel(const std::shared_ptr<grpc::Channel>& channel) : stub(channel) {}
  grpc::GenericStub stub;
  // A new one for what is sent after Cancel: late answers fall into the old one.
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  std::vector<std::weak_ptr<Call>> calls;
};

GrpcTransport::GrpcTransport(tap::OtlpOutput spec) : spec_(std::move(spec)) {}

GrpcTransport::~GrpcTransport() { Cancel(); }

Status GrpcTransport::Open() {
  Cancel();
  const auto channel = Connect(spec_);
  if (!channel.ok()) return channel.status();
  channel_ = std::make_unique<Channel>(*channel);
  return absl::OkStatus();
}

void GrpcTransport::Send(Signal signal, const std::string& body) {
  const auto headers = ReadHeaders(spec_.headers);
  if (!headers.ok()) return channel_->inbox->Put(NotSent(signal, headers.status()));
  auto call = std::make_shared<Call>();
  for (const auto& [name, value] : *headers) call->context.AddMetadata(name, value);
  call->context.set_deadline(std::chrono::system_clock::now() +
                             std::chrono::nanoseconds(spec_.timeout));
  if (spec_.compression == tap::Compression::kGzip) {
    call->context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  }
  const grpc::Slice slice(body);
  call->request = grpc::ByteBuffer(&slice, 1);
  std::erase_if(channel_->calls, [](const auto& old) { return old.expired(); });
  channel_->calls.push_back(call);
  channel_->stub.UnaryCall(
      &call->context, MethodOf(signal), grpc::StubOptions(), &call->request, &call->response,
      [call, signal, inbox = channel_->inbox](const grpc::Status& status) {
        inbox->Put(ReadGrpcAnswer(signal, status.error_code(), status.error_message(),
                                  status.error_details(), Bytes(call->response)));
      });
}

std::optional<Answer> GrpcTransport::Receive(base::Nanos wait) {
  Inbox& inbox = *channel_->inbox;
  absl::MutexLock lock(&inbox.mutex);
  if (!inbox.mutex.AwaitWithTimeout(absl::Condition(&inbox, &Inbox::HasAnswer),
                                    absl::Nanoseconds(wait))) {
    return std::nullopt;
  }
  Answer out = std::move(inbox.answers.front());
  inbox.answers.pop_front();
  return out;
}

void GrpcTransport::Cancel() {
  if (channel_ == nullptr) return;
  for (const auto& weak : channel_->calls) {
    if (const auto call = weak.lock()) call->context.TryCancel();
  }
  channel_->calls.clear();
  channel_->inbox = std::make_shared<Inbox>();
}

}  // namespace traffictap::sinks
