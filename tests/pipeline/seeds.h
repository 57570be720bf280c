// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"

namespace traffictap::simulation {

// Keeps the logs of these modules empty while it lives: runs by the hundred would fill them.
class Silence {
 public:
  explicit Silence(std::vector<const char*> modules) : modules_(std::move(modules)) {
    Set(spdlog::level::off);
  }
  ~Silence() { Set(spdlog::level::info); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  void Set(spdlog::level::level_enum level) {
    for (const char* module : modules_) log::For(module).set_level(level);
  }

  const std::vector<const char*> modules_;
};

// Runs with the seeds from 1 to `count`. For the name PARTITIONS, PARTITIONS_SEED=17 in the environment
// runs that seed alone and PARTITIONS_SEEDS=10000 runs more of them; what fails tells its seed.
inline void ForSeeds(const std::string& name, uint64_t count,
                     const std::function<void(uint64_t)>& run) {
  const char* one = std::getenv((name + "_SEED").c_str());
  const char* many = std::getenv((name + "_SEEDS").c_str());
  const uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  if (many != nullptr) count = std::strtoull(many, nullptr, 10);
  if (one != nullptr) count = 1;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    BOOST_TEST_CONTEXT(name << "_SEED=" << seed) { run(seed); }
  }
}

}  // namespace traffictap::simulation
