// SPDX-License-Identifier: Apache-2.0
#include "als/mailbox.h"

#include <poll.h>

#include <boost/test/unit_test.hpp>
#include <string>

namespace traffictap {
namespace {

bool IsReadable(int descriptor) {
  pollfd wanted{descriptor, POLLIN, 0};
  return poll(&wanted, 1, 0) == 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mailbox)

BOOST_AUTO_TEST_CASE(is_readable_until_all_is_taken_in_its_order) {
  const auto box = als::Mailbox::Open().value();
  BOOST_TEST(!IsReadable(box->descriptor()));
  std::string done;
  box->Post([&] { done += 'a'; });
  box->Post([&] { done += 'b'; });
  BOOST_TEST(done.empty());
  BOOST_TEST(IsReadable(box->descriptor()));
  for (const auto& task : box->TakeAll()) task();
  BOOST_TEST(done == "ab");
  BOOST_TEST(!IsReadable(box->descriptor()));
  box->Post([] {});
  BOOST_TEST(IsReadable(box->descriptor()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
