// SPDX-License-Identifier: Apache-2.0
#include "apiserver/own_records.h"

#include <utility>

namespace traffictap::apiserver {
namespace {

// Few ask for dumps.
AccessReviewerOptions DumpRights() {
  AccessReviewerOptions out;
  out.verb = "create";
  out.resource = "dumps";
  out.threads = 1;
  return out;
}

}  // namespace

OwnRecords::OwnRecords(kube::KubeClient* kube, observe::LiveHub* hub, const base::Clock* clock,
                       web::LiveApi::TapsJson taps_json, web::DumpApi::Dump dump,
                       std::shared_ptr<const web::FileStore> files)
    : reviewer_(kube, clock, {}),
      live_(hub, &reviewer_, clock, std::move(taps_json)),
      dump_reviewer_(kube, clock, DumpRights()),
      dumps_(&dump_reviewer_, std::move(dump)),
      files_(std::move(files), &reviewer_, clock) {}

void OwnRecords::AnswerLive(web::LiveResource resource, const web::HttpRequest& request,
                            web::LiveScope scope, const web::Route::Respond& respond) {
  live_.Answer(resource, request, std::move(scope), respond);
}

void OwnRecords::AnswerDump(const web::HttpRequest& request, observe::Credentials credentials,
                            const std::optional<std::string>& ns,
                            const web::Route::Respond& respond) {
  dumps_.Answer(request, std::move(credentials), ns, respond);
}

void OwnRecords::AnswerFiles(const web::HttpRequest& request, web::LiveScope scope,
                             const web::Route::Respond& respond) {
  files_.Answer(request, std::move(scope), respond);
}

void OwnRecords::Stop() {
  reviewer_.Stop();
  dump_reviewer_.Stop();
  live_.Stop();
  files_.Stop();
}

}  // namespace traffictap::apiserver
