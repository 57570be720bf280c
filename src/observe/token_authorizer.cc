// SPDX-License-Identifier: Apache-2.0
#include "observe/token_authorizer.h"

#include <sys/random.h>
#include <sys/stat.h>

#include <array>
#include <fstream>

#include "fmt/format.h"

namespace traffictap::observe {
namespace {

constexpr size_t kTokenCharactersMin = 16;
constexpr std::string_view kScheme = "Bearer ";

// Takes the same time wherever the texts differ, so that a token cannot be guessed piece by piece.
bool SameSecret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

Status Refused(const std::string& path, const std::string& why) {
  return absl::InvalidArgumentError(fmt::format("read token file {}: {}", path, why));
}

}  // namespace

void TokenAuthorizer::Authorize(const Credentials& credentials,
                                const std::set<std::string>& namespaces, Done done) {
  const std::string_view shown = credentials.authorization;
  if (!shown.starts_with(kScheme) || !SameSecret(shown.substr(kScheme.size()), token_)) {
    return done(
        absl::UnauthenticatedError("the request needs the collector's token: send "
                                   "\"Authorization: Bearer TOKEN\""));
  }
  Access access;
  access.user = "standalone";
  access.everything = true;
  done(std::move(access));
}

StatusOr<std::string> MakeToken() {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::array<unsigned char, 43> random{};  // 43 characters of 6 bits
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return absl::UnavailableError("make a token: the system has no random bytes");
  }
  std::string out;
  for (const unsigned char byte : random) out += kAlphabet[byte % 64];
  return out;
}

StatusOr<std::string> ReadTokenFile(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return Refused(path, "it cannot be read");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Refused(path, "others may read it; allow its owner alone (chmod 600)");
  }
  std::ifstream file(path);
  std::string token;
  std::getline(file, token);
  if (!token.empty() && token.back() == '\r') token.pop_back();
  if (token.size() < kTokenCharactersMin) {
    return Refused(path,
                   fmt::format("its first line needs at least {} characters", kTokenCharactersMin));
  }
  return token;
}

}  // namespace traffictap::observe
