// SPDX-License-Identifier: Apache-2.0
#include "web/explain_route.h"

#include "nlohmann/json.hpp"
#include "observe/explanation.h"
#include "observe/meaning.h"
#include "traffic/read_pair.h"
#include "web/site_guard.h"

namespace traffictap::web {
namespace {

using Json = nlohmann::ordered_json;

Json WordsJson(std::span<const observe::Meaning> words) {
  Json out = Json::object();
  for (const auto& [word, clause] : words) out[std::string(word)] = clause;
  return out;
}

Json Words() {
  return {{"flags", WordsJson(observe::FlagMeanings())},
          {"verdicts", WordsJson(observe::VerdictMeanings())},
          {"orphanReasons", WordsJson(observe::OrphanMeanings())}};
}

Json LaneJson(const observe::Lane& lane) {
  Json phases = Json::array();
  for (const auto& phase : lane.phases) {
    phases.push_back({{"name", phase.name}, {"beginMs", phase.begin_ms}, {"endMs", phase.end_ms}});
  }
  return {{"name", lane.name},
          {"side", lane.client ? "client" : "server"},
          {"beginMs", lane.begin_ms},
          {"durationMs", lane.duration_ms},
          {"phases", std::move(phases)}};
}

Json ExplanationJson(const observe::Explanation& told) {
  Json out = {{"cause", told.cause},   {"blame", told.blame},    {"missing", told.missing},
              {"note", told.note},     {"flags", Json::array()}, {"parts", Json::array()},
              {"lanes", Json::array()}};
  for (const auto& [flag, meaning] : told.flags) {
    out["flags"].push_back({{"flag", flag}, {"meaning", meaning}});
  }
  for (const auto& [name, ms] : told.parts) out["parts"].push_back({{"name", name}, {"ms", ms}});
  for (const auto& lane : told.lanes) out["lanes"].push_back(LaneJson(lane));
  return out;
}

HttpResponse Answer(const Json& json) {
  return JsonResponse(json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n');
}

HttpResponse Explained(const HttpRequest& request) {
  if (!request.posted) return Answer(Words());
  const auto pair = traffic::ReadPair(*request.posted);
  if (!pair.ok()) return FailureResponse(pair.status());
  return Answer(ExplanationJson(observe::Explain(*pair)));
}

}  // namespace

Route ExplainRoute(observe::Authorizer* authorizer) {
  const auto handle = [](const HttpRequest& request, const Route::Respond& respond) {
    respond(Explained(request));
  };
  return KnownRoute(authorizer, handle).TakingBodies();
}

}  // namespace traffictap::web
