// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "als/grpc_request.h"
#include "als/kept_bytes.h"
#include "als/session_memory.h"
#include "base/status.h"

struct nghttp2_session;

namespace traffictap::als {

// What a peer may do.
struct SessionLimits {
  uint32_t message_bytes_max = 4 << 20;
  uint32_t header_bytes_max = 16 << 10;  // of one request
  uint32_t streams_max = 100;            // of one connection
  // Of one stream, until it is read on after a message for the first time: all that comes of one that
  // nobody has ever wanted, besides the message that it has begun.
  uint32_t unread_bytes_max = 16 << 10;
  uint32_t window_bytes = 64 << 10;  // of one stream, from then on
  uint32_t connection_window_bytes = 1 << 20;
  // Frames that carry nothing for a stream (PING, SETTINGS, RST_STREAM, …), between two Forgive().
  uint32_t idle_frames_max = 1000;
  size_t kept_bytes_max = size_t{256} << 20;  // of all connections: KeptBytes
};

enum class StreamEnd {
  kClean,   // by its sender or by us, with nothing in flight
  kBroken,  // what was in flight is lost
};

// Who serves one stream. Called by the thread that has the session; calls nothing of it.
class StreamHandler {
 public:
  enum class Next { kReadOn, kPause };

  virtual ~StreamHandler() = default;
  // A whole message; the view ends with the call. kPause: nothing more before the session's Resume.
  // An error ends the stream with that status.
  virtual StatusOr<Next> OnMessage(std::string_view message) = 0;
  // A message was passed over: there was no memory to keep it until it was whole. Errors as
  // OnMessage.
  virtual Status OnUnread() = 0;
  // Asked between two messages, with nothing more of the stream here: whether it is to end now, well. The
  // next call is OnEnd then.
  virtual bool Leaves() { return false; }
  // The last call, always made.
  virtual void OnEnd(StreamEnd how) = 0;
};

// The server's end of one HTTP/2 connection with calls of StreamAccessLogs: bytes in, bytes out,
// without sockets, clocks and threads. A stream that is paused gets no more window than it has; the
// others of its connection are not held up by it. One thread at a time.
class GrpcSession {
 public:
  // Serves a stream, or refuses it with a status.
  using Open = std::function<StatusOr<std::unique_ptr<StreamHandler>>(int32_t stream,
                                                                      const GrpcRequest& request)>;

  // `kept` outlives the session.
  GrpcSession(const SessionLimits& limits, KeptBytes* kept, Open open);
  // Streams that are left end as broken.
  ~GrpcSession();
  GrpcSession(const GrpcSession&) = delete;
  GrpcSession& operator=(const GrpcSession&) = delete;

  // Bytes from the peer. False where they are not HTTP/2: the connection is to be closed.
  bool Receive(std::string_view bytes);
  // The next bytes for the peer, until the next call; empty where there are none.
  std::string_view Outgoing();
  // Neither will be read nor is to be written anything: the connection is done.
  bool over() const;
  // Whether the peer's first SETTINGS have come.
  bool settled() const { return settled_; }
  size_t streams() const { return open_; }

  // Reads on with a stream; does nothing where it is not paused or has ended.
  void Resume(int32_t stream);
  // Takes no further streams, and ends those that are paused, or pause from now on, well.
  void Drain();
  // Asks whether the peer is alive.
  void Ping();
  // Counts idle frames from 0.
  void Forgive() { idle_frames_ = 0; }

 private:
  struct Stream;
  struct Callbacks;
  void OnRequest(Stream* stream);
  void OnBytes(Stream* stream, std::string_view bytes);
  void OnHalfClose(Stream* stream);
  void OnIdleFrame();
  // After messages were looked for with this result: ends the stream, or gives it window.
  void Settle(Stream* stream, const Status& status);
  void GiveWindow(Stream* stream);
  // Ends those that are to leave, once all that has come is read.
  void LetLeave();
  int64_t WindowLeft(const Stream& stream) const;
  void Close(Stream* stream, StreamEnd how);
  void End(Stream* stream, StreamEnd how, const GrpcRefusal& answer);
  void Answer(const Stream& stream, const GrpcRefusal& answer);

  const SessionLimits limits_;
  KeptBytes* const kept_;
  const Open open_stream_;
  SessionMemory memory_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, std::unique_ptr<Stream>> streams_;
  size_t open_ = 0;  // of streams_, those that are served
  uint32_t idle_frames_ = 0;
  bool settled_ = false;
  bool acknowledged_ = false;  // our settings: a window that was set before would be set back
  bool draining_ = false;
  std::vector<int32_t> may_leave_;  // streams of which something was read since they were asked
};

}  // namespace traffictap::als
