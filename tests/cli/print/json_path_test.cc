// SPDX-License-Identifier: Apache-2.0
#include "cli/print/json_path.h"

#include <boost/test/unit_test.hpp>

#include "nlohmann/json.hpp"

namespace traffictap {
namespace {

const auto kRecord = nlohmann::ordered_json::parse(R"({
  "id": "7", "verdict": "Ok", "request": {"path": "/cart/1", "headers": {"x.y": "dot", "x-a": "b"}},
  "timings": {"clientMs": 12.5}, "flag": true, "nothing": null,
  "server": [{"pod": "a", "code": 503, "n": {"pod": "deep"}}, {"pod": "b", "code": 200}, {"pod": "c"}]})");

std::string Render(std::string_view text, bool visible = false) {
  const auto path = cli::print::JsonPath::Parse(text);
  BOOST_REQUIRE_MESSAGE(path.ok(), Message(path.status()));
  std::string out;
  path->Render(kRecord, visible, &out);
  return out;
}

std::string FaultOf(std::string_view text) {
  return Message(cli::print::JsonPath::Parse(text).status());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_path)

BOOST_AUTO_TEST_CASE(fields) {
  BOOST_TEST(Render("{.verdict}") == "Ok");
  BOOST_TEST(Render("{ .request.path }") == "/cart/1");
  BOOST_TEST(Render("{.request['path']}") == "/cart/1");
  BOOST_TEST(Render("{.request.headers.x\\.y}") == "dot");
  BOOST_TEST(Render("{.request.headers['x.y']}") == "dot");
  BOOST_TEST(Render("{$.verdict}{@.verdict}") == "OkOk");
  BOOST_TEST(Render("{.timings.clientMs}") == "12.5");
  BOOST_TEST(Render("{.flag}") == "true");
  BOOST_TEST(Render("[{.missing.deeper}{.nothing}{.verdict.x}{.server.pod}]") == "[]");
  BOOST_TEST(Render("{.request.headers}") == R"({"x.y":"dot","x-a":"b"})");
  BOOST_TEST(Render("{.request.headers.*}") == "dot b");
  BOOST_TEST(Render("{@}") == kRecord.dump());
  BOOST_TEST(Render("{.}") == kRecord.dump());
}

BOOST_AUTO_TEST_CASE(texts_and_escapes) {
  BOOST_TEST(Render("id={.id}, {.verdict}!") == "id=7, Ok!");
  BOOST_TEST(Render(R"({.id}{"\t"}{.verdict}{'\n'})") == "7\tOk\n");
  BOOST_TEST(Render(R"({.id "\t" .verdict})") == "7\tOk");
  BOOST_TEST(Render(R"({"a\"b{}"})") == "a\"b{}");
  BOOST_TEST(Render(R"(\n{.id})") == "\\n7");  // outside of braces text stands for itself
}

BOOST_AUTO_TEST_CASE(elements_of_a_list) {
  BOOST_TEST(Render("{.server[0].pod}") == "a");
  BOOST_TEST(Render("{.server[-1].pod}") == "c");
  BOOST_TEST(Render("{.server[5].pod}{.server[-4].pod}") == "");
  BOOST_TEST(Render("{.server[*].pod}") == "a b c");
  BOOST_TEST(Render("{.server[0,2].pod}") == "a c");
  BOOST_TEST(Render("{.server[0:2].pod}") == "a b");
  BOOST_TEST(Render("{.server[1:].pod}") == "b c");
  BOOST_TEST(Render("{.server[-2:].pod}") == "b c");
  BOOST_TEST(Render("{.server[::2].pod}") == "a c");
  BOOST_TEST(Render("{.server[0]['pod','code']}") == "a 503");
}

BOOST_AUTO_TEST_CASE(fields_at_any_depth) {
  BOOST_TEST(Render("{..pod}") == "a deep b c");
  BOOST_TEST(Render("{.server..pod}") == "a deep b c");
  BOOST_TEST(Render("{..code}") == "503 200");
}

