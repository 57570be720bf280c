// SPDX-License-Identifier: Apache-2.0
#include "replay/record_merge.h"

#include <algorithm>
#include <filesystem>

#include "fmt/format.h"
#include "replay/json_texts.h"

namespace traffictap::replay {
namespace {

namespace fs = std::filesystem;

using observe::Wanted;

constexpr std::string_view kControl = "{\"type\":";
constexpr std::string_view kGap = "{\"type\":\"Gap\"";
constexpr std::string_view kDropped = "\"droppedCount\":";

// Of a Gap line of the live stream (observe/README.md).
uint64_t DroppedCount(std::string_view line) {
  const size_t at = line.find(kDropped);
  if (at == std::string_view::npos) return 0;
  return std::strtoull(std::string(line.substr(at + kDropped.size())).c_str(), nullptr, 10);
}

base::Nanos StartOf(const v1::TrafficPair& pair) {
  const auto& start = pair.timings().start_time();
  return start.seconds() * base::kSecond + start.nanos();
}

}  // namespace

// An open file and the record that comes next in it.
class RecordMerge::File {
 public:
  // All outlive it. An empty `judge` may want all.
  File(std::unique_ptr<ByteSource> source, const Judge* judge, traffic::RecordReader* reader,
       ReadCounters* counters)
      : texts_(std::move(source)), judge_(judge), reader_(reader), counters_(counters) {}

  // False at the end. What is no record is counted.
  bool Advance() {
    std::string_view text;
    while (true) {
      const auto more = texts_.Next(&text);
      if (!more.ok()) counters_->broken.push_back(more.status());
      counters_->malformed += texts_.passed_over() - counted_;
      counted_ = texts_.passed_over();
      if (!more.ok()) continue;  // the end comes next
      if (!*more) return false;
      if (Take(text)) return true;
    }
  }

  Record& record() { return record_; }

 private:
  bool Take(std::string_view text) {
    if (text.starts_with(kGap)) counters_->gaps += DroppedCount(text);
    if (text.starts_with(kControl)) return false;
    const Status begun = reader_->Begin(text);
    const bool skims = begun.ok() && *judge_ != nullptr && reader_->Skim(&skim_);
    const Wanted wanted = skims ? (*judge_)(skim_) : Wanted::kMaybe;
    if (wanted == Wanted::kNo) {
      ++counters_->records;
      ++counters_->skimmed;
      return false;
    }
    if (wanted == Wanted::kYes && reader_->IsSound(&record_.start)) {
      ++counters_->records;
      record_.line = text;
      record_.pair.Clear();
      record_.judged = true;
      return true;
    }
    return Read(text, begun);
  }

  bool Read(std::string_view text, const Status& begun) {
    auto pair = begun.ok() ? reader_->Read() : StatusOr<v1::TrafficPair>(begun);
    if (!pair.ok()) {
      counters_->malformed += texts_.SplitLast() ? 0 : 1;
      return false;
    }
    ++counters_->records;
    record_ = {std::string(text), *std::move(pair), 0};
    record_.start = StartOf(record_.pair);
    return true;
  }

  JsonTexts texts_;
  const Judge* const judge_;
  traffic::RecordReader* const reader_;
  ReadCounters* const counters_;
  traffic::RecordSkim skim_;
  Record record_;
  size_t counted_ = 0;
};

struct RecordMerge::Waiting {
  std::string path;
  base::Nanos start = 0;
};

RecordMerge::RecordMerge(Judge judge) : judge_(std::move(judge)) {}
RecordMerge::~RecordMerge() = default;

StatusOr<std::unique_ptr<RecordMerge>> RecordMerge::Open(const std::vector<std::string>& paths,
                                                         Judge judge) {
  std::unique_ptr<RecordMerge> out(new RecordMerge(std::move(judge)));
  for (const auto& path : paths) TT_RETURN_IF_ERROR(out->Add(path));
  std::stable_sort(out->waiting_.begin(), out->waiting_.end(),
                   [](const Waiting& a, const Waiting& b) { return a.start > b.start; });
  return out;
}

Status RecordMerge::Add(const std::string& path) {
  auto source = OpenBytes(path);
  if (!source.ok()) return source.status();
  // A pipe is read once: it stays open. Of a file only the first record's time is kept.
  ReadCounters looked;
  const Judge all;
  const bool pipe = path == "-" || !fs::is_regular_file(path);
  auto file = std::make_unique<File>(*std::move(source), pipe ? &judge_ : &all, &reader_,
                                     pipe ? &counters_ : &looked);
  if (pipe) {
    if (file->Advance()) files_.push_back(std::move(file));
  } else {
    waiting_.push_back({path, file->Advance() ? file->record().start : 0});
  }
  return absl::OkStatus();
}

// A file whose first record is not the earliest one has its turn later.
void RecordMerge::OpenDue() {
  const auto earliest = [&] {
    base::Nanos out = INT64_MAX;
    for (const auto& file : files_) out = std::min(out, file->record().start);
    return out;
  };
  while (!waiting_.empty() && (files_.empty() || waiting_.back().start <= earliest())) {
    auto source = OpenBytes(waiting_.back().path);
    waiting_.pop_back();
    if (!source.ok()) {
      counters_.broken.push_back(source.status());  // removed meanwhile
      continue;
    }
    auto file = std::make_unique<File>(*std::move(source), &judge_, &reader_, &counters_);
    if (file->Advance()) files_.push_back(std::move(file));
  }
}

bool RecordMerge::Next(Record* out) {
  OpenDue();
  const auto first = std::min_element(
      files_.begin(), files_.end(),
      [](const auto& a, const auto& b) { return a->record().start < b->record().start; });
  if (first == files_.end()) return false;
  *out = std::move((*first)->record());
  if (!(*first)->Advance()) files_.erase(first);
  return true;
}

StatusOr<std::vector<std::string>> FilesOf(const std::string& path) {
  std::error_code error;
  if (path == "-" || !fs::is_directory(path, error)) return std::vector<std::string>{path};
  std::vector<std::string> out;
  for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with('.') && !name.ends_with(".part") && entry->is_regular_file(error)) {
      out.push_back(entry->path().string());
    }
  }
  if (error) return absl::UnavailableError(fmt::format("list {}: {}", path, error.message()));
  if (out.empty()) return absl::NotFoundError(fmt::format("{}: no file of records in it", path));
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace traffictap::replay
