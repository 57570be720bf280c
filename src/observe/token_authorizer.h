// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "observe/authorizer.h"

namespace traffictap::observe {

// Standalone mode: whoever shows the token ("Authorization: Bearer TOKEN") reads everything.
class TokenAuthorizer final : public Authorizer {
 public:
  explicit TokenAuthorizer(std::string token) : token_(std::move(token)) {}
  void Authorize(const Credentials& credentials, const std::set<std::string>& namespaces,
                 Done done) override;

 private:
  const std::string token_;
};

// 256 random bits as text that is safe in a URL.
StatusOr<std::string> MakeToken();

// The first line of the file. kInvalidArgument: it cannot be read, others than its owner may read
// it, or it has fewer than 16 characters.
StatusOr<std::string> ReadTokenFile(const std::string& path);

}  // namespace traffictap::observe
