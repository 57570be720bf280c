// SPDX-License-Identifier: Apache-2.0
#include "traffic/record_reader.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "base/clock.h"

namespace traffictap::traffic {
namespace {

bool Skims(std::string_view line, RecordSkim* out) {
  RecordReader reader;
  return reader.Begin(line).ok() && reader.Skim(out);
}

// Asks both, as what is sound is a record.
bool IsSound(const std::string& line) {
  RecordReader reader;
  BOOST_TEST_REQUIRE(reader.Begin(line).ok(), line);
  base::Nanos start = 7;
  const bool sound = reader.IsSound(&start);
  const auto read = reader.Read();
  BOOST_TEST((read.ok() || !sound), line);
  if (!sound) return false;
  const auto& time = read->timings().start_time();
  BOOST_TEST(start == time.seconds() * base::kSecond + time.nanos(), line);
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record_reader)

BOOST_AUTO_TEST_CASE(a_skim_tells_ids_verdict_method_path_protocol_and_the_code_of_each_side) {
  RecordSkim skim;
  BOOST_REQUIRE(Skims(R"({"id": "0a", "verdict": "Retried", "state": "Open",
      "request": {"method": "GET", "path": "/a?b", "id": "r-1"}, "response": {"code": 404},
      "client": {"code": 200}, "server": [{"flags": []}, {"reduced": true, "code": 503}]})",
                      &skim));
  BOOST_TEST(skim.id == "0a");
  BOOST_TEST(skim.verdict == "Retried");
  BOOST_TEST(skim.request_id == "r-1");
  BOOST_TEST(skim.method == "GET");
  BOOST_TEST(skim.path == "/a?b");
  BOOST_TEST(!skim.tcp);
  BOOST_TEST(skim.open);
  BOOST_TEST(skim.reduced);
  BOOST_TEST(skim.codes == (std::vector<uint32_t>{200, 0, 503}), boost::test_tools::per_element());
  BOOST_REQUIRE(Skims(R"({"request": {"protocol": "TCP"}, "client": {}})", &skim));
  BOOST_TEST(skim.id.empty());
  BOOST_TEST(skim.verdict.empty());
  BOOST_TEST(skim.request_id.empty());
  BOOST_TEST(skim.method.empty());
  BOOST_TEST(skim.tcp);
  BOOST_TEST(!skim.open);
  BOOST_TEST(!skim.reduced);
  BOOST_TEST(skim.codes == (std::vector<uint32_t>{0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_skim_leaves_what_is_not_as_expected_to_the_reader) {
  RecordSkim skim;
  for (const char* line :
       {R"({"type": "Gap"})", R"({"request": 1})", R"({"request": null})",
        R"({"request": {"method": 1}})", R"({"request": {}, "verdict": []})",
        R"({"request": {"id": 1}})", R"({"request": {}, "id": 1})",
        R"({"request": {}, "state": null})", R"({"request": {}, "client": 1})",
        R"({"request": {}, "server": {}})", R"({"request": {}, "server": [{"code": "503"}]})",
        R"({"request": {}, "client": {"code": null}})",
        R"({"request": {}, "client": {"code": -1}})",
        R"({"request": {}, "client": {"code": 4294967296}})"}) {
    BOOST_TEST(!Skims(line, &skim), line);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_object_of_json_is_refused) {
  RecordReader reader;
  for (const char* line : {"", "{", "[]", "7", R"({"a":1} {"b":2})", "{\"a\":\"\xff\"}"}) {
    BOOST_TEST(absl::IsInvalidArgument(reader.Begin(line)), line);
  }
  BOOST_TEST(reader.Begin("{}").ok());
}

BOOST_AUTO_TEST_CASE(a_record_is_sound_in_any_order_with_fields_of_tomorrow) {
  for (const char* line :
       {R"({"request": {}})",
        R"({"timings": {"startTime": "2026-01-31T12:00:00.000000001Z", "clientMs": 1}})",
        R"({"server": [{"flags": ["UF"], "code": 1, "startTime": "2026-01-31T12:00:00Z"}, {}],
               "weight": 2.5, "verdict": null, "request": {"headers": {"a": "1", "b": ""},
               "bodyBytes": "12"}, "tomorrow": {"code": [1]}, "client": {"reduced": true}})",
        R"({"request": {"\u0069d": "x"}, "timings": null})"}) {
    BOOST_TEST(IsSound(line), line);
  }
}

BOOST_AUTO_TEST_CASE(a_record_is_not_sound_with_a_wrong_type_anywhere_or_a_field_twice) {
  for (const char* fault : {R"("id": 1)",
                            R"("weight": "2")",
                            R"("client": [])",
                            R"("server": {})",
                            R"("server": [1])",
                            R"("client": {"code": 4294967296})",
                            R"("client": {"code": -1})",
                            R"("client": {"flags": "UF"})",
                            R"("client": {"flags": [1]})",
                            R"("client": {"reduced": 1})",
                            R"("client": {"durationMs": "1"})",
                            R"("client": {"startTime": "now"})",
                            R"("timings": {"startTime": 1})",
                            R"("timings": {"startTime": "2300-01-01T00:00:00Z"})",
                            R"("response": {"headers": {"a": 1}})",
                            R"("response": {"headers": []})",
                            R"("response": {"bodyBytes": "x"})",
                            R"("verdict": "Ok", "verdict": "Ok")",
                            R"("client": {"code": 200, "pod": "a", "code": 503})",
                            R"("client": {"code": 200, "\u0063ode": 503})"}) {
    BOOST_TEST(!IsSound(std::string(R"({"request": {}, )") + fault + "}"), fault);
  }
  BOOST_TEST(!IsSound(R"({"client": {}})"));
  BOOST_TEST(!IsSound(R"({"request": null, "timings": null})"));
}

BOOST_AUTO_TEST_CASE(plain_json_is_whole_and_has_no_escapes_by_number) {
  for (const char* text : {"{}", R"({"a": [1.5e3, -0, true, null, "\\\n\""]} )", R"("é")"}) {
    BOOST_TEST(IsPlainJson(text), text);
  }
  for (const char* text :
       {"", "{", "{} {}", R"({"a":1e999})", R"({"a":01})", R"({"a":"\x"})", R"({"a":"\u0041"})",
        R"({"a":"\ud800"})", "{\"a\":\"\n\"}", "{\"a\":\"\xc0\x80\"}"}) {
    BOOST_TEST(!IsPlainJson(text), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::traffic
