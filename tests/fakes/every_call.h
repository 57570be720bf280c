// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>

#include "fakes/file_fault.h"
#include "fakes/shared_memory.h"
#include "fakes/temp_dir.h"

namespace traffictap::fakes {

// Lets `fault` befall a life at its first call that changes files, at its second and so on, each time in
// an empty directory, until one ends without it: how many calls a life has. `live(directory, told)` runs
// in a child process and leaves what it knows in `told`, a Told in shared memory; afterwards
// `check(end, directory, told)` asserts what has to be true of what it left.
template <typename Told, typename Live, typename Check>
int AtEveryCall(FileFault fault, const Live& live, const Check& check) {
  for (fault.at = 0;; ++fault.at) {
    const TempDir directory("/dev/shm");
    const SharedMemory<Told> told;
    const ChildEnd end = RunWithFault([&] { live(directory, told.operator->()); }, fault);
    BOOST_TEST_CONTEXT("call " << fault.at) {
      BOOST_TEST(end.well == (fault.kind == FileFault::Kind::kFails || !end.faulted));
      check(end, directory, told.operator->());
    }
    if (!end.faulted) return fault.at;
  }
}

}  // namespace traffictap::fakes
