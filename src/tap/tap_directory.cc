#include "tap/tap_directory.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fmt/format.h"

namespace traffictap::tap {
namespace {

namespace fs = std::filesystem;

constexpr int kQuietMs = 50;  // editors and kubelets change a file in several steps
constexpr int kRescanMs =
    10'000;  // finds what no event told, such as a directory that was replaced
constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

std::map<std::string, std::string> ReadFiles(const std::string& path) {
  std::map<std::string, std::string> out;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    const auto extension = it->path().extension();
    const bool yaml = extension == ".yaml" || extension == ".yml";
    std::error_code type_error;
    if (!yaml || !it->is_regular_file(type_error)) continue;
    std::ostringstream text;
    text << std::ifstream(it->path(), std::ios::binary).rdbuf();
    out[it->path().filename().string()] = text.str();
  }
  return out;
}

}  // namespace

struct TapDirectory::State {
  struct File {
    std::string text;
    std::vector<TapSpecPtr> good;    // of the last version without a fault
    std::vector<ParseError> errors;  // of the current version
  };

  std::string path;
  std::map<std::string, File> files;
  int inotify_fd = -1;
  int stop_fd = -1;
  std::thread thread;

  // True where something changed.
  bool Read() {
    const auto texts = ReadFiles(path);
    bool changed =
        std::erase_if(files, [&](const auto& file) { return !texts.contains(file.first); }) > 0;
    for (const auto& [name, text] : texts) {
      const auto [found, fresh] = files.try_emplace(name);
      File& file = found->second;
      if (!fresh && file.text == text) continue;
      changed = true;
      file.text = text;
      auto parsed = ParseTaps((fs::path(path) / name).string(), text);
      file.errors = std::move(parsed.errors);
      if (file.errors.empty()) file.good = std::move(parsed.taps);
    }
    return changed;
  }

  Snapshot InForce() const {
    Snapshot out;
    std::map<std::string, std::pair<TapSpecPtr, std::string>> by_key;
    for (const auto& [name, file] : files) {
      out.errors.insert(out.errors.end(), file.errors.begin(), file.errors.end());
      for (const auto& spec : file.good) {
        const auto [first, fresh] = by_key.try_emplace(spec->key(), spec, name);
        if (fresh) continue;
        out.errors.push_back(
            {(fs::path(path) / name).string(), 0, "metadata.name", "Conflict",
             fmt::format("tap \"{}\" is defined in {} already, which wins: rename one of them",
                         spec->key(), first->second.second)});
      }
    }
    for (auto& [key, found] : by_key) out.taps.push_back(found.first);
    return out;
  }

  // False: stop.
  bool WaitForChange() {
    pollfd fds[] = {{inotify_fd, POLLIN, 0}, {stop_fd, POLLIN, 0}};
    int wait = kRescanMs;
    while (poll(fds, 2, wait) > 0) {
      if (fds[1].revents != 0) return false;
      char events[4096];
      if (read(inotify_fd, events, sizeof(events)) < 0) break;
      wait = kQuietMs;
    }
    return true;
  }
};

TapDirectory::TapDirectory(std::string path) : state_(std::make_unique<State>()) {
  state_->path = std::move(path);
}

StatusOr<std::unique_ptr<TapDirectory>> TapDirectory::Open(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return absl::NotFoundError(fmt::format("open taps directory \"{}\": no such directory", path));
  }
  return std::unique_ptr<TapDirectory>(new TapDirectory(path));
}

TapDirectory::Snapshot TapDirectory::Load() {
  state_->Read();
  return state_->InForce();
}

void TapDirectory::Watch(OnChange on_change) {
  State* state = state_.get();
  state->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  state->stop_fd = eventfd(0, EFD_CLOEXEC);
  inotify_add_watch(state->inotify_fd, state->path.c_str(), kEvents);
  state->thread = std::thread([state, on_change = std::move(on_change)] {
    do {
      if (state->Read()) on_change(state->InForce());
    } while (state->WaitForChange());
  });
}

TapDirectory::~TapDirectory() {
  if (!state_->thread.joinable()) return;
  const uint64_t one = 1;
  (void)!write(state_->stop_fd, &one, sizeof(one));
  state_->thread.join();
  close(state_->inotify_fd);
  close(state_->stop_fd);
}

}  // namespace traffictap::tap
