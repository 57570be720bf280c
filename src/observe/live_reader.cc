// SPDX-License-Identifier: Apache-2.0

// A position is an ordinal per tap and the epoch of the collector's life that gave them. It moves
// past each record that was looked at, whether sent or not, so that published = sent + filtered +
// hidden + dropped after every Pull, and a reader that comes again with its position misses and
// repeats nothing.
#include "observe/live_reader.h"

#include <charconv>
#include <limits>
#include <utility>

#include "fmt/format.h"
#include "observe/reduce_record.h"
#include "traffic/json_writer.h"

namespace traffictap::observe {
namespace {

constexpr size_t kRecordsPerPull = 4096;

std::string Line(const std::function<void(traffic::JsonWriter&)>& fill) {
  std::string out;
  traffic::JsonWriter json(&out);
  json.BeginObject({});
  fill(json);
  json.EndObject();
  return out + '\n';
}

bool ReadNumber(std::string_view text, uint64_t* out) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *out);
  return error == std::errc() && stop == end;
}

// "EPOCH;TAP=ORDINAL;TAP=ORDINAL". Ordinals of another epoch count for nothing: the collector began
// anew.
StatusOr<std::map<std::string, uint64_t>> ReadPosition(std::string_view text, uint64_t epoch) {
  const auto bad = absl::InvalidArgumentError("after: not a position from a stream");
  std::map<std::string, uint64_t> out;
  uint64_t told_epoch = 0;
  for (bool first = true; !text.empty(); first = false) {
    const auto part = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const auto equals = part.rfind('=');
    uint64_t number = 0;
    if (first ? !ReadNumber(part, &told_epoch)
              : equals == std::string_view::npos || !ReadNumber(part.substr(equals + 1), &number)) {
      return bad;
    }
    if (!first) out[std::string(part.substr(0, equals))] = number;
  }
  if (told_epoch != epoch) out.clear();
  return out;
}

}  // namespace

const char* ToString(EndReason reason) {
  switch (reason) {
    case EndReason::kNone: return "";
    case EndReason::kBacklogRead: return "BacklogRead";
    case EndReason::kLimit: return "Limit";
    case EndReason::kTapsGone: return "TapsGone";
  }
  return "";
}

std::string NamespaceOf(const std::string& tap) {
  const size_t slash = tap.find('/');
  return slash == std::string::npos ? std::string() : tap.substr(0, slash);
}

std::set<std::string> SeenNamespaces(const LiveHub& hub, const std::vector<std::string>& taps) {
  std::set<std::string> out;
  const auto add = [&out](const traffic::PackedEntry& entry) {
    if (out.size() < kSeenNamespacesMax) out.insert(entry.node->ns);
  };
  const auto add_all = [&add](const traffic::RecordBatch& records) {
    for (size_t i = 0; i < records.size(); ++i) {
      const auto pair = records.pair(i);
      if (pair.client != nullptr) add(*pair.client);
      for (const auto* server : pair.servers) add(*server);
    }
  };
  for (const auto& tap : taps) {
    const auto part = hub.Read(tap, 0, std::numeric_limits<size_t>::max());
    if (!part.ok()) continue;
    for (const auto& batch : part->batches) add_all(*batch.records);
  }
  return out;
}

LiveReader::LiveReader(LiveHub* hub, LiveRequest request, Access access)
    : hub_(hub), request_(std::move(request)), access_(std::move(access)) {}

LiveReader::~LiveReader() { hub_->ReaderLeft(); }

StatusOr<std::unique_ptr<LiveReader>> LiveReader::Open(LiveHub* hub, LiveRequest request,
                                                       Access access) {
  if (!hub->ReaderEntered()) {
    return absl::ResourceExhaustedError("too many live readers: end another one, or try later");
  }
  std::unique_ptr<LiveReader> out(new LiveReader(hub, std::move(request), std::move(access)));
  TT_RETURN_IF_ERROR(out->Start());
  return out;
}

