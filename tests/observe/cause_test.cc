// SPDX-License-Identifier: Apache-2.0
#include "observe/cause.h"

#include <boost/test/unit_test.hpp>

#include "traffic/read_pair.h"

namespace traffictap {
namespace {

std::string Cause(const std::string& fields) {
  const bool tells_request = fields.find("\"request\"") != std::string::npos;
  const std::string ends =
      R"("source":{"name":"frontend","namespace":"shop"},)"
      R"("destination":{"name":"cart","namespace":"shop","address":"10.0.0.9:8080"},)";
  const std::string request = tells_request ? "" : R"("request":{},)";
  const auto pair = traffic::ReadPair("{" + ends + request + fields + "}");
  BOOST_REQUIRE_MESSAGE(pair.ok(), Message(pair.status()));
  return observe::CauseOf(*pair);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cause)

BOOST_AUTO_TEST_CASE(a_failed_connection_names_who_whom_and_the_reason) {
  BOOST_TEST(Cause(R"("verdict":"NetworkOrProxy","client":{"code":503,"flags":["URX","UF"],)"
                   R"("upstreamTransportFailure":"delayed connect error: Connection refused"})") ==
             "The client's proxy could not connect to cart (10.0.0.9:8080): connection refused.");
}

BOOST_AUTO_TEST_CASE(a_service_without_an_instance_is_named_and_not_its_address) {
  const auto pair = traffic::ReadPair(
      R"({"verdict":"NetworkOrProxy","request":{},"destination":{"name":"10.9.9.9","ip":"10.9.9.9",)"
      R"("service":"gone.shop.svc.cluster.local"},"client":{"flags":["UF"]}})");
  BOOST_TEST(observe::CauseOf(*pair) == "The client's proxy could not connect to gone.");
}

BOOST_AUTO_TEST_CASE(an_upstream_that_is_part_of_another_word_stays) {
  BOOST_TEST(Cause(R"("verdict":"NetworkOrProxy","client":{"flags":["UH"]})") ==
             "No healthy host in the upstream cluster.");
}

BOOST_AUTO_TEST_CASE(the_servers_proxy_speaks_of_the_application_and_the_clients_proxy) {
  BOOST_TEST(Cause(R"("verdict":"NetworkOrProxy","server":[{"flags":["UF"]}])") ==
             "The server's proxy could not connect to the application.");
  BOOST_TEST(Cause(R"("verdict":"NetworkOrProxy","server":[{"flags":["DC"]}])") ==
             "The client's proxy closed its connection before the answer was whole.");
}

BOOST_AUTO_TEST_CASE(without_a_flag_the_answer_tells) {
  BOOST_TEST(Cause(R"("verdict":"NetworkOrProxy","client":{"code":502})") ==
             "The client's proxy answered 502 by itself.");
}

BOOST_AUTO_TEST_CASE(a_server_error_says_what_was_answered) {
  BOOST_TEST(Cause(R"("verdict":"ServerError","server":[{"code":500}])") == "cart answered 500.");
  BOOST_TEST(Cause(R"("verdict":"ServerError","server":[{"code":200,"grpcStatus":"INTERNAL",)"
                   R"("grpcMessage":"no stock"}])") ==
             "cart answered gRPC status INTERNAL (“no stock”).");
  BOOST_TEST(Cause(R"("verdict":"ServerError","client":{"code":504,"flags":["UT"]})") ==
             "cart (10.0.0.9:8080) did not answer in time. frontend got 504.");
}

BOOST_AUTO_TEST_CASE(a_client_that_left_says_when) {
  BOOST_TEST(Cause(R"("verdict":"ClientAborted","timings":{"clientMs":301.4})") ==
             "frontend went away after 301 ms, before the answer was whole.");
}

BOOST_AUTO_TEST_CASE(what_is_open_says_how_far_it_is) {
  BOOST_TEST(
      Cause(R"("verdict":"Ok","state":"Open","timings":{"clientMs":20000},)"
            R"("request":{"protocol":"TCP","bodyBytes":100},"response":{"bodyBytes":2000})") ==
      "The connection is still open after 20.00 s: 100 bytes from frontend and 2000 to it "
      "so far.");
  BOOST_TEST(Cause(R"("verdict":"Ok","state":"Open","request":{"method":"GET"})") ==
             "The request is still open: 0 bytes from frontend and 0 to it so far.");
}

BOOST_AUTO_TEST_CASE(a_denial_names_its_policy_where_it_is_known) {
  BOOST_TEST(Cause(R"("verdict":"Denied","denial":{"by":"AuthorizationPolicy",)"
                   R"("policy":"shop/deny-all","rule":"0","side":"destination"})") ==
             "The server's proxy refused it by AuthorizationPolicy shop/deny-all, rule 0.");
  BOOST_TEST(Cause(R"("verdict":"Denied","denial":{"by":"RateLimit","side":"source"})") ==
             "The client's proxy refused it: a rate limit was reached.");
  for (const std::string by : {"AuthorizationPolicy", "JWT", "ExternalAuthorization"}) {
    BOOST_TEST(Cause(R"("verdict":"Denied","denial":{"by":")" + by + "\"}").ends_with("."));
  }
}

BOOST_AUTO_TEST_CASE(retries_are_told_in_their_order_with_those_that_nobody_reported) {
  BOOST_TEST(Cause(R"("verdict":"Retried","client":{"attempts":3},)"
                   R"("server":[{"code":503},{"code":200}])") ==
             "It took 3 tries: 503, then 200. 1 of them reached no server that reported it.");
}

BOOST_AUTO_TEST_CASE(a_mismatch_says_what_each_side_has) {
  BOOST_TEST(Cause(R"("verdict":"Mismatch","client":{"code":503,"flags":["UC"]},)"
                   R"("server":[{"code":200}])") ==
             "frontend got 503, but the server's proxy sent 200. The connection to cart "
             "(10.0.0.9:8080) broke before the answer was whole.");
}

BOOST_AUTO_TEST_CASE(what_went_well_is_said_too_and_a_connection_has_no_answer) {
  BOOST_TEST(Cause(R"("verdict":"Ok","client":{"code":200},"timings":{"clientMs":2.6})") ==
             "cart answered 200 after 2.60 ms.");
  BOOST_TEST(Cause(R"("verdict":"Ok","request":{"protocol":"TCP"},"client":{},)"
                   R"("timings":{"clientMs":1500})") ==
             "The connection was closed normally after 1.50 s.");
}

BOOST_AUTO_TEST_CASE(a_newer_verdict_and_an_empty_record_say_nothing) {
  BOOST_TEST(Cause(R"("verdict":"Newer")").empty());
  BOOST_TEST(observe::CauseOf({}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
