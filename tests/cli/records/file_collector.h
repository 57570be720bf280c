// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/records/file_source.h"
#include "fakes/fake_kube_client.h"
#include "web/query.h"

namespace traffictap::cli {

// A rotated file of the output.
inline const std::string kOld = "all-20260131T120000.000000000.jsonl";

// A cluster with the tap shop/all, whose output "disk" has these files.
struct FileCollector {
  struct File {
    std::string name;
    std::string text;
    bool packed = false;  // on the collector's disk it is "packed:" and the text

    std::string bytes() const { return packed ? "packed:" + text : text; }
  };

  FileCollector() {
    client->AnswerStreams(
        [this](const std::string& path, const kube::StreamHandlers& to, std::stop_token) {
          paths.push_back(path);
          return Answer(path, to);
        });
  }

  // The last one is the current one.
  void Set(std::vector<File> all) {
    files = std::move(all);
    kube::Json list = kube::Json::array();
    for (const auto& file : files) {
      list.push_back({{"name", file.name},
                      {"size", file.bytes().size()},
                      {"current", &file == &files.back()},
                      {"compressed", file.packed},
                      {"head", tap::HeadOf(file.text)}});
    }
    SetOutputs(kube::Json::array({Output("disk", list)}));
  }
  static kube::Json Output(const std::string& name, const kube::Json& files) {
    kube::Json out = kube::Json::object();
    out["name"] = name;
    out["files"] = files;
    return out;
  }
  void SetOutputs(const kube::Json& outputs) {
    client->SetRaw("/apis/tap.traffictap.io/v1alpha1/namespaces/shop/files?tap=shop%2Fall",
                   kube::Json{{"tap", "shop/all"}, {"outputs", outputs}}.dump());
  }

  Status Answer(const std::string& path, const kube::StreamHandlers& to) {
    if (!failures.empty()) {
      const Status failure = failures.back();
      failures.pop_back();
      return failure;
    }
    std::string name;
    uint64_t offset = 0;
    uint32_t check = 0;
    bool plain = false;
    const auto query = web::ParseQuery(path.substr(path.find('?') + 1));
    for (const auto& one : query.value()) {
      if (one.name == "file") name = one.value;
      if (one.name == "offset") offset = std::stoull(one.value);
      if (one.name == "check") check = static_cast<uint32_t>(std::stoul(one.value));
      if (one.name == "plain") plain = true;
    }
    const auto file =
        std::find_if(files.begin(), files.end(), [&](const File& f) { return f.name == name; });
    if (file == files.end()) return absl::NotFoundError("no longer");
    const std::string bytes = plain ? file->text : file->bytes();
    const bool known =
        offset <= bytes.size() && (offset == 0 || tap::CheckOf(bytes.substr(0, offset)) == check);
    if (!known) return absl::AbortedError("another one");
    const std::string part = bytes.substr(offset, answer_bytes);
    return part.empty() ? absl::OkStatus() : to.on_bytes(part);
  }

  FileSource Source() { return FileSource(&cluster, "shop/all", "", stop.get_token()); }

  const std::shared_ptr<fakes::FakeKubeClient> client = std::make_shared<fakes::FakeKubeClient>();
  Cluster cluster{client, "shop"};
  std::stop_source stop;
  std::vector<File> files;
  size_t answer_bytes = std::string::npos;
  std::vector<Status> failures;  // of the next answers, from the back
  std::vector<std::string> paths;
};

}  // namespace traffictap::cli
