// SPDX-License-Identifier: Apache-2.0
#include "pipeline/limited_edges.h"

#include <boost/test/unit_test.hpp>

#include "fakes/entry_builder.h"
#include "fmt/format.h"
#include "traffic/entry_batch.h"

namespace traffictap {

struct LimitedEdgesTest {
  // A client's half from `workload` to a peer that only its address tells of.
  void Add(const std::string& workload, const std::string& peer) {
    traffic::EntryBatch batch(fakes::MakeNode("10.0.0.1", workload));
    traffic::TrafficPair pair;
    pair.client =
        batch.Add(fakes::EntryBuilder::Client().Connection("10.0.0.1:1", peer + ":80").entry());
    edges.Add(pair);
  }
  pipeline::LimitedEdges edges;
};

BOOST_FIXTURE_TEST_SUITE(limited_edges, LimitedEdgesTest)

BOOST_AUTO_TEST_CASE(the_edge_with_most_records_comes_first_and_an_address_is_a_name) {
  Add("web", "10.0.0.8");
  for (int i = 0; i < 2; ++i) Add("web", "10.0.0.9");
  const auto out = edges.edges();
  BOOST_REQUIRE(out.size() == 2u);
  BOOST_TEST(out[0].source.name == "web");
  BOOST_TEST(out[0].destination.name == "10.0.0.9");
  BOOST_TEST(out[0].records == 2u);
  BOOST_TEST(edges.others() == 0u);
}

BOOST_AUTO_TEST_CASE(edges_are_bounded_and_the_rest_is_counted) {
  for (int i = 0; i < 150; ++i) Add("web", fmt::format("10.0.1.{}", i));
  BOOST_TEST(edges.edges().size() == pipeline::LimitedEdges::kEdgesMax);
  BOOST_TEST(edges.others() == 50u);
  Add("web", "10.0.1.0");
  BOOST_TEST(edges.edges()[0].records == 2u);
  BOOST_TEST(edges.others() == 50u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
