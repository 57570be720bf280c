// SPDX-License-Identifier: Apache-2.0

// Flow control is what bounds the memory of proxies that no tap wants. A stream begins with a small
// window, and gets a wide one when it is first read on between two messages. Until then it also gets
// what is missing of the message that it has begun, at once: an identifier of 62 kB would come in
// pieces of half a small window, and each would cost a frame, a wake-up and a read. What a paused
// stream has sent and nobody has read is window that it does not get. The connection's own window gets
// all bytes back immediately, so a paused stream holds up no other. A stream lives in streams_ from its
// headers until nghttp2 closes it, and is served as long as it has a handler.
#include "als/grpc_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "als/grpc_messages.h"

namespace traffictap::als {
namespace {

constexpr size_t kMessageHeadBytes = 5;

std::string_view View(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// nghttp2 copies both.
nghttp2_nv Field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

SessionMemory* MemoryOf(void* user) { return static_cast<SessionMemory*>(user); }

nghttp2_mem Hooks(SessionMemory* memory) {
  return {
      memory, [](size_t size, void* user) { return MemoryOf(user)->Allocate(size); },
      [](void* block, void* user) { MemoryOf(user)->Free(block); },
      [](size_t count, size_t size, void* user) {
        return MemoryOf(user)->AllocateZeroed(count, size);
      },
      [](void* block, size_t size, void* user) { return MemoryOf(user)->Reallocate(block, size); }};
}

// The one answer of a call that went well, an empty StreamAccessLogsResponse, and its status.
ssize_t ReadEmptyMessage(nghttp2_session* session, int32_t stream, uint8_t* buffer, size_t,
                         uint32_t* flags, nghttp2_data_source*, void*) {
  std::memset(buffer, 0, kMessageHeadBytes);
  const nghttp2_nv trailer = Field("grpc-status", "0");
  nghttp2_submit_trailer(session, stream, &trailer, 1);
  *flags = NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
  return kMessageHeadBytes;
}

bool EndsStream(const nghttp2_frame& frame) {
  return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
         (frame.hd.type == NGHTTP2_DATA || frame.hd.type == NGHTTP2_HEADERS);
}

// What costs us work and carries nothing for a stream.
bool IsIdle(const nghttp2_frame& frame) {
  const bool ack = (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
  switch (frame.hd.type) {
    case NGHTTP2_PING:
    case NGHTTP2_SETTINGS: return !ack;
    case NGHTTP2_DATA: return frame.hd.length == 0 && !EndsStream(frame);
    case NGHTTP2_HEADERS: return false;
    default: return true;
  }
}

}  // namespace

struct GrpcSession::Stream final : public GrpcMessageReceiver {
  Stream(int32_t number, const SessionLimits& limits, KeptBytes* kept)
      : id(number),
        request(std::make_unique<GrpcRequest>(limits.header_bytes_max)),
        messages(limits.message_bytes_max, kept) {}

  bool OnMessage(std::string_view message) override {
    const auto next = handler->OnMessage(message);
    refused = next.status();
    return next.ok() && *next == StreamHandler::Next::kReadOn;
  }
  void OnUnread() override { refused.Update(handler->OnUnread()); }

  const int32_t id;
  std::unique_ptr<GrpcRequest> request;    // until its headers are whole
  std::unique_ptr<StreamHandler> handler;  // while it is served
  GrpcMessages messages;
  Status refused;          // by the handler
  bool wide = false;       // it has the window of a stream that is read
  bool may_leave = false;  // it is among may_leave_
};

// What nghttp2 calls. 0: all is well.
struct GrpcSession::Callbacks {
  static GrpcSession* Of(void* user) { return static_cast<GrpcSession*>(user); }
  static Stream* Find(nghttp2_session* session, int32_t id) {
    return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }
  static bool IsRequest(const nghttp2_frame& frame) {
    return frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
  }

  static int OnBeginHeaders(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (!IsRequest(*frame)) return 0;
    GrpcSession* self = Of(user);
    auto made = std::make_unique<Stream>(frame->hd.stream_id, self->limits_, self->kept_);
    nghttp2_session_set_stream_user_data(session, made->id, made.get());
    self->streams_[made->id] = std::move(made);
    return 0;
  }
  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t, void*) {
    Stream* stream = Find(session, frame->hd.stream_id);
    if (stream != nullptr && stream->request && IsRequest(*frame)) {
      stream->request->AddField(View(name, name_size), View(value, value_size));
    }
    return 0;
  }
  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    GrpcSession* self = Of(user);
    if (frame->hd.type == NGHTTP2_SETTINGS) {
      const bool ack = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
      (ack ? self->acknowledged_ : self->settled_) = true;
    }
    if (IsIdle(*frame)) self->OnIdleFrame();
    if (Stream* stream = Find(session, frame->hd.stream_id)) {
      if (IsRequest(*frame)) self->OnRequest(stream);
      if (EndsStream(*frame)) self->OnHalfClose(stream);
    }
    return 0;
  }
  static int OnChunk(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* bytes,
                     size_t size, void* user) {
    // A paused stream holds up none of the others.
    nghttp2_session_consume_connection(session, size);
    if (Stream* stream = Find(session, id)) Of(user)->OnBytes(stream, View(bytes, size));
    return 0;
  }
  static int OnClose(nghttp2_session* session, int32_t id, uint32_t, void* user) {
    if (Stream* stream = Find(session, id)) {
      if (stream->handler) Of(user)->Close(stream, StreamEnd::kBroken);
      nghttp2_session_set_stream_user_data(session, id, nullptr);
    }
    Of(user)->streams_.erase(id);
    return 0;
  }
  // We are done with a stream before its sender is: it need not send the rest (RFC 9113 section 8.1).
  static int OnSent(nghttp2_session* session, const nghttp2_frame* frame, void*) {
    if (EndsStream(*frame) &&
        nghttp2_session_get_stream_remote_close(session, frame->hd.stream_id) == 0) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
  }

