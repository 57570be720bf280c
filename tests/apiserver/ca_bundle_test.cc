// SPDX-License-Identifier: Apache-2.0
#include "apiserver/ca_bundle.h"

#include <boost/test/unit_test.hpp>

#include "apiserver/serving_certificate.h"

namespace traffictap {

using apiserver::MergeCaBundle;

namespace {

constexpr base::Nanos kNow = 1'700'000'000 * base::kSecond;
constexpr base::Nanos kHour = 3600 * base::kSecond;

std::string Certificate(const std::string& name = "a.b.svc", base::Nanos lifetime = kHour) {
  return apiserver::MakeServingCertificate({name}, kNow, lifetime).value().certificate;
}

size_t CountIn(const std::string& bundle) {
  size_t out = 0;
  for (size_t at = bundle.find("BEGIN"); at != std::string::npos; at = bundle.find("BEGIN", at + 1))
    ++out;
  return out;
}

bool Has(const std::string& bundle, const std::string& certificate) {
  return bundle.find(certificate) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ca_bundle)

BOOST_AUTO_TEST_CASE(earlier_ones_stay_until_they_expire) {
  const std::string own = Certificate(), earlier = Certificate(), old = Certificate("a.b.svc", 1);
  const std::string merged = MergeCaBundle(old + earlier, own, kNow + base::kSecond);
  BOOST_TEST(merged.starts_with(own));
  BOOST_TEST(Has(merged, earlier));
  BOOST_TEST(!Has(merged, old));
  BOOST_TEST(CountIn(MergeCaBundle(merged, own, kNow)) == 2u);
}

BOOST_AUTO_TEST_CASE(the_newest_few_stay_and_no_strangers) {
  std::string bundle = Certificate("evil.example");
  for (int i = 1; i <= 6; ++i) bundle += Certificate("a.b.svc", i * kHour);
  const std::string newest = Certificate("a.b.svc", 9 * kHour);
  const std::string merged = MergeCaBundle(bundle + newest, Certificate(), kNow);
  BOOST_TEST(CountIn(merged) == 1 + apiserver::kEarlierMax);
  BOOST_TEST(Has(merged, newest));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_left_out) {
  const std::string own = Certificate();
  BOOST_TEST(MergeCaBundle("no PEM", own, kNow) == own);
  BOOST_TEST(MergeCaBundle("", own, kNow) == own);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
