// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apiserver/access_reviewer.h"
#include "web/dump_api.h"
#include "web/file_api.h"
#include "web/live_api.h"
#include "web/live_backend.h"

namespace traffictap::apiserver {

// The records of this process, to whom the API server says that they may see them.
class OwnRecords final : public web::LiveBackend {
 public:
  // All pointers outlive it.
  OwnRecords(kube::KubeClient* kube, observe::LiveHub* hub, const base::Clock* clock,
             web::LiveApi::TapsJson taps_json, web::DumpApi::Dump dump,
             std::shared_ptr<const web::FileStore> files);

  void AnswerLive(web::LiveResource resource, const web::HttpRequest& request, web::LiveScope scope,
                  const web::Route::Respond& respond) override;
  void AnswerDump(const web::HttpRequest& request, observe::Credentials credentials,
                  const std::optional<std::string>& ns,
                  const web::Route::Respond& respond) override;
  void AnswerFiles(const web::HttpRequest& request, web::LiveScope scope,
                   const web::Route::Respond& respond) override;
  void Stop() override;

 private:
  AccessReviewer reviewer_;
  web::LiveApi live_;
  AccessReviewer dump_reviewer_;
  const web::DumpApi dumps_;
  web::FileApi files_;
};

}  // namespace traffictap::apiserver
