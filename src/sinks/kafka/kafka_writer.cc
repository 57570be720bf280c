// SPDX-License-Identifier: Apache-2.0
#include "sinks/kafka/kafka_writer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "base/deadline.h"
#include "kafkaclient/kafka_error.h"
#include "kafkaclient/kafka_login.h"
#include "kafkaclient/kafka_settings.h"
#include "kafkaclient/message_headers.h"
#include "sinks/kafka/kafka_headers.h"

namespace traffictap::sinks {

using kafkaclient::KafkaError;

namespace {

// Short, as closing waits for it; connecting goes on behind it, and the probe is repeated.
constexpr int kProbeTimeoutMs = 1'000;
constexpr int kHandOverMs = 500;

}  // namespace

struct KafkaWriter::State {
  explicit State(tap::KafkaOutput of) : spec(std::move(of)), login(spec) {}

  const tap::KafkaOutput spec;
  kafkaclient::KafkaLogin login;
  bool closing = false;
  RecordLedger* ledger = nullptr;
  rd_kafka_t* producer = nullptr;
  // A broker refuses a whole batch for its size, though the topic's bound may be above each record
  // of it, or below one of them alone. The batch goes out again through this one, record by record.
  rd_kafka_t* alone = nullptr;
  // told by librdkafka's error callback
  rd_kafka_resp_err_t last_error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string last_detail;

  static void OnDelivery(rd_kafka_t* from, const rd_kafka_message_t* message, void* opaque) {
    auto* state = static_cast<State*>(opaque);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      state->ledger->Delivered(1, message->len);
      return;
    }
    if (message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE && from == state->producer &&
        state->ProduceAlone(*message)) {
      return;
    }
    const bool handed_over = from != state->producer && from != state->alone;
    if (handed_over &&
        state->ProduceAgain(state->producer, *message) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      return;
    }
    const bool late = message->err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
    const bool closed = message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
                        message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
    const bool large = message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    const auto reason = late     ? DropReason::kTimedOut
                        : closed ? DropReason::kClosed
                        : large  ? DropReason::kTooLarge
                                 : DropReason::kWriteFailed;
    state->ledger->Dropped(reason, 1, KafkaError(message->err, state->spec, ""));
  }

  static void OnError(rd_kafka_t*, int error, const char* detail, void* opaque) {
    auto* state = static_cast<State*>(opaque);
    const auto code = static_cast<rd_kafka_resp_err_t>(error);
    // "All brokers down" follows a more telling error: keep that one.
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN &&
        state->last_error != RD_KAFKA_RESP_ERR_NO_ERROR)
      return;
    // Without a token librdkafka complains in these words; why there is none says more.
    const Status& token = state->login.token_status();
    const bool no_token = code == RD_KAFKA_RESP_ERR__AUTHENTICATION && !token.ok();
    if (no_token && state->ledger != nullptr) return state->ledger->Troubled(token);
    if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION) state->login.Refused();
    state->last_error = code;
    state->last_detail = detail;
    if (state->ledger != nullptr) state->ledger->Troubled(KafkaError(code, state->spec, detail));
  }

  // By librdkafka when a producer was made, and when most of its token's life is over.
  static void OnTokenWanted(rd_kafka_t* from, const char*, void* opaque) {
    auto* state = static_cast<State*>(opaque);
    if (!state->closing) state->login.SetToken(from);
  }

  Status Create(bool one_by_one, rd_kafka_t** out) {
    kafkaclient::KafkaSettings settings;
    if (!one_by_one) login.Read();  // the other one comes later and goes with it
    settings.Configure(spec);
    if (one_by_one) settings.Set("batch.num.messages", "1");
    rd_kafka_conf_set_opaque(settings.get(), this);
    rd_kafka_conf_set_dr_msg_cb(settings.get(), OnDelivery);
    rd_kafka_conf_set_error_cb(settings.get(), OnError);
    if (login.has_tokens()) {
      rd_kafka_conf_set_oauthbearer_token_refresh_cb(settings.get(), OnTokenWanted);
    }
    const auto made = settings.MakeProducer();
    if (!made.ok()) return made.status();
    *out = *made;
    login.SetToken(*out);
    return absl::OkStatus();
  }

  // Whether the topic is there: produced blindly, records would only tell minutes later.
  Status Probe() {
    rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, spec.topic.c_str(), nullptr);
    const struct rd_kafka_metadata* metadata = nullptr;
    const auto error = rd_kafka_metadata(producer, 0, topic, &metadata, kProbeTimeoutMs);
    rd_kafka_poll(producer, 0);
    Status status;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      // What went wrong is often told long before, as reconnecting backs off: it holds until a
      // broker answers.
      const bool told = last_error != RD_KAFKA_RESP_ERR_NO_ERROR;
      status = KafkaError(told ? last_error : error, spec, told ? last_detail : "");
    } else {
      last_error = RD_KAFKA_RESP_ERR_NO_ERROR;
      if (metadata->topic_cnt == 1 && metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        status = KafkaError(metadata->topics[0].err, spec, "");
      }
    }
    if (metadata != nullptr) rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
    return status;
  }

  bool ProduceAlone(const rd_kafka_message_t& message) {
    if (alone == nullptr && !Create(true, &alone).ok()) return false;
    return ProduceAgain(alone, message) == RD_KAFKA_RESP_ERR_NO_ERROR;
  }

  // With its key and its headers, which stay the message's.
  rd_kafka_resp_err_t ProduceAgain(rd_kafka_t* to, const rd_kafka_message_t& message) {
    rd_kafka_headers_t* headers = nullptr;
    if (const auto error = rd_kafka_message_headers(&message, &headers);
        error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return error;
    }
    return Produce(to, {static_cast<const char*>(message.key), message.key_len},
                   {static_cast<const char*>(message.payload), message.len},
                   rd_kafka_headers_copy(headers));
  }

  // Takes over what a rotation of the Secret has put into the files.
  void RefreshFiles() {
    if (producer != nullptr && login.Refresh(std::array{producer, alone})) Replace();
  }

  // Certificates are read when a producer is made. What the former one cannot send by now goes to
  // the new one, in its order. Files that do not fit together yet leave the former one at work.
  void Replace() {
    rd_kafka_t* next = nullptr;
    if (const Status created = Create(false, &next); !created.ok()) {
      return ledger->Troubled(created);
    }
    rd_kafka_t* former[] = {std::exchange(producer, next), std::exchange(alone, nullptr)};
    for (rd_kafka_t*& one : former) {
      if (one == nullptr) continue;
      rd_kafka_flush(one, kHandOverMs);
      DestroyProducer(&one);
    }
  }

  // Owns the headers.
  rd_kafka_resp_err_t Produce(rd_kafka_t* to, std::string_view key, std::string_view line,
                              rd_kafka_headers_t* headers) {
    const auto error = rd_kafka_producev(
        to, RD_KAFKA_V_TOPIC(spec.topic.c_str()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(key.data(), key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(line.data()), line.size()), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_END);
    // On failure librdkafka leaves them.
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
    return error;
  }

  void Poll(int wait_ms) {
    if (producer != nullptr) rd_kafka_poll(producer, wait_ms);
    if (alone != nullptr) rd_kafka_poll(alone, 0);
  }

  // What the first one refuses goes to the second one, so that is flushed after it.
  void Flush(base::Nanos wait) {
    const base::Deadline deadline(wait);
    for (rd_kafka_t* one : {producer, alone}) {
      if (one != nullptr) rd_kafka_flush(one, deadline.left_ms());
    }
  }

  static void DestroyProducer(rd_kafka_t** one) {
    if (*one == nullptr) return;
    kafkaclient::DropProducer(*one);
    *one = nullptr;
  }

  void Destroy() {
    DestroyProducer(&producer);
    DestroyProducer(&alone);
  }

  // An idempotent producer can fail for good: only a new one helps. Its records are reported as
  // dropped.
  bool Failed() const {
    return kafkaclient::FailedForGood(producer) || kafkaclient::FailedForGood(alone);
  }
};

