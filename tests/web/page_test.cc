// SPDX-License-Identifier: Apache-2.0
#include "web/page.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace web {
namespace {

HttpResponse Get(const std::string& path, std::multimap<std::string, std::string> headers = {}) {
  if (!headers.contains("host")) headers.emplace("host", "localhost");
  HttpRequest request;
  request.headers = std::move(headers);
  HttpResponse out;
  PageRoutes().at(path)(request, [&](HttpResponse response) { out = std::move(response); });
  return out;
}

std::string Header(const HttpResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(page)

// What the page names is loaded with it; the rest when it is needed.
BOOST_AUTO_TEST_CASE(the_page_and_what_it_names_are_compiled_in) {
  const std::string html = Get("/").body;
  std::string scripts;
  size_t named = 0;
  for (const auto& file : PageFiles()) scripts += file.bytes;
  for (const auto& file : PageFiles()) {
    if (file.path == "/") continue;
    const std::string name(file.path.substr(file.path.rfind('/') + 1));
    BOOST_TEST(scripts.find(name) != std::string::npos, name);
    named += html.find(file.path) != std::string::npos;
  }
  BOOST_TEST(named >= 2u);
  BOOST_TEST(html.find("<script>") == std::string::npos);
  BOOST_TEST(html.find("style=") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_loaded_with_it_is_at_most_60_kB_on_the_wire) {
  const std::string html = Get("/").body;
  size_t bytes = 0;
  for (const auto& file : PageFiles()) {
    if (file.path == "/" || html.find(file.path) != std::string::npos) bytes += file.gzip.size();
  }
  BOOST_TEST(bytes <= 60'000u);
}

BOOST_AUTO_TEST_CASE(a_browser_gets_it_packed_and_only_once) {
  const auto packed = Get("/", {{"accept-encoding", "br, gzip"}});
  BOOST_TEST(Header(packed, "Content-Encoding") == "gzip");
  BOOST_TEST(packed.body.size() < Get("/").body.size());
  const auto again = Get("/", {{"if-none-match", Header(packed, "ETag")}});
  BOOST_TEST(again.code == 304);
  BOOST_TEST(again.body.empty());
}

BOOST_AUTO_TEST_CASE(it_is_guarded) {
  BOOST_TEST(Get("/", {{"host", "evil.example"}}).code == 403);
  BOOST_TEST(!Header(Get("/"), "Content-Security-Policy").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace web
}  // namespace traffictap
