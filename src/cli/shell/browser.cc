// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/browser.h"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "fmt/format.h"
#include "kube/child_process.h"

namespace traffictap::cli {
namespace {

// In the background, where a Ctrl-C that ends us does not reach it. Its own words would only get
// between ours.
constexpr char kStart[] = R"(
for program in "${BROWSER%%:*}" xdg-open wslview; do
  command -v "$program" >/dev/null 2>&1 || continue
  "$program" "$1" </dev/null >/dev/null 2>&1 &
  exit 0
done
exit 3
)";
constexpr base::Nanos kPatience = 10 * base::kSecond;

// A folder of the user's own where the session has one.
std::string Folder() {
  for (const char* name : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
    const char* value = getenv(name);
    if (value != nullptr && *value == '/') return value;
  }
  return "/tmp";
}

std::string PageTo(const std::string& url) {
  return fmt::format(
      "<!doctype html><meta charset=\"utf-8\"><title>TrafficTap</title>"
      "<meta http-equiv=\"refresh\" content=\"0;url={0}\"><a href=\"{0}\">TrafficTap</a>\n",
      url);
}

}  // namespace

Browser::~Browser() {
  if (!file_.empty()) unlink(file_.c_str());
}

Status Browser::WriteFile(const std::string& url) {
  constexpr char kEnding[] = ".html";
  std::string path = Folder() + "/traffictap-XXXXXX" + kEnding;
  // Made anew, for this user alone.
  const int file = mkstemps(path.data(), sizeof kEnding - 1);
  if (file < 0) {
    return absl::UnavailableError(fmt::format("write {}: {}", path, std::strerror(errno)));
  }
  const absl::Cleanup close_file = [file] { close(file); };
  file_ = path;
  const std::string page = PageTo(url);
  if (write(file, page.data(), page.size()) == static_cast<ssize_t>(page.size())) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(fmt::format("write {}: {}", path, std::strerror(errno)));
}

Status Browser::Open(const std::string& url) {
  TT_RETURN_IF_ERROR(WriteFile(url));
  kube::ChildProcessOptions options;
  options.command = "/bin/sh";
  options.args = {"-c", kStart, "sh", "file://" + file_};
  options.timeout = kPatience;
  const auto started = kube::RunChildProcess(options);
  if (started.ok()) return absl::OkStatus();
  return absl::NotFoundError("no browser was found: set $BROWSER, or install xdg-open");
}

}  // namespace traffictap::cli
