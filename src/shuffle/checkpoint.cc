// SPDX-License-Identifier: Apache-2.0

// Positions are kept as distances from the one before, arrivals as distances from the one before
// that: halves of one block have almost one arrival. The checksum stands in front of what it covers.
#include "shuffle/checkpoint.h"

#include "base/crc32c.h"
#include "fmt/format.h"
#include "traffic/byte_codec.h"

namespace traffictap::shuffle {
namespace {

using traffic::ByteReader;
using traffic::ByteWriter;

constexpr uint64_t kFormat = 1;

void Write(const PartitionClock::State& clock, ByteWriter* out) {
  out->Signed(clock.now);
  out->Signed(clock.latest);
  out->Signed(clock.last_death);
  out->Number(clock.receivers.size());
  for (const auto& receiver : clock.receivers) {
    out->Text(receiver.name);
    out->Signed(receiver.low_mark);
    out->Signed(receiver.appended);
    out->Signed(receiver.sealed);
    out->Signed(receiver.offset);
  }
}

PartitionClock::State ReadClock(ByteReader* in) {
  PartitionClock::State out;
  out.now = in->Signed();
  out.latest = in->Signed();
  out.last_death = in->Signed();
  for (size_t left = in->Count(); left > 0 && in->ok(); --left) {
    PartitionClock::Receiver receiver;
    receiver.name = in->Text();
    receiver.low_mark = in->Signed();
    receiver.appended = in->Signed();
    receiver.sealed = in->Signed();
    receiver.offset = in->Signed();
    out.receivers.push_back(std::move(receiver));
  }
  return out;
}

// A counter that a later build adds is missing in older checkpoints, and 0 there.
template <typename Counters>
void WriteCounters(const Counters& counters, ByteWriter* out) {
  uint64_t count = 0;
  Counters::Visit([&](std::string_view, std::string_view, uint64_t) { ++count; }, counters);
  out->Number(count);
  Counters::Visit(
      [&](std::string_view name, std::string_view reason, uint64_t value) {
        out->Text(name);
        out->Text(reason);
        out->Number(value);
      },
      counters);
}

template <typename Counters>
Counters ReadCounters(ByteReader* in) {
  Counters out;
  for (size_t left = in->Count(); left > 0 && in->ok(); --left) {
    const std::string_view name = in->Text();
    const std::string_view reason = in->Text();
    const uint64_t value = in->Number();
    Counters::Visit(
        [&](std::string_view known, std::string_view known_reason, uint64_t& counter) {
          if (known == name && known_reason == reason) counter = value;
        },
        out);
  }
  return out;
}

void Write(const std::vector<pairing::HalfTime>& waiting, ByteWriter* out) {
  out->Number(waiting.size());
  pairing::HalfTime before;
  for (const auto& half : waiting) {
    out->Number(half.position - before.position);
    // Unsigned, since those that were read may be any.
    out->Signed(static_cast<int64_t>(static_cast<uint64_t>(half.arrival) -
                                     static_cast<uint64_t>(before.arrival)));
    before = half;
  }
}

std::vector<pairing::HalfTime> ReadWaiting(ByteReader* in) {
  std::vector<pairing::HalfTime> out;
  pairing::HalfTime half;
  for (size_t left = in->Count(); left > 0 && in->ok(); --left) {
    half.position += in->Number();
    // Unsigned, since any bytes may come.
    half.arrival = static_cast<base::Nanos>(static_cast<uint64_t>(half.arrival) +
                                            static_cast<uint64_t>(in->Signed()));
    out.push_back(half);
  }
  return out;
}

Checkpoint ReadBody(ByteReader* in) {
  Checkpoint out;
  out.next_offset = in->Signed();
  out.read_from = in->Signed();
  out.clock = ReadClock(in);
  out.last_arrival = in->Signed();
  out.last_loss = in->Signed();
  out.longest_window = in->Signed();
  for (size_t left = in->Count(); left > 0 && in->ok(); --left) {
    Sequence& sequence = out.sequences[std::string(in->Text())];
    sequence.next = in->Number();
    sequence.appended = in->Signed();
  }
  out.counters = ReadCounters<PartitionCounters>(in);
  out.joins = ReadCounters<pairing::JoinCounters>(in);
  out.waiting = ReadWaiting(in);
  // Nothing follows where a pairer wrote it that skipped no blocks yet.
  if (in->ok() && !in->AtEnd()) {
    for (size_t left = in->Count(); left > 0 && in->ok(); --left) {
      out.skipped.push_back(in->Signed());
    }
  }
  return out;
}

}  // namespace

std::string Encode(const Checkpoint& checkpoint) {
  ByteWriter body;
  body.Number(kFormat);
  body.Signed(checkpoint.next_offset);
  body.Signed(checkpoint.read_from);
  Write(checkpoint.clock, &body);
  body.Signed(checkpoint.last_arrival);
  body.Signed(checkpoint.last_loss);
  body.Signed(checkpoint.longest_window);
  body.Number(checkpoint.sequences.size());
  for (const auto& [receiver, sequence] : checkpoint.sequences) {
    body.Text(receiver);
    body.Number(sequence.next);
    body.Signed(sequence.appended);
  }
  WriteCounters(checkpoint.counters, &body);
  WriteCounters(checkpoint.joins, &body);
  Write(checkpoint.waiting, &body);
  body.Number(checkpoint.skipped.size());
  for (const int64_t offset : checkpoint.skipped) body.Signed(offset);
  const std::string bytes = body.Take();
  ByteWriter out;
  out.Fixed(base::Crc32c(bytes), 4);
  return out.Take() + bytes;
}

StatusOr<Checkpoint> DecodeCheckpoint(std::string_view bytes) {
  constexpr size_t kChecksum = 4;
  if (bytes.size() < kChecksum ||
      ByteReader(bytes).Fixed(kChecksum) != base::Crc32c(bytes.substr(kChecksum))) {
    return absl::DataLossError("checkpoint: the checksum is wrong");
  }
  ByteReader in(bytes.substr(kChecksum));
  const uint64_t format = in.Number();
  if (in.ok() && format != kFormat) {
    return absl::UnimplementedError(fmt::format(
        "checkpoint: format {} is not known, only {}: a pairer of a newer version wrote "
        "it",
        format, kFormat));
  }
  Checkpoint out = ReadBody(&in);
  if (!in.ok()) return absl::DataLossError(fmt::format("checkpoint: {}", in.fault()));
  if (out.next_offset < 0 || out.read_from < 0 || out.read_from > out.next_offset) {
    return absl::DataLossError("checkpoint: its offsets make no sense");
  }
  return out;
}

}  // namespace traffictap::shuffle