BOOST_AUTO_TEST_CASE(filters) {
  BOOST_TEST(Render(R"({.server[?(@.pod=="b")].code})") == "200");
  BOOST_TEST(Render(R"({.server[?(@.pod!='b')].pod})") == "a c");
  BOOST_TEST(Render("{.server[?(@.code>=500)].pod}") == "a");
  BOOST_TEST(Render("{.server[?( @.code < 500 )].pod}") == "b");
  BOOST_TEST(Render("{.server[?(@.code<=200)].pod}{.server[?(@.code>200)].pod}") == "ba");
  BOOST_TEST(Render("{.server[?(@.code)].pod}") == "a b");
  BOOST_TEST(Render("{.server[?(@.n.pod)].pod}") == "a");
  BOOST_TEST(Render("{.server[?(@.code==\"503\")].pod}") == "");  // a text is no number
  BOOST_TEST(Render("{.server[?(@.code>=500)][?(@.pod)].pod}") == "");
  BOOST_TEST(Render("{.verdict[?(@.x)]}") == "");
  BOOST_TEST(Render("{.server[?(@.code==$.server[1].code)].pod}") == "b");
}

BOOST_AUTO_TEST_CASE(ranges) {
  BOOST_TEST(Render(R"({range .server[*]}{.pod}={.code}{"\n"}{end}.)") == "a=503\nb=200\nc=\n.");
  BOOST_TEST(Render("{range .server[0:2]}{$.id}{@.pod}{end}") == "7a7b");
  BOOST_TEST(Render("{range .server[*]}({range .n}{.pod}{end}){end}") == "(deep)()()");
  BOOST_TEST(Render("{range .missing}x{end}") == "");
}

BOOST_AUTO_TEST_CASE(texts_of_the_traffic_do_not_steer_a_terminal) {
  const auto record = nlohmann::ordered_json::parse(R"({"a":"\u001b[2J","b":{"c":"\u202e"}})");
  const auto path = *cli::print::JsonPath::Parse(R"({.a}{"\n"}{.b})");
  std::string out;
  path.Render(record, true, &out);
  BOOST_TEST(out == "\\u{1b}[2J\n{\"c\":\"\\u202e\"}");
  out.clear();
  path.Render(record, false, &out);
  BOOST_TEST(out == "\x1b[2J\n{\"c\":\"\xe2\x80\xae\"}");
}

BOOST_AUTO_TEST_CASE(faults_say_what_and_where) {
  const auto says = [](const char* text, const char* what) {
    BOOST_TEST(FaultOf(text).find(what) != std::string::npos, text << ": " << FaultOf(text));
  };
  says(".request.path", "in braces: write paths as {.request.path}");
  says("", "in braces");
  says("{.a", "no \"}\" for the \"{\" at column 1");
  says("x{.a", "at column 2");
  says("{}", "nothing is in the braces");
  says("{request.path}", "write .request and not request");
  says("{.a[}", "an index, 'a name', * or ?(…) is expected");
  says("{.a[0}", "no \"]\" for the \"[\" at column 4");
  says("{.a[?(@.x==)]}", "a \"text\", a number, true, false or a path is expected");
  says("{.a[?(@.x==1]}", "no \")\" for the \"(\"");
  says("{.a[?(@.x==1 && @.y==2)]}", "use two filters");
  says("{.a[0:2:0]}", "the step of a slice must be 1 or more");
  says("{.a[99999999999999999999]}", "the number is too large");
  says("{\"abc}", "no end of the quoted text at column 2");
  says("{.a..}", "the name of a field is expected");
  says("{end}", "\"end\" without a \"range\"");
  says("{range .a[*]}{.b}", "no {end} for the range");
  says("{range}x{end}", "a path such as");
  says("{.a}}{.b |}", "column 10");
}

BOOST_AUTO_TEST_CASE(no_template_of_few_characters_breaks_it) {
  const std::string_view alphabet = "{}[].'\"?(@$*:,=1a\\ ";
  for (size_t code = 0; code < 19 * 19 * 19 * 19; ++code) {
    std::string text = "{.";
    for (size_t rest = code, i = 0; i < 4; ++i, rest /= 19) text += alphabet[rest % 19];
    for (const char* tail : {"", "}", ")]}"}) {
      const auto path = cli::print::JsonPath::Parse(text + tail);
      std::string out;
      if (path.ok()) path->Render(kRecord, true, &out);
    }
  }
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "{range .a}";
  BOOST_TEST(FaultOf(deep).find("too deep") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
