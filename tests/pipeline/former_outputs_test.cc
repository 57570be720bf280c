// SPDX-License-Identifier: Apache-2.0
#include "pipeline/former_outputs.h"

#include <boost/test/unit_test.hpp>

#include "fakes/captured_log.h"

namespace traffictap {

using pipeline::FormerOutputs;

// A sink that is closed when the test says so.
class ClosingSink final : public sinks::Sink {
 public:
  void Offer(traffic::RecordSelection) override {}
  Status Flush(base::Nanos) override { return absl::OkStatus(); }
  void BeginClose(base::Nanos) override {}
  bool Closed() override { return closed; }
  void Close(base::Nanos) override { closed = true; }
  sinks::SinkCounters counters() const override { return counted; }

  bool closed = false;
  sinks::SinkCounters counted;
};

struct FormerOutputsTest {
  std::shared_ptr<ClosingSink> Add(const std::string& name, uint64_t offered) {
    auto sink = std::make_shared<ClosingSink>();
    sink->counted.offered = offered;
    sink->counted.dropped[static_cast<size_t>(sinks::DropReason::kClosed)] = offered;
    former.Add(name, sink);
    return sink;
  }
  fakes::CapturedLog log{"pipeline"};
  FormerOutputs former{"shop/a"};
};

BOOST_FIXTURE_TEST_SUITE(former_outputs, FormerOutputsTest)

BOOST_AUTO_TEST_CASE(an_output_is_counted_while_it_closes_and_afterwards) {
  BOOST_TEST(former.Reap());
  const auto first = Add("disk", 3);
  BOOST_TEST(!former.Reap());
  BOOST_TEST(former.counters().at("disk").offered == 3u);
  first->counted.offered = 4;  // the last counters are the final ones
  first->closed = true;
  BOOST_TEST(former.Reap());
  BOOST_TEST(former.counters().at("disk").offered == 4u);
}

BOOST_AUTO_TEST_CASE(several_lives_of_one_name_are_added_up) {
  Add("disk", 3)->closed = true;
  Add("disk", 5);
  Add("kafka", 7)->closed = true;
  BOOST_TEST(!former.Reap());
  BOOST_TEST(former.counters().at("disk").offered == 8u);
  former.Await();
  BOOST_TEST(former.Reap());
  BOOST_TEST(former.counters().at("disk").offered == 8u);
  BOOST_TEST(former.counters().at("kafka").offered == 7u);
}

BOOST_AUTO_TEST_CASE(each_life_leaves_one_line_of_its_counters) {
  Add("disk", 3)->closed = true;
  former.Reap();
  former.Reap();
  const auto lines = log.Lines("final counters");
  BOOST_TEST(lines == (std::vector<std::string>{
                          "final counters tap=shop/a output=\"disk\" offered=3 delivered=0 "
                          "dropped.Closed=3 queued=0 delivered_bytes=0 recovered=0 kept=0 "
                          "spooled=0 replayed=0 spool_bytes=0"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
