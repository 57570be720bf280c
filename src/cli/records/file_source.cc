// SPDX-License-Identifier: Apache-2.0
#include "cli/records/file_source.h"

#include <algorithm>

#include "fmt/format.h"

namespace traffictap::cli {
namespace {

using kube::Json;

bool IsName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

uint64_t NumberAt(const kube::Object& object, const char* pointer) {
  const Json* number = object.Find(pointer);
  return number != nullptr && number->is_number_unsigned() ? number->get<uint64_t>() : 0;
}

bool FlagAt(const kube::Object& object, const char* pointer) {
  const Json* flag = object.Find(pointer);
  return flag != nullptr && flag->is_boolean() && flag->get<bool>();
}

std::vector<Json> ListAt(const kube::Object& object, const char* pointer) {
  const Json* list = object.Find(pointer);
  if (list == nullptr || !list->is_array()) return {};
  return std::vector<Json>(list->begin(), list->end());
}

tap::OutputFile ReadFile(const kube::Object& read) {
  tap::OutputFile out;
  out.name = read.Text("/name");
  out.size = NumberAt(read, "/size");
  out.current = FlagAt(read, "/current");
  out.compressed = FlagAt(read, "/compressed");
  out.head = static_cast<uint32_t>(NumberAt(read, "/head"));
  return out;
}

Status Unreadable() {
  return absl::DataLossError("the collector sent a list of files that cannot be read");
}

}  // namespace

void Copied::Add(std::string_view more) {
  bytes += more.size();
  tail.append(more);
  tail.erase(0, tail.size() - std::min(tail.size(), tap::kCheckBytes));
}

StatusOr<RemoteFiles> FileSource::List() const {
  const auto body = cluster_->client->GetRaw(
      LivePath(*cluster_, "files", false, {{"tap", tap_}, {"output", output_}}), {});
  if (!body.ok()) return ExplainLive(body.status(), *cluster_);
  RemoteFiles out;
  const kube::Object list(Json::parse(*body, nullptr, /*allow_exceptions=*/false));
  for (const Json& json : ListAt(list, "/outputs")) {
    const kube::Object output(json);
    RemoteOutput& to = out.outputs.emplace_back(
        RemoteOutput{output.Text("/name"), {}, output.Text("/collector"), output.Text("/pairer")});
    if (!IsName(to.name) || (!to.collector.empty() && !IsName(to.collector))) return Unreadable();
    for (const Json& file : ListAt(output, "/files")) {
      to.files.push_back(ReadFile(kube::Object(file)));
      if (!IsName(to.files.back().name)) return Unreadable();
    }
  }
  if (out.outputs.empty()) return Unreadable();
  out.answer = *body;
  return out;
}

Status FileSource::ReadAnswer(const std::string& path, Copied* copied, const Take& take) const {
  Status taken;
  kube::StreamHandlers handlers;
  handlers.on_bytes = [&](std::string_view bytes) {
    taken = take(bytes);
    if (taken.ok()) copied->Add(bytes);
    return taken;
  };
  const Status read = cluster_->client->Stream(path, {}, handlers, stop_);
  if (!taken.ok()) return taken;
  // Between the list and now it was rotated.
  if (absl::IsNotFound(read)) return absl::AbortedError(Message(read));
  return read.ok() ? read : ExplainLive(read, *cluster_);
}

Status FileSource::Read(const RemoteOutput& output, const std::string& file, bool plain,
                        uint64_t size, Copied* copied, const Take& take) const {
  while (copied->bytes < size) {
    std::vector<std::pair<std::string, std::string>> query = {{"tap", tap_},
                                                              {"output", output.name},
                                                              {"pairer", output.pairer},
                                                              {"collector", output.collector},
                                                              {"file", file},
                                                              {"plain", plain ? "true" : ""}};
    if (copied->bytes > 0) {
      query.emplace_back("offset", fmt::to_string(copied->bytes));
      query.emplace_back("check", fmt::to_string(tap::CheckOf(copied->tail)));
    }
    const uint64_t before = copied->bytes;
    TT_RETURN_IF_ERROR(ReadAnswer(LivePath(*cluster_, "files", false, query), copied, take));
    if (copied->bytes == before) break;
  }
  return absl::OkStatus();
}

}  // namespace traffictap::cli