  static nghttp2_session_callbacks* Make() {
    nghttp2_session_callbacks* out = nullptr;
    TT_CHECK(nghttp2_session_callbacks_new(&out) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(out, OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(out, OnHeader);
    nghttp2_session_callbacks_set_on_frame_recv_callback(out, OnFrame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(out, OnChunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(out, OnClose);
    nghttp2_session_callbacks_set_on_frame_send_callback(out, OnSent);
    return out;
  }
  static nghttp2_option* MakeOptions() {
    nghttp2_option* out = nullptr;
    TT_CHECK(nghttp2_option_new(&out) == 0);
    nghttp2_option_set_no_auto_window_update(out, 1);
    nghttp2_option_set_no_closed_streams(out, 1);
    // Our few answers need no table.
    nghttp2_option_set_max_deflate_dynamic_table_size(out, 0);
    return out;
  }
};

GrpcSession::GrpcSession(const SessionLimits& limits, KeptBytes* kept, Open open)
    : limits_(limits), kept_(kept), open_stream_(std::move(open)) {
  static const nghttp2_session_callbacks* const callbacks = Callbacks::Make();
  static const nghttp2_option* const options = Callbacks::MakeOptions();
  nghttp2_mem memory = Hooks(&memory_);
  TT_CHECK(nghttp2_session_server_new3(&session_, callbacks, this, options, &memory) == 0);
  const nghttp2_settings_entry settings[] = {
      // A proxy opens a stream or two in its life: it would hold the fields of requests for nobody.
      {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, 0},
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.unread_bytes_max},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.header_bytes_max},
  };
  TT_CHECK(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings)) ==
           0);
  TT_CHECK(nghttp2_session_set_local_window_size(
               session_, NGHTTP2_FLAG_NONE, 0,
               static_cast<int32_t>(limits.connection_window_bytes)) == 0);
}

GrpcSession::~GrpcSession() {
  for (const auto& [id, stream] : streams_) {
    if (stream->handler) stream->handler->OnEnd(StreamEnd::kBroken);
  }
  nghttp2_session_del(session_);
}

bool GrpcSession::Receive(std::string_view bytes) {
  const auto taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return taken >= 0 && static_cast<size_t>(taken) == bytes.size();
}

std::string_view GrpcSession::Outgoing() {
  LetLeave();
  const uint8_t* bytes = nullptr;
  const auto size = nghttp2_session_mem_send(session_, &bytes);
  return size > 0 ? View(bytes, static_cast<size_t>(size)) : std::string_view();
}

bool GrpcSession::over() const {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

void GrpcSession::Ping() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }

void GrpcSession::OnIdleFrame() {
  if (++idle_frames_ > limits_.idle_frames_max) {
    nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

void GrpcSession::OnRequest(Stream* stream) {
  const auto request = std::move(stream->request);
  GrpcRefusal refusal = request->Check();
  if (refusal.status.ok()) {
    auto opened = open_stream_(stream->id, *request);
    if (opened.ok()) {
      stream->handler = *std::move(opened);
      ++open_;
      return;
    }
    refusal.status = opened.status();
  }
  Answer(*stream, refusal);
}

void GrpcSession::OnBytes(Stream* stream, std::string_view bytes) {
  // What comes of a stream that was answered is of no interest, and gets no window.
  if (!stream->handler) return;
  const bool was_held = stream->messages.held();
  const Status status = stream->messages.Add(bytes, stream);
  if (!was_held || !status.ok() || !stream->refused.ok()) Settle(stream, status);
}

void GrpcSession::Resume(int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream* stream = found->second.get();
  if (stream->handler && stream->messages.held()) Settle(stream, stream->messages.Resume(stream));
  LetLeave();
}

void GrpcSession::Settle(Stream* stream, const Status& status) {
  const bool held = stream->messages.held();
  if (!stream->refused.ok()) {
    End(stream, StreamEnd::kClean, {200, stream->refused});
  } else if (!status.ok()) {
    End(stream, StreamEnd::kBroken, {200, status});
  } else if (held && draining_) {
    End(stream, StreamEnd::kClean, {});
  } else {
    GiveWindow(stream);
    if (!std::exchange(stream->may_leave, true)) may_leave_.push_back(stream->id);
  }
}

void GrpcSession::LetLeave() {
  for (const int32_t id : std::exchange(may_leave_, {})) {
    const auto found = streams_.find(id);
    if (found == streams_.end()) continue;
    Stream* stream = found->second.get();
    stream->may_leave = false;
    const bool between = !stream->messages.held() && stream->messages.between_messages();
    if (stream->handler && between && stream->handler->Leaves()) {
      End(stream, StreamEnd::kClean, {});
    }
  }
}

// Most streams are of proxies that no tap ever wants: these shall hold little. Others would wait for
// us after each of their messages.
void GrpcSession::GiveWindow(Stream* stream) {
  const GrpcMessages& messages = stream->messages;
  const bool held = messages.held();
  if (!held && messages.between_messages() && acknowledged_) stream->wide = true;
  const int64_t wide = limits_.window_bytes;
  const int64_t small = limits_.unread_bytes_max;
  int64_t target = stream->wide ? wide : small;
  if (held) target -= static_cast<int64_t>(messages.kept());
  if (!held && !stream->wide) {
    target = std::min(small + static_cast<int64_t>(messages.missing()), std::max(small, wide));
  }
  const int64_t left = WindowLeft(*stream);
  // Not for each message: a frame costs both ends more than a few bytes of one.
  if (left >= target || left * 2 > target) return;
  nghttp2_submit_window_update(session_, NGHTTP2_FLAG_NONE, stream->id,
                               static_cast<int32_t>(target - left));
}

// What the peer may still send, as it will be once it has read our settings: they change the windows of
// the streams that are there, perhaps to less than nothing.
int64_t GrpcSession::WindowLeft(const Stream& stream) const {
  const int64_t left =
      int64_t{nghttp2_session_get_stream_effective_local_window_size(session_, stream.id)} -
      nghttp2_session_get_stream_effective_recv_data_length(session_, stream.id);
  const int64_t yet = int64_t{NGHTTP2_INITIAL_WINDOW_SIZE} - limits_.unread_bytes_max;
  return acknowledged_ ? left : left - yet;
}

void GrpcSession::OnHalfClose(Stream* stream) {
  if (!stream->handler) return;
  // Of a paused stream nobody wants the rest.
  if (stream->messages.held() || stream->messages.between_messages()) {
    End(stream, StreamEnd::kClean, {});
  } else {
    End(stream, StreamEnd::kBroken,
        {200, absl::InternalError("read a message: the stream ends within it")});
  }
}

void GrpcSession::Close(Stream* stream, StreamEnd how) {
  const auto handler = std::move(stream->handler);
  --open_;
  handler->OnEnd(how);
  stream->messages.Clear();
}

void GrpcSession::End(Stream* stream, StreamEnd how, const GrpcRefusal& answer) {
  Close(stream, how);
  Answer(*stream, answer);
}

void GrpcSession::Drain() {
  draining_ = true;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
  for (const auto& [id, stream] : streams_) {
    if (stream->handler && stream->messages.held()) End(stream.get(), StreamEnd::kClean, {});
  }
}

void GrpcSession::Answer(const Stream& stream, const GrpcRefusal& answer) {
  const std::string http = std::to_string(answer.http_status);
  const std::string code = std::to_string(static_cast<int>(answer.status.code()));
  const std::string message = EncodeGrpcMessage(Message(answer.status));
  std::vector<nghttp2_nv> fields = {Field(":status", http),
                                    Field("content-type", "application/grpc")};
  if (answer.status.ok()) {
    nghttp2_data_provider body{};
    body.read_callback = ReadEmptyMessage;
    nghttp2_submit_response(session_, stream.id, fields.data(), fields.size(), &body);
    return;
  }
  fields.push_back(Field("grpc-status", code));
  fields.push_back(Field("grpc-message", message));
  nghttp2_submit_response(session_, stream.id, fields.data(), fields.size(), nullptr);
}

}  // namespace traffictap::als
