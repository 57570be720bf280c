// SPDX-License-Identifier: Apache-2.0
#include "kube/request_metrics.h"

#include <boost/test/unit_test.hpp>

namespace traffictap {
namespace {

BOOST_AUTO_TEST_SUITE(request_metrics)

BOOST_AUTO_TEST_CASE(calls_and_their_time_are_added_up) {
  kube::RequestMetrics metrics;
  metrics.Count("get", "pods", 200, base::kSecond);
  metrics.Count("get", "pods", 200, base::kSecond / 2);
  metrics.CountWait(3 * base::kSecond);
  base::MetricsRegistry registry;
  registry.Register([&](base::MetricWriter& writer) { metrics.Write(writer); });
  const std::string text = registry.Render();
  const std::string labels = "{code=\"200\",resource=\"pods\",verb=\"get\"} ";
  BOOST_TEST(text.find("traffictap_kube_requests_total" + labels + "2") != std::string::npos);
  BOOST_TEST(text.find("traffictap_kube_request_seconds_total" + labels + "1.5") !=
             std::string::npos);
  BOOST_TEST(text.find("traffictap_kube_write_limit_wait_seconds_total 3") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
