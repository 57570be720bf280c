// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "als/kept_bytes.h"
#include "base/status.h"

namespace traffictap::als {

// Receives the messages of a stream.
class GrpcMessageReceiver {
 public:
  virtual ~GrpcMessageReceiver() = default;
  // A whole message; the view ends with the call. False: no further one before Resume.
  virtual bool OnMessage(std::string_view message) = 0;
  // A message was passed over: there was no room to keep it.
  virtual void OnUnread() = 0;
};

// Cuts one stream's bytes into gRPC's messages (grpc/grpc: doc/PROTOCOL-HTTP2.md,
// "Length-Prefixed-Message": a flag, four bytes of length, the message). A message that is whole
// within the bytes given is read where it stands. What is not whole, or not read yet, is kept and
// counted in `kept`; where that is full, what this stream would have to keep is passed over.
class GrpcMessages {
 public:
  GrpcMessages(size_t message_bytes_max, KeptBytes* kept)
      : message_bytes_max_(message_bytes_max), kept_bytes_(kept) {}
  ~GrpcMessages();
  GrpcMessages(const GrpcMessages&) = delete;
  GrpcMessages& operator=(const GrpcMessages&) = delete;

  // The next bytes of the stream. An error ends the stream: kResourceExhausted: a message is larger
  // than its bound; kUnimplemented: it is compressed.
  Status Add(std::string_view bytes, GrpcMessageReceiver* receiver);
  // After OnMessage returned false: reads on with what is kept. Errors as Add.
  Status Resume(GrpcMessageReceiver* receiver);
  // Whether it waits for Resume.
  bool held() const { return held_; }
  // Drops what is kept: the stream has ended.
  void Clear();
  // Whether the stream may end here: not within a message.
  bool between_messages() const { return kept_.empty() && skip_ == 0; }
  size_t kept() const { return kept_.size(); }
  // How much is to come yet of a message whose head is there.
  size_t missing() const;

 private:
  struct Head;
  Status ReadHead(std::string_view bytes, Head* head) const;
  Status Deliver(std::string_view* bytes, GrpcMessageReceiver* receiver);
  Status DeliverKept(GrpcMessageReceiver* receiver);
  Status PassOver(GrpcMessageReceiver* receiver);
  void Keep(std::string_view bytes, size_t frame_bytes);
  void Drop(size_t bytes);
  bool Charge();

  const size_t message_bytes_max_;
  KeptBytes* const kept_bytes_;
  std::string kept_;    // begins with a message's head
  size_t charged_ = 0;  // what of it is counted
  size_t skip_ = 0;     // what comes yet of a message that is passed over
  bool held_ = false;
};

}  // namespace traffictap::als
