// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace traffictap::als {

// A client's end of an HTTP/2 connection, bytes in and bytes out, for what gRPC's client cannot do:
// any header fields, resets, and a look at its windows. Sends within its windows.
class Http2Client {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  struct Answer {
    std::map<std::string, std::string> fields;  // headers and trailers
    std::string body;
    std::optional<uint32_t> closed;  // by which error code
  };

  // Those of a call of StreamAccessLogs, as Envoy sends them.
  static Fields Call() {
    return {{":method", "POST"},
            {":scheme", "http"},
            {":path", "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"},
            {":authority", "collector"},
            {"te", "trailers"},
            {"content-type", "application/grpc"}};
  }
  static Fields CallWith(const std::string& name, const std::string& value) {
    Fields out = Call();
    for (auto& field : out) {
      if (field.first == name) {
        field.second = value;
        return out;
      }
    }
    out.emplace_back(name, value);
    return out;
  }
  // gRPC's frame around a message.
  static std::string Message(const std::string& bytes, char flag = 0) {
    const auto size = static_cast<uint32_t>(bytes.size());
    return std::string{flag, static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                       static_cast<char>(size >> 8), static_cast<char>(size)} +
           bytes;
  }

  Http2Client() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnChunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, 0, nullptr, 0);
  }
  ~Http2Client() { nghttp2_session_del(session_); }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  int32_t Open(const Fields& fields = Call()) {
    std::vector<nghttp2_nv> list;
    for (const auto& [name, value] : fields) {
      list.push_back({Bytes(name), Bytes(value), name.size(), value.size(), 0});
    }
    nghttp2_data_provider body{};
    body.read_callback = Read;
    const int32_t id =
        nghttp2_submit_request(session_, nullptr, list.data(), list.size(), &body, nullptr);
    answers_[id];
    return id;
  }
  void Write(int32_t stream, const std::string& bytes) {
    to_send_[stream].first += bytes;
    nghttp2_session_resume_data(session_, stream);
  }
  void End(int32_t stream) {
    to_send_[stream].second = true;
    nghttp2_session_resume_data(session_, stream);
  }
  void Reset(int32_t stream, uint32_t code = NGHTTP2_CANCEL) {
    nghttp2_submit_rst_stream(session_, 0, stream, code);
  }
  void Ping() { nghttp2_submit_ping(session_, 0, nullptr); }

  std::string Outgoing() {
    std::string out;
    const uint8_t* bytes = nullptr;
    for (auto size = nghttp2_session_mem_send(session_, &bytes); size > 0;
         size = nghttp2_session_mem_send(session_, &bytes)) {
      out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
    }
    return out;
  }
  bool Receive(std::string_view bytes) {
    return nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()),
                                    bytes.size()) >= 0;
  }

  const Answer& answer(int32_t stream) { return answers_[stream]; }
  std::string status(int32_t stream) { return answers_[stream].fields["grpc-status"]; }
  // What is written and has not been sent for want of a window.
  size_t unsent(int32_t stream) { return to_send_[stream].first.size(); }
  int32_t window(int32_t stream) {
    return nghttp2_session_get_stream_remote_window_size(session_, stream);
  }
  int32_t connection_window() { return nghttp2_session_get_remote_window_size(session_); }
  // Bytes of header fields that it sent and may refer to.
  size_t header_table() { return nghttp2_session_get_hd_deflate_dynamic_table_size(session_); }
  std::optional<uint32_t> going_away() const { return going_away_; }  // its error code
  int pings_answered() const { return pings_answered_; }
  int pings() const { return pings_; }
  // Frames that gave a stream more window.
  int window_updates(int32_t stream) { return window_updates_[stream]; }

 private:
  static uint8_t* Bytes(const std::string& text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  }
  static Http2Client* Of(void* user) { return static_cast<Http2Client*>(user); }
  static ssize_t Read(nghttp2_session*, int32_t stream, uint8_t* out, size_t size, uint32_t* flags,
                      nghttp2_data_source*, void* user) {
    auto& [bytes, end] = Of(user)->to_send_[stream];
    const size_t count = std::min(size, bytes.size());
    if (count == 0 && !end) return NGHTTP2_ERR_DEFERRED;
    bytes.copy(reinterpret_cast<char*>(out), count);
    bytes.erase(0, count);
    if (bytes.empty() && end) *flags = NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                      void* user) {
    Of(user)
        ->answers_[frame->hd.stream_id]
        .fields[{reinterpret_cast<const char*>(name), name_size}] = {
        reinterpret_cast<const char*>(value), value_size};
    return 0;
  }
  static int OnChunk(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* bytes, size_t size,
                     void* user) {
    Of(user)->answers_[stream].body.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }
  static int OnClose(nghttp2_session*, int32_t stream, uint32_t code, void* user) {
    Of(user)->answers_[stream].closed = code;
    return 0;
  }
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) Of(user)->going_away_ = frame->goaway.error_code;
    if (frame->hd.type == NGHTTP2_WINDOW_UPDATE) ++Of(user)->window_updates_[frame->hd.stream_id];
    if (frame->hd.type == NGHTTP2_PING) {
      ++((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 ? Of(user)->pings_answered_ : Of(user)->pings_);
    }
    return 0;
  }

  nghttp2_session* session_ = nullptr;
  std::map<int32_t, std::pair<std::string, bool>> to_send_;
  std::map<int32_t, Answer> answers_;
  std::optional<uint32_t> going_away_;
  std::map<int32_t, int> window_updates_;
  int pings_answered_ = 0;
  int pings_ = 0;
};

}  // namespace traffictap::als