Status LiveReader::Start() {
  const auto after = ReadPosition(request_.after, hub_->epoch());
  if (!after.ok()) return after.status();
  for (const auto& tap : request_.taps) {
    const auto at = hub_->OrdinalAt(tap, request_.since.value_or(0));
    if (!at.ok()) return at.status();
    const auto told = after->find(tap);
    positions_[tap] = told == after->end() ? *at : told->second;
  }
  return absl::OkStatus();
}

std::set<std::string> LiveReader::Namespaces() const {
  std::set<std::string> out = unknown_;
  for (const auto& tap : request_.taps) out.insert(NamespaceOf(tap));
  return out;
}

bool LiveReader::Pull(LiveOutput* out) {
  if (end_ != EndReason::kNone) return false;
  const auto before = positions_;
  bool more = false;
  for (const auto& tap : request_.taps) {
    if (!positions_.contains(tap) || end_ != EndReason::kNone) continue;
    more = PullTap(tap, out) || more;
  }
  if (end_ == EndReason::kNone && (before != positions_ || !told_position_)) {
    told_position_ = true;
    out->Control(Line([&](auto& json) {
      json.Text("type", "Position");
      json.Text("position", Position());
    }));
  }
  if (end_ != EndReason::kNone) return false;
  if (positions_.empty()) {
    Finish(EndReason::kTapsGone, out);
  } else if (!request_.follow && !more) {
    Finish(EndReason::kBacklogRead, out);
  }
  return more;
}

bool LiveReader::PullTap(const std::string& tap, LiveOutput* out) {
  uint64_t& position = positions_[tap];
  const auto part = hub_->Read(tap, position, kRecordsPerPull);
  if (!part.ok()) {  // removed long ago
    positions_.erase(tap);
    return false;
  }
  if (part->dropped > 0) {
    counters_.dropped += part->dropped;
    counters_.published += part->dropped;
    out->Control(Line([&](auto& json) {
      json.Text("type", "Gap");
      json.Text("tap", tap);
      json.Number("droppedCount", part->dropped);
    }));
  }
  position = part->begin;
  for (const auto& batch : part->batches) {
    if (!Send(batch, &position, out)) return end_ == EndReason::kNone;
  }
  if (part->ended) positions_.erase(tap);
  return part->more;
}

// False when the output is full or the reader's end is reached.
bool LiveReader::Send(const BacklogBatch& batch, uint64_t* position, LiveOutput* out) {
  const size_t size = batch.records->size();
  for (size_t index = *position - batch.first; index < size; ++index) {
    if (!out->HasRoom()) return false;
    SendRecord(*batch.records, index, out);
    ++*position;
    if (request_.limit && counters_.sent >= *request_.limit) {
      Finish(EndReason::kLimit, out);
      return false;
    }
  }
  return true;
}

void LiveReader::SendRecord(const traffic::RecordBatch& records, size_t index, LiveOutput* out) {
  ++counters_.published;
  auto pair = records.pair(index);
  std::set<std::string>* const unknown = unknown_.size() < kSeenNamespacesMax ? &unknown_ : nullptr;
  const Visibility visibility = VisibilityOf(pair, access_, unknown);
  if (visibility == Visibility::kNothing) {
    ++counters_.hidden;
    return;
  }
  // A filter that saw the hidden side would tell what is in it.
  if (visibility == Visibility::kOneSide) pair = VisibleSide(pair, access_);
  if (request_.filter && !request_.filter->Matches(pair)) {
    ++counters_.filtered;
    return;
  }
  ++counters_.sent;
  if (access_.everything) {
    out->Record(records.json_line(index));
  } else {
    out->Record(VisibleLine(records, index, visibility, access_));
  }
}

std::string LiveReader::Position() const {
  std::string out = fmt::format("{}", hub_->epoch());
  for (const auto& [tap, position] : positions_) out += fmt::format(";{}={}", tap, position);
  return out;
}

void LiveReader::Finish(EndReason reason, LiveOutput* out) {
  end_ = reason;
  out->Control(Line([&](auto& json) {
    json.Text("type", "End");
    json.Text("reason", ToString(reason));
  }));
}

}  // namespace traffictap::observe
