// SPDX-License-Identifier: Apache-2.0
#include "web/pushed_body.h"

#include <boost/test/unit_test.hpp>
#include <thread>

namespace traffictap {
namespace {

using Next = web::BodySource::Next;

std::string Pulled(web::PushedBody& body, Next expected) {
  std::string out;
  BOOST_TEST((body.Pull(&out) == expected));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pushed_body)

BOOST_AUTO_TEST_CASE(what_is_put_is_pulled_and_the_end_comes_with_the_last_of_it) {
  web::PushedBody body(web::PushedBodyOptions{.bytes_max = 100});
  BOOST_TEST(Pulled(body, Next::kWait).empty());
  BOOST_TEST(body.Put("a").ok());
  BOOST_TEST(body.Put("b").ok());
  BOOST_TEST(Pulled(body, Next::kNow) == "ab");
  BOOST_TEST(body.Put("c").ok());
  body.End();
  BOOST_TEST(Pulled(body, Next::kEnd) == "c");
}

BOOST_AUTO_TEST_CASE(one_that_gathers_is_asked_again_after_the_poll_interval) {
  web::PushedBody body(web::PushedBodyOptions{.bytes_max = 100, .after_bytes = Next::kWait});
  BOOST_TEST(body.Put("a").ok());
  BOOST_TEST(Pulled(body, Next::kWait) == "a");
}

BOOST_AUTO_TEST_CASE(a_slow_reader_is_waited_for_and_then_told_of) {
  web::PushedBody body(web::PushedBodyOptions{.bytes_max = 2});
  BOOST_TEST(body.Put("abc").ok());
  BOOST_TEST(absl::IsResourceExhausted(body.Put("d")));
  BOOST_TEST(Pulled(body, Next::kNow) == "abc");
  BOOST_TEST(body.Put("d").ok());

  web::PushedBody patient(web::PushedBodyOptions{.bytes_max = 1, .room_wait = 60 * base::kSecond});
  BOOST_TEST(patient.Put("a").ok());
  std::jthread reader([&patient] {
    std::string out;
    (void)patient.Pull(&out);
  });
  BOOST_TEST(patient.Put("b").ok());
}

BOOST_AUTO_TEST_CASE(a_reader_that_goes_is_told_to_who_fills_it) {
  int gone = 0;
  web::PushedBody body(web::PushedBodyOptions{.bytes_max = 1, .on_gone = [&gone] { ++gone; }});
  BOOST_TEST(body.Put("a").ok());
  body.Ended(web::StreamEnd::kReaderGone);
  BOOST_TEST(gone == 1);
  BOOST_TEST(absl::IsCancelled(body.Put("b")));
}

BOOST_AUTO_TEST_CASE(one_that_is_left_takes_nothing_more) {
  int gone = 0;
  web::PushedBody body(web::PushedBodyOptions{.bytes_max = 10, .on_gone = [&gone] { ++gone; }});
  body.Leave();
  BOOST_TEST(absl::IsCancelled(body.Put("a")));
  BOOST_TEST(gone == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
