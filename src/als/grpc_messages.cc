// SPDX-License-Identifier: Apache-2.0
#include "als/grpc_messages.h"

#include <algorithm>
#include <utility>

#include "als/spare_buffers.h"
#include "fmt/format.h"

namespace traffictap::als {
namespace {

constexpr size_t kHeadBytes = 5;

uint8_t ByteAt(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

}  // namespace

struct GrpcMessages::Head {
  size_t frame_bytes = 0;  // of the message with its head; 0: the head is not whole
};

GrpcMessages::~GrpcMessages() { kept_bytes_->Give(charged_); }

Status GrpcMessages::Add(std::string_view bytes, GrpcMessageReceiver* receiver) {
  const size_t skipped = std::min(skip_, bytes.size());
  skip_ -= skipped;
  bytes.remove_prefix(skipped);
  if (!held_ && kept_.empty()) TT_RETURN_IF_ERROR(Deliver(&bytes, receiver));
  if (bytes.empty()) return absl::OkStatus();
  // Beyond the bound by one chunk of a frame at most, and for no longer than this call.
  Head first;
  if (kept_.empty()) TT_RETURN_IF_ERROR(ReadHead(bytes, &first));
  Keep(bytes, first.frame_bytes);
  TT_RETURN_IF_ERROR(ReadHead(kept_, &first));
  if (!held_) TT_RETURN_IF_ERROR(DeliverKept(receiver));
  return Charge() ? absl::OkStatus() : PassOver(receiver);
}

// The first bytes of a message of `frame_bytes`, or 0, or further ones.
void GrpcMessages::Keep(std::string_view bytes, size_t frame_bytes) {
  if (kept_.empty() && !held_ && frame_bytes >= SpareBuffers::kLeastBytes) {
    kept_ = SpareBuffers::OfThread()->Take();
  }
  if (kept_.empty()) {
    // Room for all of it, but not for more than a few times of what has come: anybody can say a length.
    constexpr size_t kTimes = 4;
    kept_.reserve(std::clamp(frame_bytes, bytes.size(), kTimes * bytes.size()));
  }
  kept_.append(bytes);
}

Status GrpcMessages::Resume(GrpcMessageReceiver* receiver) {
  held_ = false;
  return DeliverKept(receiver);
}

Status GrpcMessages::ReadHead(std::string_view bytes, Head* head) const {
  *head = {};
  if (bytes.size() < kHeadBytes) return absl::OkStatus();
  if (bytes[0] != 0) {
    return absl::UnimplementedError("read a message: compressed messages are not supported");
  }
  const size_t size = size_t{ByteAt(bytes, 1)} << 24 | size_t{ByteAt(bytes, 2)} << 16 |
                      size_t{ByteAt(bytes, 3)} << 8 | ByteAt(bytes, 4);
  if (size > message_bytes_max_) {
    return absl::ResourceExhaustedError(
        fmt::format("read a message: {} bytes, more than {}", size, message_bytes_max_));
  }
  head->frame_bytes = kHeadBytes + size;
  return absl::OkStatus();
}

// Takes the whole messages from the front of `bytes`.
Status GrpcMessages::Deliver(std::string_view* bytes, GrpcMessageReceiver* receiver) {
  Head head;
  while (!held_) {
    TT_RETURN_IF_ERROR(ReadHead(*bytes, &head));
    if (head.frame_bytes == 0 || head.frame_bytes > bytes->size()) break;
    const auto message = bytes->substr(kHeadBytes, head.frame_bytes - kHeadBytes);
    bytes->remove_prefix(head.frame_bytes);
    held_ = !receiver->OnMessage(message);
  }
  return absl::OkStatus();
}

Status GrpcMessages::DeliverKept(GrpcMessageReceiver* receiver) {
  std::string_view rest = kept_;
  const Status status = Deliver(&rest, receiver);
  Drop(kept_.size() - rest.size());
  return status;
}

// Drops the messages that are kept, and the rest of the last one when it comes.
Status GrpcMessages::PassOver(GrpcMessageReceiver* receiver) {
  std::string_view rest = kept_;
  Head head;
  for (;;) {
    TT_RETURN_IF_ERROR(ReadHead(rest, &head));
    if (head.frame_bytes == 0) break;
    receiver->OnUnread();
    const size_t here = std::min(head.frame_bytes, rest.size());
    skip_ = head.frame_bytes - here;
    rest.remove_prefix(here);
  }
  Drop(kept_.size() - rest.size());
  return absl::OkStatus();
}

size_t GrpcMessages::missing() const {
  if (skip_ > 0) return skip_;
  Head head;
  // Of what is kept each head was found to be right when it came.
  if (held_ || !ReadHead(kept_, &head).ok()) return 0;
  return head.frame_bytes > kept_.size() ? head.frame_bytes - kept_.size() : 0;
}

void GrpcMessages::Clear() {
  Drop(kept_.size());
  skip_ = 0;
}

// From the front. An idle stream keeps no memory: `kept_ = {}` would.
void GrpcMessages::Drop(size_t bytes) {
  if (bytes == kept_.size()) {
    SpareBuffers::OfThread()->Give(std::exchange(kept_, std::string()));
  } else {
    kept_.erase(0, bytes);
    if (kept_.capacity() / 4 > kept_.size()) kept_.shrink_to_fit();
  }
  if (charged_ <= kept_.size()) return;
  kept_bytes_->Give(charged_ - kept_.size());
  charged_ = kept_.size();
}

// Counts all that is kept; false where there is no room for it. A piece of a head, which PassOver
// leaves, is not worth counting.
bool GrpcMessages::Charge() {
  if (kept_.size() < kHeadBytes || kept_.size() <= charged_) return true;
  if (!kept_bytes_->Take(kept_.size() - charged_)) return false;
  charged_ = kept_.size();
  return true;
}

}  // namespace traffictap::als