KafkaWriter::KafkaWriter(tap::KafkaOutput spec)
    : state_(std::make_unique<State>(std::move(spec))) {}

KafkaWriter::~KafkaWriter() { state_->Destroy(); }

Status KafkaWriter::Open(RecordLedger* ledger) {
  state_->ledger = ledger;
  state_->RefreshFiles();
  if (state_->producer == nullptr) {
    TT_RETURN_IF_ERROR(state_->Create(false, &state_->producer));
  } else if (!state_->login.token_status().ok()) {
    state_->login.SetTokens(std::array{state_->producer, state_->alone});
  }
  TT_RETURN_IF_ERROR(state_->login.token_status());
  return state_->Probe();
}

WriteResult KafkaWriter::Write(const traffic::RecordSelection& records, size_t from) {
  WriteResult out;
  if (state_->Failed()) state_->Destroy();
  if (state_->producer == nullptr) {
    if (out.status = Open(state_->ledger); !out.status.ok()) return out;
  }
  while (from + out.taken < records.size()) {
    const size_t index = records.index(from + out.taken);
    std::string line = records.batch->json_line(index);
    line.pop_back();
    if (line.size() > state_->spec.max_record_bytes) {
      state_->ledger->Dropped(DropReason::kTooLarge, 1,
                              absl::OutOfRangeError("kafka: record larger than maxRecordSize"));
      ++out.taken;
      continue;
    }
    const auto error = state_->Produce(
        state_->producer, records.batch->key(index), line,
        kafkaclient::MakeHeaders(HeadersOf(state_->spec.headers, *records.batch, index)));
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      state_->Poll(100);
      break;
    }
    if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
      // With its key: only this one is too large, not those behind it.
      state_->ledger->Dropped(DropReason::kTooLarge, 1, KafkaError(error, state_->spec, ""));
    } else if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      out.status = KafkaError(error, state_->spec, "");
      break;
    }
    ++out.taken;
  }
  state_->Poll(0);
  return out;
}

Status KafkaWriter::Flush() {
  state_->Flush(500 * base::kMillisecond);
  return absl::OkStatus();
}

void KafkaWriter::Poll() {
  state_->RefreshFiles();
  state_->Poll(0);
}

void KafkaWriter::Close(base::Nanos wait) {
  state_->closing = true;
  state_->Flush(wait);
  state_->Destroy();
}

}  // namespace traffictap::sinks
