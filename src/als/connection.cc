// SPDX-License-Identifier: Apache-2.0
#include "als/connection.h"

#include <utility>

namespace traffictap::als {
namespace {

constexpr base::Nanos kForgiveAfter = 10 * base::kSecond;
constexpr size_t kWriteBytes = size_t{64} << 10;
constexpr int kReadsInTurn = 4;  // then the others of the loop have theirs

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, const Shared* shared,
                       std::function<void(int32_t stream)> resume, base::Nanos now)
    : shared_(shared),
      transport_(std::move(transport)),
      resume_(std::move(resume)),
      session_(shared->limits, shared->kept,
               [this](int32_t stream, const GrpcRequest& request) {
                 return OpenStream(stream, request);
               }),
      opened_(now),
      read_at_(now),
      in_use_at_(now),
      forgiven_at_(now) {}

StatusOr<std::unique_ptr<StreamHandler>> Connection::OpenStream(int32_t stream,
                                                                const GrpcRequest& request) {
  const Sender sender{transport_->from_loopback(), transport_->certificate_uris(),
                      request.forwarded()};
  return AccessLogStream::Open(shared_->streams, sender,
                               [resume = resume_, stream] { resume(stream); });
}

bool Connection::wants_read() const {
  return lingers_since_ != 0 || !transport_->ready() || unsent_.empty();
}

bool Connection::wants_write() const { return transport_->read_wants_write() || !unsent_.empty(); }

bool Connection::OnReady(IoBuffers* buffers, base::Nanos now) {
  if (lingers_since_ != 0) return Discard(buffers);
  if (!unsent_.empty() && !Send(buffers, now)) return false;
  if (!unsent_.empty()) return true;
  return ReadAll(buffers, now) && Send(buffers, now);
}

bool Connection::ReadAll(IoBuffers* buffers, base::Nanos now) {
  auto& in = buffers->in;
  for (int i = 0; i < kReadsInTurn || transport_->has_more(); ++i) {
    const long count = transport_->Read(in.data(), in.size());
    if (count == Transport::kWait) break;
    if (count == Transport::kClosed) return false;
    read_at_ = now;
    pinged_at_ = 0;
    if (!session_.Receive({in.data(), static_cast<size_t>(count)})) return false;
    // TLS gives a record at a time; a socket that had less has no more.
    if (static_cast<size_t>(count) < in.size() && !transport_->has_more() &&
        !transport_->reads_records()) {
      break;
    }
  }
  if (session_.streams() > 0) in_use_at_ = now;
  return true;
}

// The peer's last words do not matter, but a socket that is closed with some unread would take ours
// away from it.
bool Connection::Discard(IoBuffers* buffers) {
  for (int i = 0; i < kReadsInTurn; ++i) {
    const long count = transport_->Read(buffers->in.data(), buffers->in.size());
    if (count == Transport::kWait) return true;
    if (count == Transport::kClosed) return false;
  }
  return true;
}

bool Connection::Send(IoBuffers* buffers, base::Nanos now) {
  if (!transport_->ready()) return true;
  if (!WriteOut(&unsent_)) return false;
  std::string& out = buffers->out;
  while (unsent_.empty()) {
    out.clear();
    for (auto bytes = session_.Outgoing(); !bytes.empty(); bytes = session_.Outgoing()) {
      out.append(bytes);
      if (out.size() >= kWriteBytes) break;
    }
    if (out.empty()) break;
    if (!WriteOut(&out)) return false;
    if (!out.empty()) unsent_ = out;
  }
  if (!unsent_.empty() || lingers_since_ != 0 || !session_.over()) return true;
  transport_->EndWriting();
  lingers_since_ = now;
  return true;
}

bool Connection::WriteOut(std::string* bytes) {
  size_t written = 0;
  while (written < bytes->size()) {
    const long count = transport_->Write(std::string_view(*bytes).substr(written));
    if (count == Transport::kClosed) return false;
    if (count == Transport::kWait) break;
    written += static_cast<size_t>(count);
  }
  bytes->erase(0, written);
  if (bytes == &unsent_ && unsent_.empty()) std::string().swap(unsent_);
  return true;
}

bool Connection::OnTime(IoBuffers* buffers, base::Nanos now) {
  const ConnectionTimes& times = shared_->times;
  if (lingers_since_ != 0) return now - lingers_since_ < times.linger;
  if (!session_.settled()) return now - opened_ < times.handshake_timeout;
  if (pinged_at_ != 0 && now - pinged_at_ >= times.keepalive_timeout) return false;
  if (now - forgiven_at_ >= kForgiveAfter) {
    session_.Forgive();
    forgiven_at_ = now;
  }
  if (session_.streams() > 0) in_use_at_ = now;
  if (now - in_use_at_ >= times.connection_idle_max) {
    in_use_at_ = now;
    return Drain(buffers, now);
  }
  if (pinged_at_ == 0 && now - read_at_ >= times.keepalive_time) {
    pinged_at_ = now;
    session_.Ping();
    return Send(buffers, now);
  }
  return true;
}

bool Connection::Resume(int32_t stream, IoBuffers* buffers, base::Nanos now) {
  session_.Resume(stream);
  return Send(buffers, now);
}

bool Connection::Drain(IoBuffers* buffers, base::Nanos now) {
  // Before its first bytes there is nobody who would understand a GOAWAY.
  if (!session_.settled()) return false;
  session_.Drain();
  return Send(buffers, now);
}

}  // namespace traffictap::als
