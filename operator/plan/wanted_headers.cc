// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/wanted_headers.h"

namespace traffictap::plan {
namespace {

void AddMatched(const tap::MatchSpec& match, HeaderSets* out) {
  for (const auto& header : match.headers) {
    (header.response ? out->response : out->request).insert(header.name);
  }
}

}  // namespace

void AddWantedHeaders(const tap::TapSpec& spec, HeaderSets* out) {
  out->request.insert(spec.capture.request_headers.begin(), spec.capture.request_headers.end());
  out->response.insert(spec.capture.response_headers.begin(), spec.capture.response_headers.end());
  AddMatched(spec.match, out);
  for (const tap::OutputSpec& output : spec.outputs) AddMatched(output.match, out);
  DropAlwaysLogged(out);
}

void DropAlwaysLogged(HeaderSets* headers) {
  for (const char* name : kGrpcOutcome) headers->response.erase(name);
  for (const char* name : kTrace) headers->request.erase(name);
}

}  // namespace traffictap::plan
