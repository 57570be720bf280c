// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fakes/otlp_receiver.h"
#include "fakes/records.h"
#include "fakes/scripted_http_server.h"
#include "sinks/otlp/otlp_writer.h"

namespace traffictap::contract {

// Small batches that do not wait, so that a test is quick.
inline tap::OtlpOutput QuickOtlp() {
  tap::OtlpOutput spec;
  spec.batch_records_max = 64;
  spec.batch_age_max = 10 * base::kMillisecond;
  return spec;
}

// A receiver on a loopback port, by gRPC. Broken, it refuses for a while.
class OtlpGrpcOutside {
 public:
  static constexpr const char* kName = "otlp-grpc";

  std::unique_ptr<sinks::RecordWriter> MakeWriter() {
    tap::OtlpOutput spec = QuickOtlp();
    spec.endpoint = receiver_.endpoint();
    return std::make_unique<sinks::OtlpWriter>(spec, sinks::MakeTransport(spec), &clock_);
  }
  void Break() { receiver_.Answer({grpc::StatusCode::UNAVAILABLE, "broken"}); }
  void Heal() { receiver_.Answer(grpc::Status::OK); }
  std::vector<int> Received() { return receiver_.Numbers(); }

 private:
  base::SystemClock clock_;
  fakes::OtlpReceiver receiver_;
};

// The same by HTTP.
class OtlpHttpOutside {
 public:
  static constexpr const char* kName = "otlp-http";

  std::unique_ptr<sinks::RecordWriter> MakeWriter() {
    tap::OtlpOutput spec = QuickOtlp();
    spec.endpoint = server_.url();
    spec.protocol = tap::OtlpProtocol::kHttpProtobuf;
    spec.compression = tap::Compression::kNone;
    return std::make_unique<sinks::OtlpWriter>(spec, sinks::MakeTransport(spec), &clock_);
  }
  void Break() { broken_ = true; }
  void Heal() { broken_ = false; }
  std::vector<int> Received() {
    absl::MutexLock lock(&mutex_);
    return numbers_;
  }

 private:
  bool Serve(const fakes::ScriptedRequest& request, fakes::ScriptedConnection& connection) {
    if (broken_) {
      connection.Answer(503, "");
      return true;
    }
    if (request.target == "/v1/logs") {
      absl::MutexLock lock(&mutex_);
      for (const int number : fakes::NumbersOfLogs(request.body)) numbers_.push_back(number);
    }
    connection.Answer(200, "");
    return true;
  }

  base::SystemClock clock_;
  std::atomic<bool> broken_{false};
  absl::Mutex mutex_;
  std::vector<int> numbers_;
  fakes::ScriptedHttpServer server_{
      [this](const auto& request, auto& connection) { return Serve(request, connection); }};
};

}  // namespace traffictap::contract
