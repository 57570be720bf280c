// SPDX-License-Identifier: Apache-2.0
#include "fanin/stream_merge.h"

#include <boost/test/unit_test.hpp>

#include "fakes/manual_clock.h"
#include "fanin/fake_pairer.h"

namespace traffictap {
namespace fanin {
namespace {

struct Taken final : observe::LiveOutput {
  void Record(std::string_view line) override { records.emplace_back(line); }
  void Control(std::string_view line) override { controls.emplace_back(line); }
  bool HasRoom() const override { return true; }

  // The ids of the records, in their order.
  std::string ids() const {
    std::string out;
    for (const auto& line : records) out += line.substr(line.find("\"id\":\"") + 6, 1);
    return out;
  }
  // The last control line of this type; empty: none.
  std::string Last(const std::string& type) const {
    std::string out;
    for (const auto& line : controls) {
      if (line.find("{\"type\":\"" + type + "\"") == 0) out = line;
    }
    return out;
  }
  std::vector<std::string> records;
  std::vector<std::string> controls;
};

struct Fixture {
  fakes::ManualClock clock;
  StreamMergeOptions options;
  std::unique_ptr<StreamMerge> merge;
  int a = 0, b = 0;

  // Two pairers that have opened.
  void Begin(bool follow) {
    options.follow = follow;
    merge = std::make_unique<StreamMerge>(options, &clock);
    a = merge->Add("a:1");
    b = merge->Add("b:1");
    merge->Opened(a);
    merge->Opened(b);
  }
  void Say(int pairer, const std::vector<std::string>& lines) {
    for (const auto& line : lines) BOOST_TEST(merge->Line(pairer, line).ok(), line);
  }
  Taken Pull(base::Nanos later = 0) {
    clock.Advance(later);
    Taken out;
    merge->Pull(&out);
    return out;
  }
};

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stream_merge, Fixture)

BOOST_AUTO_TEST_CASE(what_comes_together_is_in_the_order_of_time) {
  Begin(true);
  Say(a, {RecordLine("3", 3), RecordLine("1", 1), PositionLine("p")});
  BOOST_TEST(Pull().ids() == "");  // the other one may have something older
  Say(b, {RecordLine("2", 2), RecordLine("4", 4), PositionLine("q")});
  const Taken taken = Pull();
  BOOST_TEST(taken.ids() == "1234");
  BOOST_TEST(Has(taken.Last("Position"), "|a:1>p|b:1>q"), taken.Last("Position"));
  BOOST_TEST(merge->sent() == 4u);
}

BOOST_AUTO_TEST_CASE(a_pairer_that_has_nothing_is_waited_for_no_longer_than_the_window) {
  Begin(true);
  Say(a, {RecordLine("1", 1), PositionLine("p")});
  BOOST_TEST(Pull(options.window / 2).ids() == "");
  BOOST_TEST(Pull(options.window / 2).ids() == "1");
}

BOOST_AUTO_TEST_CASE(what_two_pairers_have_comes_once_but_for_what_says_more) {
  Begin(true);
  Say(a, {RecordLine("1", 1), RecordLine("2", 2, 1), PositionLine("p")});
  Say(b, {RecordLine("1", 1), RecordLine("2", 2, 2), RecordLine("1", 1, 2, "shop/other"),
          PositionLine("q")});
  BOOST_TEST(Pull().ids() == "1122");  // of another tap, and with a side more
  Say(b, {RecordLine("2", 2, 1), PositionLine("r")});
  BOOST_TEST(Pull(options.window).ids() == "2");  // its own news
  Say(a, {RecordLine("2", 2, 1), PositionLine("s")});
  BOOST_TEST(Pull(options.window).ids() == "");  // no more than b said last
}

BOOST_AUTO_TEST_CASE(
    what_a_pairer_writes_again_after_it_has_died_comes_once_but_for_what_says_more) {
  Begin(true);
  Say(a, {RecordLine("1", 1, 2), RecordLine("2", 2, 1), PositionLine("p")});
  BOOST_TEST(Pull(options.window).ids() == "12");
  BOOST_TEST(merge->Closed(a, "cut", false));
  merge->Opened(a);
  Say(a, {RecordLine("1", 1, 2), RecordLine("2", 2, 2), RecordLine("3", 3, 2), PositionLine("q")});
  BOOST_TEST(Pull(options.window).ids() == "23");
}

BOOST_AUTO_TEST_CASE(what_is_not_up_to_a_position_is_not_passed_on_and_comes_again) {
  Begin(true);
  Say(a, {RecordLine("1", 1), PositionLine("p"), RecordLine("2", 2)});
  BOOST_TEST(merge->PositionOf(a) == "p");
  BOOST_TEST(merge->Closed(a, "cut", false));
  BOOST_TEST(Pull(options.window).ids() == "1");
  merge->Opened(a);
  Say(a, {RecordLine("2", 2), PositionLine("r")});
  const Taken taken = Pull(options.window);
  BOOST_TEST(taken.ids() == "2");
  BOOST_TEST(Has(taken.Last("Position"), "|a:1>r"));
  BOOST_TEST(taken.Last("Partial") == "");
}

BOOST_AUTO_TEST_CASE(one_that_is_away_is_told_once_and_so_is_that_it_came_back) {
  Begin(true);
  merge->Closed(a, "it cannot be reached", false);
  BOOST_TEST(Pull(options.away_grace / 2).Last("Partial") == "");
  BOOST_TEST(Pull(options.away_grace).Last("Partial") ==
             R"({"type":"Partial","missing":[{"pairer":"a:1","reason":"it cannot be reached"}]})"
             "\n");
  merge->Closed(a, "it does not answer in time", false);
  BOOST_TEST(Pull(base::kSecond).Last("Partial") == "");
  Say(b, {RecordLine("1", 1), PositionLine("q")});
  BOOST_TEST(Pull().ids() == "1");  // nobody waits for it
  merge->Opened(a);
  BOOST_TEST(Pull().Last("Partial") == "{\"type\":\"Partial\",\"missing\":[]}\n");
}

BOOST_AUTO_TEST_CASE(one_that_does_not_answer_and_one_that_falls_silent_are_missing_too) {
  Begin(true);
  merge->Add("slow:1");
  BOOST_TEST(Pull(options.slow_after - 1).Last("Partial") == "");
  merge->Heard(a);
  merge->Heard(b);
  BOOST_TEST(Has(Pull(1).Last("Partial"), "slow:1"));
  merge->Heard(b);
  const std::string told = Pull(options.silent_after - 2).Last("Partial");
  BOOST_TEST(told == "");
  merge->Heard(b);
  const std::string both = Pull(2).Last("Partial");
  BOOST_TEST(Has(both, "a:1"), both);
  BOOST_TEST(Has(both, "slow:1"), both);
  BOOST_TEST(!Has(both, "b:1"), both);
}

BOOST_AUTO_TEST_CASE(a_stream_that_does_not_follow_ends_when_all_have_said_all) {
  Begin(false);
  Say(a, {RecordLine("1", 1), PositionLine("p"), EndLine("BacklogRead")});
  BOOST_TEST(!merge->Closed(a, "", false));
  BOOST_TEST(Pull(options.window).Last("End") == "");
  Say(b, {RecordLine("2", 2), PositionLine("q"), EndLine("BacklogRead")});
  const Taken taken = Pull();
  BOOST_TEST(taken.ids() == "2");
  BOOST_TEST(taken.Last("End") == "{\"type\":\"End\",\"reason\":\"BacklogRead\"}\n");
  BOOST_TEST(taken.Last("Partial") == "");
  BOOST_TEST(merge->end() == "BacklogRead");
}

BOOST_AUTO_TEST_CASE(it_ends_without_one_that_is_away_and_says_so) {
  Begin(false);
  merge->Closed(a, "it cannot be reached", false);
  Say(b, {RecordLine("2", 2), PositionLine("q"), EndLine("BacklogRead")});
  Taken taken = Pull();
  BOOST_TEST(taken.ids() == "2");
  BOOST_TEST(taken.Last("End") == "");  // it may come back
  taken = Pull(options.away_grace);
  BOOST_TEST(Has(taken.Last("Partial"), "a:1"));
  BOOST_TEST(Has(taken.Last("End"), "BacklogRead"));
}

BOOST_AUTO_TEST_CASE(a_stream_that_follows_ends_when_no_pairer_has_the_taps) {
  Begin(true);
  Say(a, {EndLine("TapsGone")});
  BOOST_TEST(merge->Closed(a, "the connection was cut", false));  // it may have them again
  BOOST_TEST(Pull(options.window).Last("End") == "");
  BOOST_TEST(merge->Closed(b, "tap is not active here", true));
  BOOST_TEST(Has(Pull(options.window).Last("End"), "TapsGone"));
}

BOOST_AUTO_TEST_CASE(a_right_that_one_pairer_revokes_is_revoked) {
  Begin(true);
  Say(a, {RecordLine("1", 1), PositionLine("p"), EndLine("RightRevoked")});
  BOOST_TEST(!merge->Closed(a, "", false));
  const Taken taken = Pull(options.window);
  BOOST_TEST(taken.ids() == "1");
  BOOST_TEST(Has(taken.Last("End"), "RightRevoked"));
  BOOST_TEST(!merge->Line(b, RecordLine("2", 2)).ok());
}

BOOST_AUTO_TEST_CASE(a_limit_is_of_all_pairers_together) {
  options.limit = 3;
  Begin(true);
  Say(a, {RecordLine("1", 1), RecordLine("3", 3), PositionLine("p")});
  Say(b, {RecordLine("2", 2), RecordLine("4", 4), PositionLine("q")});
  const Taken taken = Pull();
  BOOST_TEST(taken.ids() == "123");
  BOOST_TEST(Has(taken.Last("End"), "Limit"));
}

BOOST_AUTO_TEST_CASE(gaps_are_handed_on_and_positions_begin_with_those_of_the_reader) {
  options.from.since = "2026-01-31T12:00:00Z";
  options.from.of = {{"a:1", "old"}, {"gone:1", "x"}};
  Begin(true);
  BOOST_TEST(merge->PositionOf(a) == "old");
  BOOST_TEST(merge->PositionOf(b) == "");
  Say(b, {R"({"type":"Gap","tap":"shop/all","droppedCount":12})", R"({"type":"News"})",
          PositionLine("q")});
  const Taken taken = Pull(options.window);
  BOOST_TEST(Has(taken.Last("Gap"), "\"droppedCount\":12"));
  BOOST_TEST(taken.Last("News") == "");
  BOOST_TEST(Has(taken.Last("Position"), "\"2026-01-31T12:00:00Z|a:1>old|b:1>q\""),
             taken.Last("Position"));
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_too_slow_holds_no_more_than_the_bound) {
  options.held_bytes_max = 4000;
  Begin(true);
  const std::string line = RecordLine("1", 1);
  Status status;
  int taken = 0;
  for (; status.ok() && taken < 1000; ++taken) {
    status = merge->Line(a, line);
    if (status.ok() && taken % 4 == 3) status = merge->Line(a, PositionLine("p"));
  }
  BOOST_TEST(absl::IsResourceExhausted(status));
  BOOST_TEST(taken < 30);
  merge->LetGo(a);
  BOOST_TEST(!merge->HasRoom());
  BOOST_TEST(Pull(2 * options.silent_after).Last("Partial").find("a:1") == std::string::npos);
  BOOST_TEST(merge->HasRoom());
  merge->Opened(a);
  BOOST_TEST(merge->Line(a, line).ok());
}

BOOST_AUTO_TEST_CASE(one_batch_that_is_larger_than_the_bound_still_comes) {
  options.held_bytes_max = 10;
  Begin(true);
  Say(a, {RecordLine("1", 1), RecordLine("2", 2), PositionLine("p")});
  BOOST_TEST(absl::IsResourceExhausted(merge->Line(b, RecordLine("3", 3))));
  BOOST_TEST(Pull().ids() == "12");
}

BOOST_AUTO_TEST_CASE(what_was_whole_of_a_pairer_that_is_none_any_more_is_passed_on) {
  Begin(true);
  Say(a, {RecordLine("1", 1), PositionLine("p"), RecordLine("2", 2)});
  merge->Remove(a);
  BOOST_TEST(!merge->Line(a, PositionLine("r")).ok());
  BOOST_TEST(!merge->Closed(a, "", false));
  const Taken taken = Pull(options.window);
  BOOST_TEST(taken.ids() == "1");
  BOOST_TEST(!Has(taken.Last("Position"), "a:1"));
}

BOOST_AUTO_TEST_CASE(who_cannot_be_asked_is_missing_too_and_until_it_has_opened) {
  Begin(true);
  merge->SetName(a, "p-0");
  merge->SetName(b, "p-1");
  merge->SetAbsent({Absent("p-2")});
  BOOST_TEST(Has(Pull().Last("Partial"), R"("missing":[{"pairer":"p-2","reason":"it has no)"));
  BOOST_TEST(Pull().Last("Partial") == "");  // told once
  // Its pod has an address by now, and does not listen yet.
  const int c = merge->Add("c:1");
  merge->SetName(c, "p-2");
  merge->SetAbsent({});
  BOOST_TEST(Pull().Last("Partial") == "");
  BOOST_TEST(merge->Closed(c, "it cannot be reached", false));
  BOOST_TEST(Pull().Last("Partial") == "");
  merge->Opened(c);
  BOOST_TEST(Has(Pull().Last("Partial"), R"("missing":[]})"));
  // From now on it is one as the others, and by its name.
  merge->Closed(c, "it cannot be reached", false);
  BOOST_TEST(Pull().Last("Partial") == "");
  BOOST_TEST(Has(Pull(options.away_grace).Last("Partial"), R"([{"pairer":"p-2")"));
}

BOOST_AUTO_TEST_CASE(one_that_came_back_elsewhere_is_missing_until_it_has_opened) {
  Begin(true);
  merge->SetName(a, "p-0");
  const int c = merge->Add("c:1");
  merge->SetName(c, "p-0");
  merge->Remove(a);
  merge->SetName(c, "p-0");
  BOOST_TEST(
      Has(Pull().Last("Partial"), R"([{"pairer":"p-0","reason":"it has not answered yet"}])"));
  merge->Opened(c);
  BOOST_TEST(Has(Pull().Last("Partial"), R"("missing":[]})"));
  // Without names nobody can tell.
  const int d = merge->Add("d:1"), e = merge->Add("e:1");
  merge->SetName(d, "");
  merge->SetName(e, "");
  BOOST_TEST(Pull().Last("Partial") == "");
}

BOOST_AUTO_TEST_CASE(a_stream_that_ends_says_who_could_not_be_asked) {
  Begin(false);
  merge->SetAbsent({Absent("p-2")});
  Say(a, {EndLine("BacklogRead")});
  Say(b, {EndLine("BacklogRead")});
  Taken taken = Pull();
  BOOST_TEST(Has(taken.Last("Partial"), R"("pairer":"p-2")"));
  if (taken.Last("End").empty()) taken = Pull();
  BOOST_TEST(Has(taken.Last("End"), "BacklogRead"));
}

BOOST_AUTO_TEST_CASE(what_is_no_record_is_passed_on_as_it_came) {
  Begin(true);
  Say(a, {"not JSON", "{\"future\":1}", PositionLine("p")});
  const Taken taken = Pull(options.window);
  BOOST_REQUIRE(taken.records.size() == 2u);
  BOOST_TEST(taken.records[0] == "not JSON\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace fanin
}  // namespace traffictap
