// SPDX-License-Identifier: Apache-2.0
#include "web/page.h"

#include "fmt/format.h"
#include "web/site_guard.h"

namespace traffictap::web {
namespace {

HttpResponse AnswerFile(const PageFile& file, const HttpRequest& request) {
  if (auto refused = RefuseForeign(request)) return *std::move(refused);
  HttpResponse out;
  out.content_type = std::string(file.content_type);
  out.headers = SecurityHeaders();
  const std::string tag = fmt::format("\"{}\"", file.tag);
  out.headers.emplace_back("ETag", tag);
  out.headers.emplace_back("Vary", "Accept-Encoding");
  // All names but the page's own hold a hash of the content.
  out.headers.emplace_back("Cache-Control",
                           file.path == "/" ? "no-cache" : "max-age=31536000, immutable");
  if (request.header("if-none-match") == tag) {
    out.code = 304;
    return out;
  }
  const bool packed = request.header("accept-encoding").find("gzip") != std::string::npos;
  if (packed) out.headers.emplace_back("Content-Encoding", "gzip");
  out.body = std::string(packed ? file.gzip : file.bytes);
  return out;
}

}  // namespace

std::map<std::string, Route> PageRoutes() {
  std::map<std::string, Route> out;
  for (const auto& file : PageFiles()) {
    out.emplace(std::string(file.path),
                [&file](const HttpRequest& request) { return AnswerFile(file, request); });
  }
  return out;
}

}  // namespace traffictap::web
