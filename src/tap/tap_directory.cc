// SPDX-License-Identifier: Apache-2.0
#include "tap/tap_directory.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "absl/synchronization/mutex.h"
#include "fmt/format.h"

namespace traffictap::tap {
namespace {

namespace fs = std::filesystem;

constexpr int kQuietMs = 50;  // editors and kubelets change a file in several steps
constexpr int kRoundsMax = 100;
// finds what no event told, such as a directory that was replaced
constexpr int kRescanMs = 10'000;
constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

// Reads no more than it takes to see that a file is larger than ParseTaps allows.
bool ReadText(const fs::path& path, std::string* text) {
  constexpr size_t kBytesMax = (1 << 20) + 1;
  std::ifstream in(path, std::ios::binary);
  text->resize(kBytesMax);
  in.read(text->data(), static_cast<std::streamsize>(text->size()));
  text->resize(static_cast<size_t>(in.gcount()));
  return !in.bad() && (in.eof() || in.good());
}

// What a directory holds: by file name its text, or nullopt where it cannot be read.
using Texts = std::map<std::string, std::optional<std::string>>;

// nullopt where the directory itself cannot be read.
std::optional<Texts> ReadFiles(const std::string& path) {
  Texts out;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    const auto extension = it->path().extension();
    // All of JSON is YAML, and kubectl prints either.
    const bool taps = extension == ".yaml" || extension == ".yml" || extension == ".json";
    std::error_code type_error;
    if (!taps || !it->is_regular_file(type_error)) continue;
    std::string text;
    const bool read = ReadText(it->path(), &text);
    out[it->path().filename().string()] = read ? std::optional(std::move(text)) : std::nullopt;
  }
  if (error) return std::nullopt;
  return out;
}

TapSpecPtr OfFile(TapSpec spec) {
  spec.of_file = true;
  return std::make_shared<const TapSpec>(std::move(spec));
}

// Only a cluster knows which pods are behind a Service.
void RefuseServices(const std::string& file, ParseResult* parsed) {
  for (const auto& tap : parsed->taps) {
    const bool named =
        std::any_of(tap->targets.begin(), tap->targets.end(),
                    [](const Target& target) { return target.kind == TargetKind::kService; });
    if (!named) continue;
    parsed->errors.push_back(
        {file, 0, "spec.targets", "InvalidValue",
         fmt::format("tap \"{}\" names a Service, whose pods only a cluster knows: name the "
                     "workload, or use kind Pod with a selector",
                     tap->key())});
  }
}

}  // namespace

struct TapDirectory::State {
  struct File {
    std::optional<std::string> text;  // nullopt: could not be read
    std::vector<TapSpecPtr> good;     // of the last version without a fault
    std::vector<ParseError> errors;   // of the current version
  };

  std::string path;
  absl::Mutex mutex;
  std::map<std::string, File> files ABSL_GUARDED_BY(mutex);
  bool listed ABSL_GUARDED_BY(mutex) = true;  // whether the directory could be read
  int inotify_fd = -1;
  int stop_fd = -1;
  std::jthread thread;

  std::string PathOf(const std::string& name) const { return (fs::path(path) / name).string(); }

  // Takes a file's new text in; one that cannot be read, or has faults, keeps its good taps.
  void Take(const std::string& name, const std::optional<std::string>& text, File* file)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    file->text = text;
    if (!text) {
      file->errors = {{PathOf(name), 0, "", "Syntax", "cannot be read: check its permissions"}};
      return;
    }
    auto parsed = ParseTaps(PathOf(name), *text);
    RefuseServices(PathOf(name), &parsed);
    for (auto& tap : parsed.taps) tap = OfFile(*tap);
    file->errors = std::move(parsed.errors);
    if (file->errors.empty()) file->good = std::move(parsed.taps);
  }

  // True where something changed.
  bool Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const auto texts = ReadFiles(path);
    bool changed = std::exchange(listed, texts.has_value()) != texts.has_value();
    // A directory that is gone for a moment, as in a swap, does not take its taps away.
    if (!texts) return changed;
    changed |=
        std::erase_if(files, [&](const auto& file) { return !texts->contains(file.first); }) > 0;
    for (const auto& [name, text] : *texts) {
      const auto [found, fresh] = files.try_emplace(name);
      if (!fresh && found->second.text == text) continue;
      changed = true;
      Take(name, text, &found->second);
    }
    return changed;
  }

  Snapshot InForce() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    Snapshot out;
    if (!listed) {
      out.errors.push_back(
          {path, 0, "", "Syntax", "the directory cannot be read: its last taps stay active"});
    }
    std::map<std::string, std::pair<TapSpecPtr, std::string>> by_key;
    for (const auto& [name, file] : files) {
      out.errors.insert(out.errors.end(), file.errors.begin(), file.errors.end());
      for (const auto& spec : file.good) {
        const auto [first, fresh] = by_key.try_emplace(spec->key(), spec, name);
        if (fresh) continue;
        out.errors.push_back(
            {PathOf(name), 0, "metadata.name", "Conflict",
             fmt::format("tap \"{}\" is defined in {} already, which wins: rename one of them",
                         spec->key(), first->second.second)});
      }
    }
    for (auto& [key, found] : by_key) out.taps.push_back(found.first);
    return out;
  }

  // False: stop.
  bool WaitForChange() {
    // Again each time: the directory may have been replaced by another one of its name.
    inotify_add_watch(inotify_fd, path.c_str(), kEvents);
    pollfd fds[] = {{inotify_fd, POLLIN, 0}, {stop_fd, POLLIN, 0}};
    int wait = kRescanMs;
    // Bounded, so that a file that is written without end does not hold up the others.
    for (int round = 0; round < kRoundsMax && poll(fds, 2, wait) > 0; ++round) {
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
  absl::MutexLock lock(&state_->mutex);
  state_->Read();
  return state_->InForce();
}

void TapDirectory::Watch(OnChange on_change) {
  State* state = state_.get();
  state->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  state->stop_fd = eventfd(0, EFD_CLOEXEC);
  inotify_add_watch(state->inotify_fd, state->path.c_str(), kEvents);
  state->thread = std::jthread([state, on_change = std::move(on_change)] {
    do {
      std::optional<Snapshot> changed;
      {
        absl::MutexLock lock(&state->mutex);
        if (state->Read()) changed = state->InForce();
      }
      if (changed) on_change(*changed);
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
