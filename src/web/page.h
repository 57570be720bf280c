// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "web/http_message.h"

namespace traffictap::web {

// A file of the web page, compiled in.
struct PageFile {
  std::string_view path;  // as in the URL; "/" is the page itself
  std::string_view content_type;
  std::string_view tag;  // changes with the content
  std::string_view bytes;
  std::string_view gzip;  // the same
};

// Made by ui/build.sh.
const std::vector<PageFile>& PageFiles();

// Serves the page to a browser on this machine. It holds no secret, so it needs no token.
std::map<std::string, Route> PageRoutes();

}  // namespace traffictap::web
