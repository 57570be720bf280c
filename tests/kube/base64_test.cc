// SPDX-License-Identifier: Apache-2.0
#include "kube/base64.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(base64)

BOOST_AUTO_TEST_CASE(decoding_undoes_encoding_for_every_length) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    BOOST_TEST(kube::DecodeBase64(kube::EncodeBase64(bytes)).value_or("none") == bytes);
    bytes.push_back(static_cast<char>(i * 37));
  }
  BOOST_TEST(kube::EncodeBase64("taps") == "dGFwcw==");
}

BOOST_AUTO_TEST_CASE(line_feeds_are_passed_over_and_other_text_is_refused) {
  BOOST_TEST(kube::DecodeBase64("dGFw\ncw==\n").value_or("") == "taps");
  BOOST_TEST(!kube::DecodeBase64("no base64!").has_value());
  BOOST_TEST(!kube::DecodeBase64("dGFwc").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
