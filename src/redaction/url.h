// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

// What of a URL, or of the path that a request names, must not be seen.
namespace traffictap::redaction {

// `url` with "REDACTED" for every value that an application may have put into it:
// - the values of the query, and a part of it without a key whole ("?a=1&s3cret");
// - those of path parameters in any segment ("/a;jsessionid=1/b;v=2"), a part without a key whole;
// - the same where the delimiter came percent-encoded (%3B; %3F and %23, after which parts without
//   a key stay, as they may be a name: "/tags/c%23");
// - the fragment.
// Keys, the path itself and the authority stay.
std::string RedactUrl(std::string_view url);

// `url` without "user:password@" before a host: after "scheme://" (also percent-encoded, also in
// the middle, where one URL holds another), after a leading "//", or at the start of an authority.
std::string RemoveUserinfo(std::string_view url);

// A header value that holds a URL or a path, as location and referer do.
bool LooksLikeUrl(std::string_view value);

}  // namespace traffictap::redaction
