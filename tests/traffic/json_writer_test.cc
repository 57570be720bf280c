// SPDX-License-Identifier: Apache-2.0
#include "traffic/json_writer.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "nlohmann/json.hpp"

namespace traffictap {
namespace {

using traffic::JsonWriter;

template <typename Write>
std::string Object(Write write) {
  std::string out;
  JsonWriter json(&out);
  json.BeginObject({});
  write(json);
  json.EndObject();
  return out;
}

std::string Quoted(const std::string& text) {
  return Object([&](JsonWriter& json) { json.Text("t", text); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_writer)

BOOST_AUTO_TEST_CASE(writes_nested_objects_and_arrays_with_commas_where_they_belong) {
  const std::string out = Object([](JsonWriter& json) {
    json.Text("a", "1");
    json.BeginArray("list");
    json.Element("x");
    json.Element("");
    json.BeginObject({});
    json.Number("n", 2);
    json.EndObject();
    json.BeginObject({});
    json.EndObject();
    json.EndArray();
    json.Number("b", 3);
  });
  BOOST_TEST(out == R"({"a":"1","list":["x","",{"n":2},{}],"b":3})");
}

BOOST_AUTO_TEST_CASE(leaves_out_what_is_empty_or_zero) {
  BOOST_TEST(Object([](JsonWriter& json) {
               json.Text("a", "");
               json.Number("b", 0);
               json.Time("c", 0);
             }) == "{}");
}

BOOST_AUTO_TEST_CASE(writes_a_member_also_without_value_or_name) {
  BOOST_TEST(Object([](JsonWriter& json) {
               json.Member("x-empty", "");
               json.Member("", "v");
             }) == R"({"x-empty":"","_":"v"})");
}

BOOST_AUTO_TEST_CASE(does_not_look_at_what_stands_before_it) {
  for (const std::string before : {"data: ", "}", "{", "\n", "x"}) {
    std::string out = before;
    JsonWriter json(&out);
    json.BeginObject({});
    json.EndObject();
    BOOST_TEST(out == before + "{}");
  }
}

BOOST_AUTO_TEST_CASE(every_byte_gives_one_valid_line_that_parses_back) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text{'a', static_cast<char>(byte), 'z'};
    const std::string out = Quoted(text);
    BOOST_TEST_REQUIRE(out.find_first_of("\n\r\v\f") == std::string::npos);
    BOOST_TEST_REQUIRE(nlohmann::json::accept(out));
    const auto back = nlohmann::json::parse(out)["t"].get<std::string>();
    BOOST_TEST_REQUIRE(back == (byte < 0x80 ? text : "a\xef\xbf\xbdz"));
  }
}

BOOST_AUTO_TEST_CASE(escapes_the_line_ends_of_unicode) {
  BOOST_TEST(Quoted("\xc2\x85") == R"({"t":"\u0085"})");
  BOOST_TEST(Quoted("\xc2\x80\xc2\x9f") == R"({"t":"\u0080\u009f"})");
  BOOST_TEST(Quoted("\xe2\x80\xa8\xe2\x80\xa9") == R"({"t":"\u2028\u2029"})");
  BOOST_TEST(Quoted("\x7f") == R"({"t":"\u007f"})");
}

BOOST_AUTO_TEST_CASE(leaves_other_characters_as_they_are) {
  for (const std::string text : {"\xc2\xa0", "\xc3\xa9", "\xe2\x80\xa7", "\xe2\x80\xaa",
                                 "\xe6\x97\xa5", "\xf0\x9f\x98\x80"}) {
    BOOST_TEST(Quoted(text) == "{\"t\":\"" + text + "\"}");
  }
}

BOOST_AUTO_TEST_CASE(replaces_each_byte_that_is_not_utf8) {
  // Cut off, overlong, a surrogate, beyond the last character.
  for (const std::string text : {"\xe2\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    std::string expected;
    for (size_t i = 0; i < text.size(); ++i) expected += "\xef\xbf\xbd";
    BOOST_TEST(nlohmann::json::parse(Quoted(text))["t"].get<std::string>() == expected);
  }
}

BOOST_AUTO_TEST_CASE(escapes_keys_that_came_from_outside) {
  const std::string out = Object([](JsonWriter& json) { json.Member("k\"\n", "v"); });
  BOOST_TEST(nlohmann::json::parse(out)["k\"\n"] == "v");
}

BOOST_AUTO_TEST_CASE(writes_milliseconds_with_their_microseconds) {
  const auto ms = [](base::Nanos nanos) {
    return Object([&](JsonWriter& json) { json.Milliseconds("m", nanos); });
  };
  BOOST_TEST(ms(0) == R"({"m":0.000})");
  BOOST_TEST(ms(999) == R"({"m":0.000})");
  BOOST_TEST(ms(1'234'567'000) == R"({"m":1234.567})");
  BOOST_TEST(ms(-1'000) == R"({"m":-0.001})");
  BOOST_TEST(ms(INT64_MAX) == R"({"m":9223372036854.775})");
  BOOST_TEST(ms(INT64_MIN) == R"({"m":-9223372036854.775})");
}

BOOST_AUTO_TEST_CASE(writes_times_as_rfc_3339_in_utc) {
  const auto time = [](base::Nanos nanos) {
    return Object([&](JsonWriter& json) { json.Time("t", nanos); });
  };
  BOOST_TEST(time(1) == R"({"t":"1970-01-01T00:00:00.000000001Z"})");
  BOOST_TEST(time(1'709'208'000'000'000'000) == R"({"t":"2024-02-29T12:00:00.000000000Z"})");
  BOOST_TEST(time(INT64_MAX) == R"({"t":"2262-04-11T23:47:16.854775807Z"})");
  BOOST_TEST(time(-1) == "{}");
}

BOOST_AUTO_TEST_CASE(texts_of_every_length_and_place_of_an_escape_parse_back) {
  for (size_t length = 0; length < 40; ++length) {
    for (size_t at = 0; at <= length; ++at) {
      std::string text(length, 'x');
      if (at < length) text[at] = '"';
      const std::string out = Object([&](JsonWriter& json) { json.Member("m", text); });
      BOOST_TEST_REQUIRE(nlohmann::json::parse(out)["m"].get<std::string>() == text);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_longer_than_its_buffer_comes_out_whole) {
  for (const size_t length : {2'047u, 2'048u, 4'095u, 4'096u, 100'000u}) {
    for (const char* piece : {"a", "\n", "\xe2\x80\xa8"}) {
      std::string text(length, 'x');
      for (size_t i = 0; i < 3'000; ++i) text += piece;
      const std::string out = Object([&](JsonWriter& json) {
        json.Text("first", text);
        json.Text("second", text);
      });
      const auto back = nlohmann::json::parse(out);
      BOOST_TEST_REQUIRE((back["first"].get<std::string>() == text));
      BOOST_TEST_REQUIRE((back["second"].get<std::string>() == text));
    }
  }
}

BOOST_AUTO_TEST_CASE(writes_the_largest_number_whole) {
  BOOST_TEST(Object([](JsonWriter& json) { json.Number("n", UINT64_MAX); }) ==
             R"({"n":18446744073709551615})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
