// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pipeline_fixture.h"

namespace traffictap {

// The sum of a metric over all its labels, by the text that a scrape gets.
double Total(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  double total = 0;
  bool found = false;
  for (std::string line; std::getline(lines, line);) {
    const size_t end = line.find_first_of("{ ");
    if (line.front() == '#' || line.substr(0, end) != name) continue;
    total += std::stod(line.substr(line.rfind(' ')));
    found = true;
  }
  BOOST_TEST(found, name);
  return total;
}

void CheckBooks(const std::string& text) {
  const auto total = [&](const std::string& name) { return Total(text, "traffictap_" + name); };
  BOOST_TEST(total("entries_received_total") ==
             total("entries_kept_total") + total("entries_filtered_total") +
                 total("entries_sampled_total") + total("entries_stale_total") +
                 total("entries_rejected_total"));
  BOOST_TEST(total("join_kept_total") == 2 * total("pairs_total") + total("retries_total") +
                                             total("orphans_total") + total("duplicates_total") +
                                             total("open_total") + total("intermediate_total") +
                                             total("waiting"));
  BOOST_TEST(total("tap_records_total") ==
             total("tap_records_offered_total") + total("tap_records_filtered_total") +
                 total("tap_records_sampled_total") + total("tap_records_dropped_orphans_total") +
                 total("tap_records_limited_total") + total("tap_records_match_over_budget_total"));
  BOOST_TEST(total("output_offered_total") + total("output_recovered_total") ==
             total("output_delivered_total") + total("output_dropped_total") +
                 total("output_queued") + total("output_kept_total"));
}

// Every counter of the set is in the scrape, behind one of these prefixes.
template <typename Counters>
void CheckExposed(const std::string& text, const std::vector<std::string>& prefixes) {
  const Counters counters;
  const auto check = [&](std::string_view name, std::string_view, uint64_t) {
    const bool exposed = std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& prefix) {
      return text.find("# HELP traffictap_" + prefix + std::string(name)) != std::string::npos;
    });
    BOOST_TEST(exposed, name);
  };
  Counters::Visit(check, counters);
}

BOOST_FIXTURE_TEST_SUITE(pipeline_metrics, PipelineTest)

BOOST_AUTO_TEST_CASE(every_counter_has_its_metric) {
  InForce({Tap("a")});
  SendPair(1);
  Settle();
  const std::string text = Metrics();
  CheckExposed<pipeline::IngressCounters>(text, {"entries_"});
  CheckExposed<pairing::JoinCounters>(text, {"join_", ""});
  CheckExposed<pipeline::TapCounters>(text, {"tap_records_", "tap_"});
  CheckExposed<sinks::SinkCounters>(text, {"output_"});
  for (const char* name : {"tap_proxies", "tap_entries_lost_total", "tap_streams_broken_total"}) {
    BOOST_TEST(text.find(fmt::format("# HELP traffictap_{} ", name)) != std::string::npos, name);
  }
}

BOOST_AUTO_TEST_CASE(all_counters_balance_in_the_text_of_a_scrape) {
  auto picky = Tap("picky");
  picky.match.methods = {"POST"};
  auto sampled = Of(Tap("sampled"), "nobody");
  sampled.sampling.ratio = 0;
  auto limited = Tap("limited");
  limited.limits.max_records = 3;
  limited.match.paths = {{tap::PathMatchKind::kPrefix, "/1"}};
  limited.pairing.orphans = tap::OrphanPolicy::kDrop;
  auto half = Of(Tap("half"), "sampler");
  half.sampling.ratio = 0;
  InForce({picky, sampled, limited, half});
  for (int i = 0; i < 30; ++i) SendPair(i);
  for (int i = 100; i < 110; ++i) Send(Client(i));
  Send(Client(1));  // a duplicate
  Stream("10.0.0.9", "sampler").Consume(Client(500).entry());
  Stream("10.0.0.9", "sampler").EndOfMessage();
  Stream("10.0.0.1", "client").Reject(traffic::RejectReason::kMalformedEntry, 2);
  Stream("10.0.0.1", "client").EndOfMessage();
  pipeline->consumer()->Reject(traffic::RejectReason::kNoIdentifier, 1);
  Settle();
  CheckBooks(Metrics());
  WaitOut();
  const std::string text = Metrics();
  CheckBooks(text);
  for (const char* name :
       {"entries_filtered_total", "entries_sampled_total", "entries_rejected_total",
        "duplicates_total", "orphans_total", "pairs_total", "tap_records_limited_total",
        "tap_records_dropped_orphans_total"}) {
    BOOST_TEST(Total(text, std::string("traffictap_") + name) > 0, name);
  }
  BOOST_TEST(Total(text, "traffictap_taps") == 4);
  BOOST_TEST(Total(text, "traffictap_tap_completed") == 1);
}

BOOST_AUTO_TEST_CASE(a_full_queue_rejects_counts_and_is_told_as_the_taps_loss) {
  pipeline::PipelineOptions options;
  options.queue_bytes_max = 1;
  Start(options);
  InForce({Tap("a")});
  auto& client = Stream("10.0.0.1", "client");
  // The queue takes one message and refuses whatever comes before the pipeline took it.
  BOOST_TEST(fakes::Eventually([&] {
    for (int i = 0; i < 100; ++i) {
      client.Consume(Client(i).entry());
      client.EndOfMessage();
    }
    return pipeline->Snapshot()
               .ingress.rejected[static_cast<size_t>(traffic::RejectReason::kQueueFull)] > 0;
  }));
  Settle();
  const std::string text = Metrics();
  CheckBooks(text);
  BOOST_TEST(Total(text, "traffictap_tap_entries_lost_total") ==
             Total(text, "traffictap_entries_rejected_total"));
}

BOOST_AUTO_TEST_CASE(a_broken_stream_and_the_proxies_of_a_tap_are_counted) {
  InForce({Of(Tap("a"), "client"), Of(Tap("b"), "server")});
  SendPair(1);
  BOOST_TEST(Total(Metrics(), "traffictap_tap_proxies") == 2);
  Stream("10.0.0.1", "client").End(false);
  Stream("10.0.0.2", "server").End(true);
  const std::string text = Metrics();
  BOOST_TEST(Total(text, "traffictap_tap_streams_broken_total") == 1);
  BOOST_TEST(Total(text, "traffictap_tap_proxies") == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
