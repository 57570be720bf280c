// SPDX-License-Identifier: Apache-2.0
#include "observe/trace_tree.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "fmt/format.h"

namespace traffictap::observe {
namespace {

constexpr int64_t kSkew = 3600;  // seconds by which the clocks of two pods differ at most

// Each pod's clock is another one.
int64_t ClockOf(const std::string& pod) {
  return 1'700'000'000 + static_cast<int64_t>(pod.size()) % 3 * kSkew;
}

void Fill(v1::Side* side, const std::string& pod, int begin_ms, int duration_ms) {
  side->set_pod(pod);
  side->mutable_start_time()->set_seconds(ClockOf(pod) + begin_ms / 1000);
  side->mutable_start_time()->set_nanos(begin_ms % 1000 * 1'000'000);
  side->set_duration_ms(duration_ms);
}

// A call of `from` to `to`, both workloads with one pod of their name, seen by both sides: the
// server's proxy sees it 1 ms later, and for 2 ms less.
v1::TrafficPair Call(const std::string& from, const std::string& to, int begin_ms,
                     int duration_ms) {
  v1::TrafficPair out;
  out.mutable_source()->set_name(from);
  out.mutable_source()->set_namespace_("shop");
  out.mutable_destination()->set_name(to);
  out.mutable_destination()->set_namespace_("shop");
  Fill(out.mutable_client(), from, begin_ms, duration_ms);
  Fill(out.add_server(), to, begin_ms + 1, duration_ms - 2);
  return out;
}

v1::TrafficPair ServerAlone(v1::TrafficPair call) {
  call.clear_client();
  return call;
}

v1::TrafficPair ClientAlone(v1::TrafficPair call) {
  call.clear_server();
  return call;
}

// "web[cart[stock:proxy]:proxy]": callees in the tree, with how they were placed.
std::string Text(const std::vector<v1::TrafficPair>& records) {
  const TraceTree tree = MakeTraceTree(records);
  const auto write = [&](const auto& self, size_t hop) -> std::string {
    std::string out = records[hop].destination().name();
    std::string children;
    for (const size_t child : tree.hops[hop].children) {
      children += (children.empty() ? "" : " ") + self(self, child);
    }
    if (!children.empty()) out += "[" + children + "]";
    const std::string link = ToString(tree.hops[hop].link);
    return link.empty() ? out : out + ":" + link;
  };
  std::string out;
  for (const auto& root : tree.roots) {
    out += (out.empty() ? "" : "; ") + root.caller + (root.gap.empty() ? "" : "!") + " >";
    for (const size_t hop : root.hops) out += " " + write(write, hop);
  }
  return out;
}

double SelfMs(const std::vector<v1::TrafficPair>& records, size_t hop) {
  return MakeTraceTree(records).hops[hop].self_ms.value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trace_tree)

BOOST_AUTO_TEST_CASE(calls_follow_each_other_whatever_the_clocks_of_their_pods_say) {
  BOOST_TEST(Text({Call("cart", "s", 20, 30), Call("web", "cart", 10, 50),
                   Call("cart", "db", 60, 5), Call("client", "web", 0, 100)}) ==
             "shop/client > web[cart[s:proxy db:proxy]:proxy]");
}

BOOST_AUTO_TEST_CASE(children_are_in_the_order_of_their_start) {
  BOOST_TEST(Text({Call("client", "web", 0, 100), Call("web", "b", 50, 10),
                   Call("web", "a", 20, 10), Call("client", "web2", 120, 5)}) ==
             "shop/client > web[a:proxy b:proxy] web2");
}

BOOST_AUTO_TEST_CASE(of_several_calls_at_once_the_last_open_one_before_is_the_parent) {
  // The second call to web is over before the third call leaves it.
  BOOST_TEST(Text({Call("client", "web", 0, 100), Call("client", "web", 10, 10),
                   Call("web", "cart", 50, 10)}) == "shop/client > web[cart:proxy] web");
  // None is open any more: the last one that was.
  BOOST_TEST(Text({Call("client", "web", 0, 10), Call("client", "web", 20, 10),
                   Call("web", "mail", 50, 10)}) == "shop/client > web web[mail:proxy]");
}

BOOST_AUTO_TEST_CASE(a_span_that_was_passed_on_tells_calls_at_once_apart) {
  auto first = Call("client", "web", 0, 100), second = Call("client", "web", 10, 90);
  auto of_first = Call("web", "cart", 50, 10), of_second = Call("web", "cart", 51, 10);
  for (auto* record : {&first, &of_first}) record->mutable_trace()->set_span_id("1111111111111111");
  for (auto* record : {&second, &of_second}) {
    record->mutable_trace()->set_span_id("2222222222222222");
  }
  BOOST_TEST(Text({first, second, of_first, of_second}) ==
             "shop/client > web[cart:span] web[cart:span]");
  // The server's proxy wrote a span of its own over it.
  second.mutable_server(0)->set_span_id("3333333333333333");
  of_second.mutable_trace()->set_span_id("3333333333333333");
  BOOST_TEST(Text({first, second, of_first, of_second}) ==
             "shop/client > web[cart:span] web[cart:span]");
}

BOOST_AUTO_TEST_CASE(a_call_that_was_made_before_its_pod_was_called_is_not_its_child) {
  BOOST_TEST(Text({Call("client", "web", 100, 50), Call("web", "cart", 20, 10)}) ==
             "shop/client! > web; shop/web! > cart");
}

BOOST_AUTO_TEST_CASE(where_a_side_is_missing_the_only_call_to_the_workload_is_the_parent) {
  const auto outer = Call("client", "web", 0, 100);
  const auto inner = Call("web", "cart", 20, 10);
  BOOST_TEST(Text({outer, ServerAlone(inner)}) == "shop/client > web[cart:workload]");
  BOOST_TEST(Text({ClientAlone(outer), inner}) == "shop/client > web[cart:workload]");
  BOOST_TEST(Text({ClientAlone(outer), ServerAlone(inner)}) == "shop/client > web[cart:workload]");
}

BOOST_AUTO_TEST_CASE(several_calls_that_could_be_the_parent_make_a_gap) {
  const auto inner = ServerAlone(Call("web", "cart", 20, 10));
  const std::vector<v1::TrafficPair> records = {Call("client", "web", 0, 100),
                                                Call("client", "web", 10, 90), inner};
  BOOST_TEST(Text(records) == "shop/client! > web web; shop/web! > cart");
  BOOST_TEST(MakeTraceTree(records).roots[1].gap.starts_with("several calls to it"));
  auto spans = records;
  spans[0].mutable_trace()->set_span_id("1111111111111111");
  spans[2].mutable_trace()->set_span_id("1111111111111111");
  BOOST_TEST(Text(spans) == "shop/client > web[cart:workload] web");
}

BOOST_AUTO_TEST_CASE(a_caller_that_nobody_was_seen_to_call_is_a_gap_beside_another) {
  const std::vector<v1::TrafficPair> records = {Call("client", "web", 0, 100),
                                                Call("stock", "db", 30, 10)};
  BOOST_TEST(Text(records) == "shop/client! > web; shop/stock! > db");
  BOOST_TEST(MakeTraceTree(records).roots[0].gap == "no call to it was recorded");
}

BOOST_AUTO_TEST_CASE(another_pod_of_the_workload_is_not_the_caller) {
  auto inner = Call("web", "cart", 20, 10);
  inner.mutable_client()->set_pod("web-2");
  BOOST_TEST(Text({Call("client", "web", 0, 100), inner}) ==
             "shop/client! > web; shop/web! > cart");
}

BOOST_AUTO_TEST_CASE(calls_there_and_back_make_no_circle) {
  BOOST_TEST(Text({Call("web", "cart", 0, 100), Call("cart", "web", 10, 50),
                   Call("web", "cart", 20, 10)}) == "shop/web > cart[web[cart:proxy]:proxy]");
  // What no proxy could have seen.
  auto odd = Call("cart", "web", 10, 50);
  odd.mutable_server(0)->mutable_start_time()->set_seconds(0);
  const auto tree = MakeTraceTree({Call("web", "cart", 0, 100), odd});
  size_t placed = 0;
  for (const auto& root : tree.roots) placed += root.hops.size();
  for (const auto& hop : tree.hops) placed += hop.children.size();
  BOOST_TEST(placed == 2u);
}

BOOST_AUTO_TEST_CASE(self_time_is_what_no_call_covers_and_calls_at_once_count_once) {
  const std::vector<v1::TrafficPair> records = {
      Call("client", "web", 0, 102), Call("web", "a", 20, 30), Call("web", "b", 30, 30),
      Call("web", "c", 90, 50)};  // outlives the call that it was made for
  BOOST_TEST(SelfMs(records, 0) == 100.0 - 40 - 11, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(SelfMs(records, 1) == 28.0, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(MakeTraceTree(records).hops[0].total_ms.value() == 102.0);
}

BOOST_AUTO_TEST_CASE(without_a_common_clock_the_duration_of_the_call_is_taken_off) {
  const auto outer = Call("client", "web", 0, 102);
  BOOST_TEST(SelfMs({outer, ServerAlone(Call("web", "a", 20, 32))}, 0) == 70.0);
  BOOST_TEST(SelfMs({outer, ServerAlone(Call("web", "a", 20, 320))}, 0) == 0.0);
  BOOST_TEST(SelfMs({ClientAlone(outer)}, 0) == 102.0);
}

BOOST_AUTO_TEST_CASE(a_call_belongs_to_the_attempt_whose_pod_made_it) {
  auto retried = Call("client", "web", 0, 100);
  Fill(retried.mutable_server(0), "web-1", 1, 10);
  Fill(retried.add_server(), "web-2", 20, 70);
  auto of_first = Call("web", "cart", 5, 4), of_last = Call("web", "cart", 30, 20);
  Fill(of_first.mutable_client(), "web-1", 5, 4);
  Fill(of_last.mutable_client(), "web-2", 30, 20);
  const std::vector<v1::TrafficPair> records = {retried, of_first, of_last};
  BOOST_TEST(MakeTraceTree(records).hops[0].children.size() == 2u);
  BOOST_TEST(SelfMs(records, 0) == 50.0, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(ends_that_a_reader_may_not_see_join_nothing) {
  auto outer = Call("client", "web", 0, 100), inner = Call("web", "cart", 20, 10);
  for (auto* end : {outer.mutable_destination(), inner.mutable_source()}) {
    end->Clear();
    end->set_namespace_("bank");
    end->set_reduced(true);
  }
  outer.mutable_server(0)->Clear();
  outer.mutable_server(0)->set_reduced(true);
  inner.mutable_client()->Clear();
  inner.mutable_client()->set_reduced(true);
  BOOST_TEST(MakeTraceTree({outer, inner}).roots.size() == 2u);
}

BOOST_AUTO_TEST_CASE(nothing_makes_an_empty_tree) { BOOST_TEST(MakeTraceTree({}).roots.empty()); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::observe
