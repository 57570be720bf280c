// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/rotated_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "base/log.h"
#include "sinks/file/compress.h"
#include "tap/rotated_name.h"

namespace traffictap::sinks {
namespace {

using tap::RotatedForm;

struct RotatedFile {
  std::string file;
  std::string plain;  // the name before compression
  RotatedForm form;
};

std::vector<RotatedFile> List(int directory_fd, const std::string& current) {
  std::vector<RotatedFile> found;
  const int list_fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> list(list_fd < 0 ? nullptr : fdopendir(list_fd),
                                                 closedir);
  if (!list) return found;
  const size_t plain_size = tap::RotatedName(current, 0).size();
  while (const dirent* entry = readdir(list.get())) {
    const std::string file = entry->d_name;
    const RotatedForm form = tap::RotatedFormOf(file, current);
    if (form != RotatedForm::kNone) found.push_back({file, file.substr(0, plain_size), form});
  }
  return found;
}

// What is to be kept, and what a compression is about to replace or to remove, or a crash has kept it
// from: parts, and plain files that are there compressed too.
struct Sorted {
  std::vector<RotatedFile> kept;
  std::vector<RotatedFile> leftovers;
};

Sorted Sort(std::vector<RotatedFile> files) {
  std::set<std::string> compressed;
  for (const RotatedFile& file : files) {
    if (file.form == RotatedForm::kCompressed) compressed.insert(file.plain);
  }
  Sorted out;
  for (RotatedFile& file : files) {
    const bool twin = file.form == RotatedForm::kPlain && compressed.contains(file.plain);
    const bool kept = !twin && file.form != RotatedForm::kPart;
    (kept ? out.kept : out.leftovers).push_back(std::move(file));
  }
  return out;
}

void Remove(int directory_fd, const std::string& file) {
  if (unlinkat(directory_fd, file.c_str(), 0) == 0 || errno == ENOENT) return;
  log::For("sinks").warn("cannot remove a rotated file file={} err=\"{}\"", file,
                         std::strerror(errno));
}

}  // namespace

bool IsThere(int directory_fd, const std::string& rotated) {
  using tap::Compression;
  constexpr std::array kForms = {Compression::kNone, Compression::kGzip, Compression::kZstd};
  return std::any_of(kForms.begin(), kForms.end(), [&](Compression form) {
    return faccessat(directory_fd, (rotated + Extension(form)).c_str(), F_OK,
                     AT_SYMLINK_NOFOLLOW) == 0;
  });
}

std::vector<std::string> WholeFiles(int directory_fd, const std::string& current) {
  const Sorted files = Sort(List(directory_fd, current));
  std::vector<std::string> out;
  for (const RotatedFile& file : files.kept) out.push_back(file.file);
  std::sort(out.begin(), out.end());
  return out;
}

void RemoveLeftovers(int directory_fd, const std::string& current) {
  const Sorted files = Sort(List(directory_fd, current));
  for (const RotatedFile& file : files.leftovers) {
    log::For("sinks").warn("removed what a crash left of a compression file={}", file.file);
    Remove(directory_fd, file.file);
  }
}

void KeepNewest(int directory_fd, const std::string& current, size_t keep, base::Nanos wall,
                RotationOrder* order) {
  std::map<std::string, size_t> made;
  for (size_t i = 0; i < order->size(); ++i) made.emplace((*order)[i], i);
  enum Rank { kFuture, kFormer, kMade };
  std::vector<std::tuple<Rank, size_t, RotatedFile>> files;
  const std::string now = tap::RotatedName(current, wall);
  for (RotatedFile& file : List(directory_fd, current)) {
    if (file.form == RotatedForm::kPart) continue;
    const auto place = made.find(file.plain);
    const Rank former = file.plain > now ? kFuture : kFormer;
    if (place == made.end()) {
      files.emplace_back(former, 0, std::move(file));
    } else {
      files.emplace_back(kMade, place->second, std::move(file));
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a), std::get<2>(a).file) <
           std::tie(std::get<0>(b), std::get<1>(b), std::get<2>(b).file);
  });
  const size_t old = files.size() > keep ? files.size() - keep : 0;
  order->clear();
  for (size_t i = 0; i < files.size(); ++i) {
    auto& [rank, place, file] = files[i];
    if (i < old) {
      Remove(directory_fd, file.file);
    } else if (rank == kMade) {
      order->push_back(std::move(file.plain));
    }
  }
}

}  // namespace traffictap::sinks
