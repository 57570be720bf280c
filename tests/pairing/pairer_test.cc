// SPDX-License-Identifier: Apache-2.0
#include "pairing/pairer.h"

#include <boost/test/unit_test.hpp>

#include "fmt/format.h"
#include "pairing/pairer_fixture.h"

namespace traffictap {

using base::kSecond;
using fakes::Emitted;
using fakes::EntryBuilder;
using traffic::OrphanReason;

BOOST_FIXTURE_TEST_SUITE(pairer, PairerTest)

BOOST_AUTO_TEST_CASE(two_halves_join_at_once_whichever_comes_first_and_whatever_their_clocks_say) {
  auto server = Server("s");
  server.facts().start_time -= 3600 * kSecond;
  Add(server);
  Add(Client("c"));
  BOOST_TEST(Last() == (Emitted{"c", {"s"}, OrphanReason::kNone, Last().taps}));
  BOOST_TEST(pairer->counters().waiting == 0u);
}

BOOST_AUTO_TEST_CASE(the_digit_that_envoy_rewrites_in_a_request_id_makes_no_difference) {
  std::string rewritten = kId;
  rewritten[14] = 'a';
  Add(Client("c"));
  Add(Server("s").Id(rewritten));
  BOOST_TEST(Last().servers.size() == 1u);
  rewritten[15] = 'a';
  Add(Client("c2").Id(rewritten));
  Turn(5 * kSecond);
  BOOST_TEST(Last().servers.empty());
}

BOOST_AUTO_TEST_CASE(a_retried_request_waits_for_all_attempts_and_has_them_in_their_order) {
  Add(Server("s1").Code(503).Connection("10.0.0.1:5001", "10.0.0.3:80"));
  Add(Client("c").Attempts(3));
  Add(Server("s2").Code(503).Connection("10.0.0.1:5002", "10.0.0.4:80"));
  BOOST_TEST(collected.emitted.empty());
  Add(Server("s3"));
  BOOST_TEST(Last().servers == (std::vector<std::string>{"s1", "s2", "s3"}),
             boost::test_tools::per_element());
  BOOST_TEST(pairer->counters().pairs == 1u);
  BOOST_TEST(pairer->counters().retries == 2u);
}

BOOST_AUTO_TEST_CASE(an_attempt_that_comes_after_its_pair_is_late) {
  Add(Client("c").Attempts(2));
  Add(Server("s2"));
  Turn(5 * kSecond);
  BOOST_TEST(Last().servers.size() == 1u);
  Add(Server("s1").Code(503).Connection("10.0.0.1:5001", "10.0.0.3:80"));
  Turn(5 * kSecond);
  BOOST_TEST((Last().reason == OrphanReason::kLateBeyondWindow));
}

BOOST_AUTO_TEST_CASE(a_client_behind_an_internal_listener_joins_by_its_request) {
  auto client = Client("c");
  client.facts().upstream_local = {};
  Add(client);
  Add(Server("s"), "10.0.0.2");
  Turn(5 * kSecond);
  BOOST_TEST(Last() == (Emitted{"c", {"s"}, OrphanReason::kNone, Last().taps}));
}

BOOST_AUTO_TEST_CASE(halves_that_name_no_connection_are_not_each_others_late_halves) {
  for (int i = 0; i < 3; ++i) {
    auto client = Client("c").Id(fmt::format("id-{}", i));
    client.facts().upstream_local = {};
    Add(client);
    Turn(5 * kSecond);
    BOOST_TEST((Last().reason == OrphanReason::kPeerNotMeshed));
  }
}

BOOST_AUTO_TEST_CASE(a_peer_that_warms_up_may_have_old_connections_that_are_silent) {
  peers.states["10.0.0.2"] = pairing::PeerState::kWarmingUp;
  Add(Client("c"));
  Turn(5 * kSecond);
  BOOST_TEST((Last().reason == OrphanReason::kDrainingConnection));
}

BOOST_AUTO_TEST_CASE(requests_without_an_id_on_one_connection_join_the_oldest_first) {
  for (const char* tag : {"c1", "c2", "c3"}) {
    auto client = Client(tag).Id("");
    client.facts().start_time += tag[1];
    Add(client);
  }
  for (const char* tag : {"s1", "s2", "s3"}) {
    auto server = Server(tag).Id("");
    server.facts().start_time += tag[1];
    Add(server);
    BOOST_TEST(Last().client.substr(1) == std::string(tag).substr(1));
  }
}

BOOST_AUTO_TEST_CASE(a_waiting_half_takes_less_than_half_a_kilobyte) {
  constexpr int kHalves = 1'000;
  for (int i = 0; i < kHalves; ++i) {
    Add(Client("c")
            .Id(fmt::format("{:08}-2222-4333-8444-555555555555", i))
            .Path("/api/v1/products/12345?page=2"));
  }
  BOOST_TEST(pairer->counters().waiting == static_cast<uint64_t>(kHalves));
  BOOST_TEST(pairer->waiting_bytes() < 512u * kHalves);
  BOOST_TEST(pairer->waiting_bytes() > 200u * kHalves);
  Turn(5 * kSecond);
  BOOST_TEST(pairer->waiting_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(calls_of_one_id_and_connection_are_told_apart_by_method_path_and_code) {
  Add(Client("c1").Path("/orders"));
  Add(Client("c2").Path("/stock"));
  Add(Server("s2").Path("/stock"));
  BOOST_TEST(Last().client == "c2");
  Add(Server("s1").Path("/orders"));
  BOOST_TEST(Last().client == "c1");
  Add(Server("s3").Code(404));
  Add(Server("s4").Code(201));
  Add(Client("c4").Code(201));
  BOOST_TEST(Last().servers == std::vector<std::string>{"s4"}, boost::test_tools::per_element());
  auto deletes = Client("c5");
  deletes.facts().method = traffic::Method::kDelete;
  Add(deletes.Code(404));
  BOOST_TEST(pairer->counters().waiting == 2u);
  Add(Client("c3").Code(404));
  BOOST_TEST(Last().servers == std::vector<std::string>{"s3"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(calls_that_all_end_with_200_are_told_apart_by_their_grpc_status) {
  using traffic::GrpcStatus;
  int started = 0;
  const auto ended = [&](EntryBuilder half, GrpcStatus status) {
    half.facts().start_time += ++started;
    half.facts().grpc_status = status;
    return half;
  };
  Add(ended(Client("c1"), GrpcStatus::kOk));
  Add(ended(Client("c2"), GrpcStatus::kNotFound));
  Add(ended(Server("s2"), GrpcStatus::kNotFound));
  BOOST_TEST(Last().client == "c2");
  Add(Server("s1"));  // whose proxy was not asked for trailers
  BOOST_TEST(Last().client == "c1");
}

BOOST_AUTO_TEST_CASE(equal_calls_at_once_are_told_apart_by_what_they_carried_and_how_long_it_took) {
  int started = 0;
  const auto carried = [&](EntryBuilder half, uint64_t bytes, int64_t ms) {
    half.facts().start_time += ++started;
    half.facts().response_body_bytes = bytes;
    half.facts().duration = ms * base::kMillisecond;
    return half;
  };
  Add(carried(Client("c1"), 900, 50));
  Add(carried(Client("c2"), 10, 50));
  Add(carried(Server("s2"), 10, 1));
  BOOST_TEST(Last().client == "c2");
  Add(carried(Server("s1"), 850, 49));  // compressed on the way
  BOOST_TEST(Last().client == "c1");
  Add(carried(Client("c3"), 10, 200));
  Add(carried(Client("c4"), 10, 2));
  Add(carried(Server("s4"), 10, 1));
  BOOST_TEST(Last().client == "c4");
  Add(carried(Client("c5"), 10, 20));
  Add(carried(Server("s3"), 10, 199));  // longer than c5's whole call
  BOOST_TEST(Last().client == "c3");
}

BOOST_AUTO_TEST_CASE(what_differs_is_joined_when_no_better_half_came) {
  Add(Client("c").Code(500));
  Add(Server("s").Code(200));
  BOOST_TEST(collected.emitted.empty());
  Turn(5 * kSecond);
  BOOST_TEST(Last() == (Emitted{"c", {"s"}, OrphanReason::kNone, Last().taps}));
  BOOST_CHECK(collected.verdicts.back() == traffic::Verdict::kMismatch);
}

BOOST_AUTO_TEST_CASE(a_client_that_answered_by_itself_waits_for_no_better_code) {
  Add(Client("c").Code(504).Set(traffic::Text::kResponseCodeDetails, "response_timeout"));
  Add(Server("s").Code(200));
  BOOST_TEST(Last().servers.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_redirect_that_the_client_follows_makes_two_pairs) {
  const auto redirected = [](const std::string& tag) {
    return Client(tag).Path("/to").Code(307).Set(traffic::Text::kResponseCodeDetails,
                                                 "internal_redirect");
  };
  Add(Server("s1").Path("/from").Code(307));
  Add(Server("s2").Path("/to"));
  Add(redirected("c1"));
  BOOST_TEST(Last().servers == std::vector<std::string>{"s1"}, boost::test_tools::per_element());
  Add(Client("c2").Path("/to"));  // of the same start
  BOOST_TEST(Last().servers == std::vector<std::string>{"s2"}, boost::test_tools::per_element());
  Add(redirected("copy"));
  BOOST_TEST(pairer->counters().duplicates == 1u);
}

BOOST_AUTO_TEST_CASE(an_address_that_is_translated_on_the_way_parts_no_pair) {
  Add(Client("c").Connection("10.0.0.1:5000", "10.96.7.7:80"));
  Add(Server("s"));
  BOOST_TEST(Last() == (Emitted{"c", {"s"}, OrphanReason::kNone, Last().taps}));
}

BOOST_AUTO_TEST_CASE(a_translated_connection_without_an_id_is_joined_when_no_exact_one_came) {
  Add(EntryBuilder::Client().Tcp().Tag("c").Connection("10.0.0.1:5000", "10.96.7.7:80"));
  Add(EntryBuilder::Server().Tcp().Tag("other").Connection("10.0.0.1:5000", "10.0.0.9:80"));
  BOOST_TEST(collected.emitted.empty());
  Add(EntryBuilder::Client().Tcp().Tag("exact").Connection("10.0.0.1:5000", "10.0.0.9:80"));
  BOOST_TEST(Last().client == "exact");
  Add(EntryBuilder::Server().Tcp().Tag("s").Connection("10.0.0.1:5000", "10.0.0.2:80"));
  Turn(5 * kSecond);
  BOOST_TEST(Last() == (Emitted{"c", {"s"}, OrphanReason::kNone, Last().taps}));
}

BOOST_AUTO_TEST_CASE(a_gateway_between_two_networks_parts_no_pair_where_each_names_the_other) {
  Add(Client("c").Connection("10.0.0.1:5000", "172.16.0.1:15443"));
  Add(Server("s").Connection("10.0.9.9:7000", "10.0.0.2:80"), "10.0.0.2");
  Turn(5 * kSecond);
  BOOST_TEST(Last() == (Emitted{"c", {"s"}, OrphanReason::kNone, Last().taps}));
}

BOOST_AUTO_TEST_CASE(a_proxy_between_that_tells_of_itself_is_the_other_end) {
  peers.states["172.16.0.1"] = pairing::PeerState::kTapped;
  Add(Client("c").Connection("10.0.0.1:5000", "172.16.0.1:80"));
  Add(Server("s").Connection("172.16.0.1:7000", "10.0.0.2:80"), "10.0.0.2");
  Turn(5 * kSecond);
  BOOST_TEST(pairer->counters().pairs == 0u);
}

BOOST_AUTO_TEST_CASE(who_names_another_peer_is_not_joined_by_the_request_alone) {
  Add(Client("c").Connection("10.0.0.1:5000", "172.16.0.1:80"));
  Add(Server("s")
          .Connection("172.16.0.9:7000", "10.0.0.2:80")
          .Set(traffic::Text::kPeerWorkload, "somebody-else"),
      "10.0.0.2");
  Turn(5 * kSecond);
  BOOST_TEST(pairer->counters().pairs == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_mirrored_is_no_attempt_of_a_request_that_was_retried) {
  Add(Server("mirror").Connection("10.0.0.1:5001", "10.0.0.3:80"));
  Add(Client("c").Attempts(2));
  Add(Server("s"));
  Turn(5 * kSecond);
  BOOST_TEST(pairer->counters().pairs == 1u);
  BOOST_TEST(pairer->counters().retries == 0u);
  const Emitted mirror = collected.emitted.front();
  BOOST_TEST(mirror.servers == std::vector<std::string>{"mirror"},
             boost::test_tools::per_element());
  BOOST_TEST(mirror.client.empty());
  BOOST_CHECK(mirror.reason == OrphanReason::kPeerNotMeshed);
}

BOOST_AUTO_TEST_CASE(equal_addresses_of_two_networks_are_two_connections) {
  const auto client =
      EntryBuilder::Client().Tcp().Tag("c").Connection("10.0.0.1:5000", "10.0.0.2:80");
  const auto server =
      EntryBuilder::Server().Tcp().Tag("s").Connection("10.0.0.1:5000", "10.0.0.2:80");
  AddIn("east", client, "10.0.0.1");
  Turn(5 * kSecond);
  AddIn("west", server, "10.0.0.2");
  Turn(5 * kSecond);
  BOOST_TEST(pairer->counters().pairs == 0u);
  BOOST_CHECK(Last().reason ==
              OrphanReason::kPeerNotMeshed);  // and not late for the other network's
}

BOOST_AUTO_TEST_CASE(a_request_through_the_gateway_of_another_network_joins_by_its_id) {
  // That gateway has the address there that the client has here.
  AddIn("east", Client("c").Connection("10.0.0.1:5000", "172.16.0.1:15443"), "10.0.0.1");
  AddIn("west", Server("s").Connection("10.0.0.1:7000", "10.0.0.2:80"), "10.0.0.2");
  Turn(5 * kSecond);
  BOOST_TEST(Last() == (Emitted{"c", {"s"}, OrphanReason::kNone, Last().taps}));
}

BOOST_AUTO_TEST_CASE(a_proxy_that_names_no_network_may_be_in_any) {
  AddIn("east", Client("c"), "10.0.0.1");
  AddIn("", Server("s"), "10.0.0.2");
  BOOST_TEST(pairer->counters().pairs == 1u);
}

BOOST_AUTO_TEST_CASE(a_second_call_under_one_id_that_stays_alone_is_not_late) {
  Add(Client("c1").Path("/a"));
  Add(Server("s1").Path("/a"));
  Add(Server("s2").Path("/b"));
  Turn(5 * kSecond);
  BOOST_CHECK(Last().reason == OrphanReason::kPeerNotMeshed);
}

// Quadratic work would take minutes.
BOOST_AUTO_TEST_CASE(an_application_that_gives_all_requests_one_id_costs_no_more_than_others) {
  constexpr int kHalves = 50'000;
  for (int i = 0; i < kHalves; ++i) {
    const std::string client_end =
        fmt::format("10.0.{}.{}:{}", i / 250 / 250, i / 250 % 250, 1024 + i % 250);
    Add(Server("s").Connection(client_end, "10.0.0.2:80"));
    if (i % 100 == 0) Add(Client("c").Attempts(2).Connection(client_end, "10.0.0.2:80"));
  }
  Turn(5 * kSecond);
  const auto& counters = pairer->counters();
  BOOST_TEST(counters.waiting == 0u);
  BOOST_TEST(counters.pairs > 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
