// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"

namespace traffictap::cli {

// Shows an address in the person's browser: $BROWSER, or what the desktop opens addresses with.
//
// An address with a token must not stand in the browser's command line, which everybody on the
// machine can read. So the browser is given a file that only this user can read and that leads
// there. The file goes with the object.
class Browser {
 public:
  Browser() = default;
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  // Once. `url` has no character that HTML would have to escape. kNotFound: no browser is known
  // here; kUnavailable: the file cannot be written. OK says that one was started, not what it shows.
  Status Open(const std::string& url);

 private:
  Status WriteFile(const std::string& url);

  std::string file_;  // empty: none
};

}  // namespace traffictap::cli
