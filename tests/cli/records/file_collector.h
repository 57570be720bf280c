// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
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
    SetOutputs(kube::Json::array({Output("disk", Listed(files))}));
  }
  // The files of several collectors, by their names, as a reader lists them. `missing`: the address
  // of one that does not answer.
  void SetPairers(std::map<std::string, std::vector<File>> all, const std::string& missing = "") {
    pairers = std::move(all);
    kube::Json outputs = kube::Json::array();
    for (const auto& [name, its] : pairers) {
      kube::Json output = Output("disk", Listed(its));
      output["collector"] = name;
      output["pairer"] = name + ":9";
      outputs.push_back(output);
    }
    SetOutputs(outputs, missing);
  }
  static kube::Json Listed(const std::vector<File>& all) {
    kube::Json list = kube::Json::array();
    for (const auto& file : all) {
      list.push_back({{"name", file.name},
                      {"size", file.bytes().size()},
                      {"current", &file == &all.back()},
                      {"compressed", file.packed},
                      {"head", tap::HeadOf(file.text)}});
    }
    return list;
  }
  static kube::Json Output(const std::string& name, const kube::Json& files) {
    kube::Json out = kube::Json::object();
    out["name"] = name;
    out["files"] = files;
    return out;
  }
  void SetOutputs(const kube::Json& outputs, const std::string& missing = "") {
    kube::Json list = {{"tap", "shop/all"}, {"outputs", outputs}};
    if (!missing.empty()) {
      kube::Json one = {{"pairer", missing}, {"reason", "it cannot be reached"}};
      list["partial"]["missing"] = kube::Json::array({one});
    }
    client->SetRaw("/apis/tap.traffictap.io/v1alpha1/namespaces/shop/files?tap=shop%2Fall",
                   list.dump());
  }

  Status Answer(const std::string& path, const kube::StreamHandlers& to) {
    if (paths.size() == cut) return absl::UnavailableError("cut");
    if (!failures.empty()) {
      const Status failure = failures.back();
      failures.pop_back();
      return failure;
    }
    std::string name, collector, pairer;
    uint64_t offset = 0;
    uint32_t check = 0;
    bool plain = false;
    const auto query = web::ParseQuery(path.substr(path.find('?') + 1));
    for (const auto& one : query.value()) {
      if (one.name == "file") name = one.value;
      if (one.name == "collector") collector = one.value;
      if (one.name == "pairer") pairer = one.value;
      if (one.name == "offset") offset = std::stoull(one.value);
      if (one.name == "check") check = static_cast<uint32_t>(std::stoul(one.value));
      if (one.name == "plain") plain = true;
    }
    const auto& its = collector.empty() ? files : pairers[collector];
    const auto file =
        std::find_if(its.begin(), its.end(), [&](const File& f) { return f.name == name; });
    const bool asked_there = pairer == (collector.empty() ? "" : collector + ":9");
    if (file == its.end() || !asked_there) return absl::NotFoundError("no longer");
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
  std::map<std::string, std::vector<File>> pairers;
  size_t answer_bytes = std::string::npos;
  std::vector<Status> failures;  // of the next answers, from the back
  size_t cut = 0;                // which answer fails, counted from 1
  std::vector<std::string> paths;
};

}  // namespace traffictap::cli
