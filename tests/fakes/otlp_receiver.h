// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "fakes/records.h"
#include "fmt/format.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace traffictap::fakes {

// The numbers of the records (fakes::MakeRecords) in an ExportLogsServiceRequest, in their order.
inline std::vector<int> NumbersOfLogs(const std::string& body) {
  opentelemetry::proto::collector::logs::v1::ExportLogsServiceRequest request;
  if (!request.ParseFromString(body)) return {-1};
  std::string lines;
  for (const auto& resource : request.resource_logs()) {
    for (const auto& record : resource.scope_logs(0).log_records()) {
      for (const auto& attribute : record.attributes()) {
        if (attribute.key() != "url.path") continue;
        lines += "{" + attribute.value().string_value() + "}\n";
      }
    }
  }
  return NumbersOf(lines);
}

// What one export asked for.
struct OtlpExport {
  std::string method;
  std::map<std::string, std::string> metadata;
  std::string body;
};

// An OTLP receiver by gRPC on a free loopback port that answers as a test says. It keeps what it
// answered well.
class OtlpReceiver {
 public:
  explicit OtlpReceiver(
      std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials()) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", std::move(credentials), &port_);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
  }
  ~OtlpReceiver() { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string endpoint(const char* scheme = "http", const char* host = "127.0.0.1") const {
    return fmt::format("{}://{}:{}", scheme, host, port_);
  }
  // How all exports from now on are answered; `body` is the response of those that are OK.
  void Answer(const grpc::Status& status, const std::string& body = "") {
    absl::MutexLock lock(&mutex_);
    status_ = status;
    response_ = body;
  }
  // All that came, refused ones and empty ones as well.
  std::vector<OtlpExport> exports() const {
    absl::MutexLock lock(&mutex_);
    return exports_;
  }
  std::vector<int> Numbers() const {
    absl::MutexLock lock(&mutex_);
    return numbers_;
  }

 private:
  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    Reactor(OtlpReceiver* owner, grpc::GenericCallbackServerContext* context)
        : owner_(owner), context_(context) {
      StartRead(&request_);
    }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish({grpc::StatusCode::INTERNAL, "no request"});
      std::string response;
      const grpc::Status status = owner_->Take(*context_, request_, &response);
      if (!status.ok()) return Finish(status);
      const grpc::Slice slice(response);
      response_ = grpc::ByteBuffer(&slice, 1);
      StartWriteAndFinish(&response_, {}, status);
    }
    void OnDone() override { delete this; }

   private:
    OtlpReceiver* const owner_;
    grpc::GenericCallbackServerContext* const context_;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer response_;
  };

  class Service final : public grpc::CallbackGenericService {
   public:
    explicit Service(OtlpReceiver* owner) : owner_(owner) {}
    grpc::ServerGenericBidiReactor* CreateReactor(
        grpc::GenericCallbackServerContext* context) override {
      return new Reactor(owner_, context);
    }

   private:
    OtlpReceiver* const owner_;
  };

  grpc::Status Take(const grpc::GenericCallbackServerContext& context,
                    const grpc::ByteBuffer& request, std::string* response) {
    std::vector<grpc::Slice> slices;
    (void)request.Dump(&slices);
    OtlpExport seen;
    for (const auto& slice : slices) {
      seen.body.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
    seen.method = context.method();
    for (const auto& [name, value] : context.client_metadata()) {
      seen.metadata[{name.data(), name.size()}] = {value.data(), value.size()};
    }
    absl::MutexLock lock(&mutex_);
    exports_.push_back(seen);
    if (status_.ok() && seen.method.find("LogsService") != std::string::npos) {
      for (const int number : NumbersOfLogs(seen.body)) numbers_.push_back(number);
    }
    *response = response_;
    return status_;
  }

  mutable absl::Mutex mutex_;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
  std::string response_ ABSL_GUARDED_BY(mutex_);
  std::vector<OtlpExport> exports_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> numbers_ ABSL_GUARDED_BY(mutex_);
  int port_ = 0;
  Service service_{this};
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace traffictap::fakes
