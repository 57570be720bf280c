// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

struct ssl_st;

namespace traffictap::als {

// One connection's socket, which does not block, with or without TLS. One thread at a time.
class Transport {
 public:
  // What Read and Write return besides a number of bytes above 0.
  enum : long { kWait = 0, kClosed = -1 };

  // Owns both; `tls` may be null.
  Transport(int socket, ssl_st* tls);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  long Read(char* buffer, size_t size);
  long Write(std::string_view bytes);
  // Whether Write may be called: until the handshake is done, by reading, nothing is written.
  bool ready() const;
  // Whether bytes wait that the socket no longer tells of. They may be too few for Read.
  bool has_more() const;
  // Whether a Read of less than was asked for says nothing of what else there is.
  bool reads_records() const { return tls_ != nullptr; }
  // Whether Read waits until the socket can be written: a handshake may.
  bool read_wants_write() const { return read_wants_write_; }
  // Says that nothing more will be written; the peer may still send.
  void EndWriting();

  int socket() const { return socket_; }
  // Null without TLS.
  ssl_st* tls() const { return tls_; }
  // Whether the peer is on this machine, or in this pod.
  bool from_loopback() const;
  // als/tls_context.h, VerifiedUris; none without TLS.
  std::vector<std::string> certificate_uris() const;

 private:
  const int socket_;
  ssl_st* const tls_;
  bool read_wants_write_ = false;
};

}  // namespace traffictap::als
