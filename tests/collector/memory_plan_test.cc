// SPDX-License-Identifier: Apache-2.0
#include "collector/memory_plan.h"

#include <boost/test/unit_test.hpp>

#include "fakes/temp_dir.h"

namespace traffictap {

using collector::CgroupMemoryLimit;
using collector::DefaultMemory;

constexpr uint64_t kMiB = uint64_t{1} << 20;

struct MemoryPlanTest {
  std::string root() { return dir.path().string(); }
  fakes::TempDir dir;
};

BOOST_FIXTURE_TEST_SUITE(memory_plan, MemoryPlanTest)

BOOST_AUTO_TEST_CASE(the_parts_add_up_to_the_whole) {
  for (const uint64_t memory : {uint64_t{1}, 100 * kMiB + 7, 512 * kMiB, 8192 * kMiB}) {
    const auto plan = collector::DivideMemory(memory);
    BOOST_TEST(2 * plan.queue + plan.waiting + plan.live_backlog + plan.streams + plan.outputs ==
               memory);
    BOOST_TEST(plan.outputs >= memory * 3 / 8);
  }
}

BOOST_AUTO_TEST_CASE(without_a_limit_it_is_two_gibibytes) {
  BOOST_TEST(!CgroupMemoryLimit(root()).has_value());
  BOOST_TEST(DefaultMemory(root()) == 2048 * kMiB);
}

BOOST_AUTO_TEST_CASE(in_a_pod_of_version_2_the_limit_is_at_the_top) {
  dir.Write("proc/self/cgroup", "0::/\n");
  dir.Write("sys/fs/cgroup/memory.max", "1073741824\n");
  BOOST_TEST(CgroupMemoryLimit(root()).value() == 1024 * kMiB);
  BOOST_TEST(DefaultMemory(root()) == 1024 * kMiB / 10 * 7);
}

BOOST_AUTO_TEST_CASE(the_lowest_limit_on_the_way_up_counts) {
  dir.Write("proc/self/cgroup", "0::/kubepods/pod1/c1\n");
  dir.Write("sys/fs/cgroup/kubepods/pod1/c1/memory.max", "max\n");
  dir.Write("sys/fs/cgroup/kubepods/pod1/memory.max", "209715200\n");
  dir.Write("sys/fs/cgroup/kubepods/memory.max", "419430400\n");
  BOOST_TEST(CgroupMemoryLimit(root()).value() == 200 * kMiB);
}

BOOST_AUTO_TEST_CASE(version_1_has_a_hierarchy_for_memory_and_a_number_for_no_limit) {
  dir.Write("proc/self/cgroup", "9:cpu:/x\n5:memory:/docker/abc\n1:name=systemd:/\n");
  dir.Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  BOOST_TEST(!CgroupMemoryLimit(root()).has_value());
  // What a container sees of the host's path is its own top alone.
  dir.Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");
  BOOST_TEST(CgroupMemoryLimit(root()).value() == 512 * kMiB);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_no_limit) {
  dir.Write("proc/self/cgroup", "nonsense\n0::/gone\n");
  dir.Write("sys/fs/cgroup/memory.max", "max\n");
  BOOST_TEST(!CgroupMemoryLimit(root()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
