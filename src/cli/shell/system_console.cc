// SPDX-License-Identifier: Apache-2.0
#include "cli/shell/system_console.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/print/visible_text.h"
#include "fmt/format.h"

namespace traffictap::cli {
namespace {

constexpr int kLookUpMs = 100;  // how often a write that waits asks whether the program is to end

bool IsTerminal(int file) { return isatty(file) == 1; }

size_t TerminalColumns(int file) {
  winsize size{};
  return ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

SystemConsole::SystemConsole(std::stop_token stop)
    : stop_(std::move(stop)),
      output_is_terminal_(IsTerminal(STDOUT_FILENO)),
      errors_are_terminal_(IsTerminal(STDERR_FILENO)) {}

// A pipe or terminal that polls as writable takes PIPE_BUF bytes without blocking (pipe(7)), so
// that a reader who has stopped reading does not keep a signal from ending the program.
Status SystemConsole::Write(std::string_view text) {
  ClearWaiting();
  while (!text.empty()) {
    pollfd output{STDOUT_FILENO, POLLOUT, 0};
    const int ready = poll(&output, 1, kLookUpMs);
    if (ready <= 0) {
      // What is begun is ended where somebody reads: half a document is none.
      if (stop_.stop_requested()) return absl::CancelledError("write the output: the program ends");
      continue;
    }
    const ssize_t written =
        write(STDOUT_FILENO, text.data(), std::min<size_t>(text.size(), PIPE_BUF));
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EPIPE) {
      return absl::CancelledError("write the output: nobody reads it");
    } else if (errno != EINTR && errno != EAGAIN) {
      return absl::DataLossError(fmt::format("write the output: {}", std::strerror(errno)));
    }
  }
  return absl::OkStatus();
}

void SystemConsole::Say(const std::string& line) {
  ClearWaiting();
  std::fprintf(stderr, "%s\n", print::VisibleText(line).c_str());
}

void SystemConsole::SayWaiting(const std::string& text) {
  constexpr const char* kTurns[] = {"|", "/", "-", "\\"};
  if (text.empty()) return ClearWaiting();
  const std::string visible = print::VisibleText(text);
  if (errors_are_terminal_) {
    const size_t room = TerminalColumns(STDERR_FILENO) - 3;
    std::fprintf(stderr, "\r\033[K%s %s", kTurns[turn_++ % 4],
                 print::FitText(visible, room).c_str());
    std::fflush(stderr);
  } else if (text != waiting_) {
    std::fprintf(stderr, "%s\n", visible.c_str());
  }
  waiting_ = text;
}

void SystemConsole::ClearWaiting() {
  if (waiting_.empty()) return;
  waiting_.clear();
  if (!errors_are_terminal_) return;
  std::fprintf(stderr, "\r\033[K");
  std::fflush(stderr);
}

size_t SystemConsole::rows() const {
  winsize size{};
  const bool known = output_is_terminal_ && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  return known ? size.ws_row : 0;
}

size_t SystemConsole::columns() const {
  return output_is_terminal_ ? TerminalColumns(STDOUT_FILENO) : 0;
}

std::string SystemConsole::Environment(const std::string& name) const {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

}  // namespace traffictap::cli
