// SPDX-License-Identifier: Apache-2.0
#include "fanin/pairer_files.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <system_error>
#include <utility>

#include "fanin/missing.h"
#include "fanin/pairer_query.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "web/query.h"
#include "web/site_guard.h"

namespace traffictap::fanin {
namespace {

using Json = nlohmann::ordered_json;

// Of a part of a file: a compressed one is decompressed from its beginning for each of them.
constexpr uint64_t kPartBytesMax = uint64_t{8} << 20;

// A part on its way to a caller who may be slow: of a stream the server waits for each piece, of
// another answer 5 s for all of it.
class PartBody final : public web::BodySource {
 public:
  PartBody(std::string bytes, std::shared_ptr<void> ticket)
      : bytes_(std::move(bytes)), ticket_(std::move(ticket)) {}

  Next Pull(std::string* out) override {
    constexpr size_t kPieceBytes = size_t{128} << 10;
    const size_t count = std::min(kPieceBytes, bytes_.size() - sent_);
    out->append(bytes_, sent_, count);
    sent_ += count;
    return sent_ == bytes_.size() ? Next::kEnd : Next::kNow;
  }
  void Ended(web::StreamEnd) override { ticket_ = nullptr; }

 private:
  const std::string bytes_;
  std::shared_ptr<void> ticket_;
  size_t sent_ = 0;
};

// Ours where the caller's is larger. What is no number is left to the pairer, which says so.
std::string LimitOf(const std::string& asked) {
  uint64_t limit = kPartBytesMax;
  if (asked.empty()) return fmt::to_string(limit);
  const char* end = asked.data() + asked.size();
  const auto [stop, error] = std::from_chars(asked.data(), end, limit);
  if (error != std::errc() || stop != end) return asked;
  return fmt::to_string(std::min(limit, kPartBytesMax));
}

bool IsFolderName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

// Copies have a folder for each pairer, of its name: addresses change.
Status CheckName(const std::string& name, const std::string& pairer,
                 std::map<std::string, std::string>* pairers) {
  if (!IsFolderName(name)) {
    return absl::FailedPreconditionError(
        fmt::format("pairer {} is called \"{}\", which no folder can be: give it another --name",
                    pairer, name));
  }
  const auto [at, is_new] = pairers->emplace(name, pairer);
  if (is_new) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("pairers {} and {} are both called \"{}\", so that their files cannot be kept "
                  "apart: give each a --name of its own",
                  at->second, pairer, name));
}

struct List {
  std::string collector;
  std::string pairer;
  Json outputs;
};

// In the order of their names, which stays.
StatusOr<std::vector<List>> ReadLists(const Asked& asked) {
  std::vector<List> out;
  std::map<std::string, std::string> names;
  for (size_t i = 0; i < asked.answers.size(); ++i) {
    const Json said = Json::parse(asked.answers[i].body, nullptr, /*allow_exceptions=*/false);
    if (!said.is_object()) return absl::InternalError("a pairer's list of files cannot be read");
    List& list = out.emplace_back(
        List{said.value("collector", ""), asked.answered[i], said.value("outputs", Json::array())});
    TT_RETURN_IF_ERROR(CheckName(list.collector, list.pairer, &names));
  }
  std::sort(out.begin(), out.end(),
            [](const List& a, const List& b) { return a.collector < b.collector; });
  return out;
}

StatusOr<std::string> Merge(const Asked& asked) {
  auto lists = ReadLists(asked);
  if (!lists.ok()) return lists.status();
  Json out = Json::object();
  out["tap"] = Json::parse(asked.answers.front().body).value("tap", "");
  out["outputs"] = Json::array();
  for (const List& list : *lists) {
    for (const Json& output : list.outputs) {
      out["outputs"].push_back({{"name", output.value("name", "")},
                                {"collector", list.collector},
                                {"pairer", list.pairer},
                                {"files", output.value("files", Json::array())}});
    }
  }
  if (!asked.missing.empty()) {
    out["partial"] = {{"missing", Json::parse(MissingJson(asked.missing))}};
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

StatusOr<FilesQuery> ReadFilesQuery(const std::string& query) {
  const auto parameters = web::ParseQuery(query);
  if (!parameters.ok()) return parameters.status();
  FilesQuery out;
  std::string limit;
  bool part = false;
  for (const auto& [name, value] : *parameters) {
    if (name == "pairer") {
      out.pairer = value;
    } else if (name == "limit") {
      limit = value;
    } else {
      part = part || name == "file";
      out.text = WithParameter(std::move(out.text), name, value);
    }
  }
  if (part == out.pairer.empty()) {
    return absl::InvalidArgumentError(
        part ? "pairer: name the pairer whose file is meant, as the list of files has it"
             : "pairer: it goes with a file; a list is of all pairers");
  }
  if (part) out.text = WithParameter(std::move(out.text), "limit", LimitOf(limit));
  return out;
}

StatusOr<std::string> MergeFileLists(const Asked& asked) {
  try {  // nlohmann throws for members of other types
    return Merge(asked);
  } catch (const Json::exception& error) {
    return absl::InternalError(
        fmt::format("a pairer's list of files cannot be read: {}", error.what()));
  }
}

web::HttpResponse FilePartAnswer(const std::string& pairer, StatusOr<kube::HttpResponse> answer,
                                 std::shared_ptr<void> ticket) {
  if (!answer.ok()) {
    return web::FailureResponse(
        absl::UnavailableError(fmt::format("pairer {}: {}", pairer, WhyNot(answer))));
  }
  if (answer->code != 200) return RefusalOf(pairer, answer);
  auto out = web::JsonResponse({});
  out.content_type = "application/octet-stream";
  out.stream = std::make_shared<PartBody>(std::move(answer->body), std::move(ticket));
  return out;
}

}  // namespace traffictap::fanin
