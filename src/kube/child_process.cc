// SPDX-License-Identifier: Apache-2.0
#include "kube/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "absl/cleanup/cleanup.h"
#include "base/deadline.h"
#include "fmt/format.h"

extern char** environ;

namespace traffictap::kube {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(5);

// The texts of `lines` as the null-terminated array that exec wants.
std::vector<char*> Pointers(std::vector<std::string>& lines) {
  std::vector<char*> out;
  for (auto& line : lines) out.push_back(line.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> Environment(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> out;
  for (char** line = environ; *line != nullptr; ++line) {
    const std::string text(*line);
    if (changes.count(text.substr(0, text.find('='))) == 0) out.push_back(text);
  }
  for (const auto& [name, value] : changes) out.push_back(name + "=" + value);
  return out;
}

// A program of the user's starts with the signals of a fresh process, whatever ours blocks or
// ignores.
void ResetSignals(posix_spawnattr_t* attributes) {
  sigset_t none;
  sigemptyset(&none);
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  posix_spawnattr_setsigmask(attributes, &none);
  posix_spawnattr_setsigdefault(attributes, &pipe);
  posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

StatusOr<pid_t> Spawn(const ChildProcessOptions& options, int output) {
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  const absl::Cleanup destroy_attributes = [&attributes] { posix_spawnattr_destroy(&attributes); };
  ResetSignals(&attributes);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const absl::Cleanup destroy = [&actions] { posix_spawn_file_actions_destroy(&actions); };
  if (!options.pass_stdin) {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  std::vector<std::string> args = {options.command};
  args.insert(args.end(), options.args.begin(), options.args.end());
  std::vector<std::string> env = Environment(options.env);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, options.command.c_str(), &actions, &attributes,
                                 Pointers(args).data(), Pointers(env).data());
  if (error == 0) return pid;
  const std::string message = fmt::format("run {}: {}", options.command, std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(message);
  return absl::FailedPreconditionError(message);
}

Status TooSlow(const ChildProcessOptions& options) {
  return absl::DeadlineExceededError(
      fmt::format("run {}: no end after {} s", options.command, options.timeout / base::kSecond));
}

// Until the program closes its output.
StatusOr<std::string> ReadAll(const ChildProcessOptions& options, const base::Deadline& deadline,
                              int input) {
  std::string out;
  char piece[4096];
  for (;;) {
    const int left_ms = deadline.left_ms();
    pollfd wanted{input, POLLIN, 0};
    const int ready = left_ms == 0 ? 0 : poll(&wanted, 1, left_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      return TooSlow(options);
    }
    const ssize_t size = read(input, piece, sizeof piece);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return out;
    out.append(piece, static_cast<size_t>(size));
    if (out.size() > options.output_bytes_max) {
      return absl::ResourceExhaustedError(fmt::format("run {}: wrote more than {} bytes",
                                                      options.command, options.output_bytes_max));
    }
  }
}

int Wait(pid_t pid) {
  int state = 0;
  while (waitpid(pid, &state, 0) < 0 && errno == EINTR) {
  }
  return state;
}

// A program may go on for as long as it likes after it has closed its output. False: it did.
bool WaitUntil(const base::Deadline& deadline, pid_t pid, int* state) {
  for (;;) {
    const pid_t ended = waitpid(pid, state, WNOHANG);
    if (ended != 0 && !(ended < 0 && errno == EINTR)) return true;
    if (deadline.left() == 0) return false;
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace

StatusOr<std::string> RunChildProcess(const ChildProcessOptions& options) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return absl::ResourceExhaustedError(
        fmt::format("run {}: pipe: {}", options.command, std::strerror(errno)));
  }
  const absl::Cleanup close_input = [&ends] { close(ends[0]); };
  auto pid = Spawn(options, ends[1]);
  close(ends[1]);
  if (!pid.ok()) return pid.status();
  const base::Deadline deadline(options.timeout);
  auto output = ReadAll(options, deadline, ends[0]);
  int state = 0;
  if (output.ok() && !WaitUntil(deadline, *pid, &state)) output = TooSlow(options);
  if (!output.ok()) {
    kill(*pid, SIGKILL);
    state = Wait(*pid);
  }
  if (!output.ok()) return output;
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return output;
  return absl::FailedPreconditionError(
      WIFEXITED(state)
          ? fmt::format("run {}: ended with code {}", options.command, WEXITSTATUS(state))
          : fmt::format("run {}: ended by signal {}", options.command, WTERMSIG(state)));
}

}  // namespace traffictap::kube
