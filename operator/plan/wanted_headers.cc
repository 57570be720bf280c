// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/wanted_headers.h"

#include <algorithm>

namespace traffictap::plan {
namespace {

void AddMatched(const tap::MatchSpec& match, HeaderSets* out) {
  for (const auto& header : match.headers) {
    (header.response ? out->response : out->request).insert(header.name);
  }
}

}  // namespace

base::Nanos ShorterInterval(base::Nanos a, base::Nanos b) {
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

void AddWantedHeaders(const tap::TapSpec& spec, HeaderSets* out) {
  out->open_streams = ShorterInterval(out->open_streams, spec.capture.open_streams.value_or(0));
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
