// SPDX-License-Identifier: Apache-2.0
#include "als/access_log_stream.h"

#include <vector>

namespace traffictap::als {
namespace {

std::string_view View(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

}  // namespace

AccessLogStream::AccessLogStream(traffic::EntryConsumer* consumer, IdentityGate* gate,
                                 StreamCounters* counters, const grpc::ServerContextBase& context,
                                 grpc::ByteBuffer* response)
    : consumer_(consumer), gate_(gate), counters_(counters), response_(response) {
  ++counters_->open;
  ++counters_->opened;
  auto sender = gate_->Identify(context);
  if (!sender.ok()) {
    Refuse(sender.status());
    return;
  }
  sender_ = *std::move(sender);
  StartRead(&message_);
}

void AccessLogStream::OnReadDone(bool ok) {
  if (!ok) {
    // An empty StreamAccessLogsResponse has no bytes.
    grpc::Slice nothing;
    *response_ = grpc::ByteBuffer(&nothing, 1);
    Finish(grpc::Status::OK);
    return;
  }
  Decode();
  message_.Clear();
  if (!refused_.ok()) {
    Refuse(refused_);
    return;
  }
  StartRead(&message_);
}

void AccessLogStream::Refuse(const Status& why) {
  Finish(grpc::Status(static_cast<grpc::StatusCode>(why.code()), Message(why)));
}

void AccessLogStream::Decode() {
  ++counters_->messages;
  counters_->bytes += message_.Length();
  grpc::Slice single;
  if (message_.TrySingleSlice(&single).ok()) {
    DecodeMessage(View(single), &scratch_, this);
  } else {
    std::vector<grpc::Slice> slices;
    if (!message_.Dump(&slices).ok()) {
      OnReject(traffic::RejectReason::kMalformedMessage);
    }
    joined_.clear();
    for (const auto& slice : slices) joined_.append(View(slice));
    DecodeMessage(joined_, &scratch_, this);
    // The identifier's 62 kB come once: not kept for the stream's life.
    if (joined_.capacity() > 32 * 1024) joined_ = {};
  }
  if (entries_) entries_->EndOfMessage();
}

void AccessLogStream::OnIdentifier(std::string_view bytes) {
  // A stream has one sender (als.proto): a second identifier changes nothing.
  if (entries_ || !refused_.ok()) return;
  traffic::Node node = DecodeIdentifier(bytes);
  refused_ = gate_->Bind(sender_, &node);
  if (!refused_.ok()) return;
  node_ = std::make_shared<const traffic::Node>(std::move(node));
  scratch_.node = node_.get();
  entries_ = consumer_->OpenStream(node_);
}

void AccessLogStream::OnEntry(const traffic::AccessEntry& entry) {
  if (entries_) {
    entries_->Consume(entry);
  } else if (refused_.ok()) {
    consumer_->Reject(traffic::RejectReason::kNoIdentifier, 1);
  }
}

void AccessLogStream::OnReject(traffic::RejectReason reason) {
  if (entries_) {
    entries_->Reject(reason, 1);
  } else if (refused_.ok()) {
    consumer_->Reject(reason, 1);
  }
}

void AccessLogStream::OnDone() {
  ++(cancelled_ ? counters_->ended_broken : counters_->ended_clean);
  --counters_->open;
  if (entries_) entries_->End(!cancelled_);
  delete this;
}

}  // namespace traffictap::als
