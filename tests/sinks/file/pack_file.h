// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "sinks/file/compress.h"

namespace traffictap::sinks {

// Compresses the file `plain` into the file `packed`.
inline void PackFile(tap::Compression compression, const std::string& plain,
                     const std::string& packed) {
  const int from = open(plain.c_str(), O_RDONLY | O_CLOEXEC);
  const int to = open(packed.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  BOOST_TEST(Compress(compression, from, to).ok());
  // Both stay open.
  BOOST_TEST(close(from) == 0);
  BOOST_TEST(close(to) == 0);
}

}  // namespace traffictap::sinks
