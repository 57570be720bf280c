// SPDX-License-Identifier: Apache-2.0

// Any bytes as what a client sends on its connection, in pieces of any size. The first byte says where they
// are cut, what the streams' handlers answer, and when they are resumed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "als/grpc_session.h"
#include "base/status.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test

als::SessionLimits Limits() {
  SessionLimits limits;
  limits.message_bytes_max = 20'000;
  limits.streams_max = 4;
  limits.kept_bytes_max = 30'000;
  return limits;
}

// Holds the session to its word: one end, and nothing after it or during a pause.
class Handler final : public StreamHandler {
 public:
  Handler(int* open, int every) : open_(open), every_(every) { ++*open_; }
  ~Handler() override { TT_CHECK(ended_); }

  StatusOr<Next> OnMessage(std::string_view message) override {
    TT_CHECK(!ended_ && message.size() <= Limits().message_bytes_max);
    if (++messages_ % 7 == 6) return absl::PermissionDeniedError("the seventh");
    return every_ > 0 && messages_ % every_ == 0 ? Next::kPause : Next::kReadOn;
  }
  Status OnUnread() override {
    TT_CHECK(!ended_);
    return every_ == 3 ? absl::UnavailableError("come again") : absl::OkStatus();
  }
  void OnEnd(StreamEnd) override {
    TT_CHECK(!ended_);
    ended_ = true;
    --*open_;
  }

 private:
  int* const open_;
  const int every_;
  int messages_ = 0;
  bool ended_ = false;
};

void Run(std::string_view bytes, uint8_t how) {
  int open = 0;
  KeptBytes kept(Limits().kept_bytes_max);
  {
    GrpcSession session(Limits(), &kept, [&](int32_t, const GrpcRequest&) {
      return StatusOr<std::unique_ptr<StreamHandler>>(std::make_unique<Handler>(&open, how & 3));
    });
    const size_t piece = (how & 4) != 0 ? 1 + how : bytes.size();
    bool more = true;
    for (int turn = 0; more && !bytes.empty(); ++turn) {
      const auto part = bytes.substr(0, piece);
      bytes.remove_prefix(part.size());
      more = session.Receive(part);
      if ((how & 8) != 0) session.Resume(1 + 2 * (turn % 4));
      if ((how & 16) != 0 && turn == 3) session.Drain();
      while (!session.Outgoing().empty()) {
      }
      TT_CHECK(static_cast<int>(session.streams()) == open);
      TT_CHECK(kept.held() <= Limits().kept_bytes_max);
      more = more && !session.over();
    }
  }
  TT_CHECK(open == 0 && kept.held() == 0);
}

}  // namespace
}  // namespace traffictap

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  traffictap::Run({reinterpret_cast<const char*>(bytes) + 1, size - 1}, bytes[0]);
  return 0;
}
