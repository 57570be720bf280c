// SPDX-License-Identifier: Apache-2.0
#include "tap/pattern.h"
#include "tap/schema/fields.h"
#include "tap/schema/kinds.h"
#include "tap/schema/object.h"
#include "tap/values.h"

namespace traffictap::tap::schema {
namespace {

constexpr base::Nanos kDay = 86'400 * base::kSecond;

// A field that is there for one value of the member `kind` alone, and then gives the text.
template <typename S, typename E>
Kind<S> TextOf(E S::*kind, E mine, std::string S::*text, Kind<std::string> form) {
  Kind<S> out;
  out.read = [=, read = form.read](const Value& value, S* to) {
    to->*kind = mine;
    read(value, &(to->*text));
  };
  out.write = [=, write = form.write](const S& from) {
    const bool there = from.*kind == mine && !(from.*text).empty();
    return there ? write(from.*text) : Json();
  };
  out.describe = form.describe;
  return out;
}

int Given(FieldReader* fields, std::initializer_list<const char*> names) {
  int given = 0;
  for (const char* name : names) given += fields->Has(name) ? 1 : 0;
  return given;
}

Kind<std::string> PlainPath() {
  return Text({.max = 2048,
               .rule = "self.startsWith('/') && !self.contains('?') && !self.contains('#')",
               .message = "must begin with / and have no query: leave out what follows ? or #",
               .check = [](const Value& value, std::string* path) {
                 if ((*path)[0] != '/') value.Invalid("must begin with /");
                 if (path->find_first_of("?#") != std::string::npos) {
                   value.Invalid("is matched without the query: remove what follows ? or #");
                 }
               }});
}

// A text by its prefix, as a whole, or by a regex; `plain` is what the first two may be.
Kind<PathMatch> TextMatch(const char* description, Kind<std::string> plain) {
  using K = PathMatchKind;
  const auto of = [](K kind, Kind<std::string> form) {
    return TextOf(&PathMatch::kind, kind, &PathMatch::value, std::move(form));
  };
  return Object<PathMatch>(description)
      .Optional("prefix", of(K::kPrefix, plain), "Prefix of the text.")
      .Optional("exact", of(K::kExact, plain), "The exact text.")
      .Optional("regex", of(K::kRegex, Regex()),
                "RE2 regular expression that matches the whole text.")
      .Keyword("minProperties", 1)
      .Keyword("maxProperties", 1)
      .Checked([](FieldReader& fields, const PathMatch&) {
        if (Given(&fields, {"prefix", "exact", "regex"}) == 1) return;
        fields.Fault("InvalidValue", "must have exactly one of prefix, exact, regex");
      })
      .kind();
}

Kind<PathMatch> UserAgent() {
  return TextMatch("A user agent. Set exactly one of prefix, exact and regex.",
                   Text({.max = 1024}));
}

Kind<HeaderMatch> Header() {
  using K = HeaderMatch::Kind;
  const auto of = [](K kind, Kind<std::string> form) {
    return TextOf(&HeaderMatch::kind, kind, &HeaderMatch::value, std::move(form));
  };
  return Object<HeaderMatch>(
             "One header. Without exact, prefix or regex, the header only has to be present.")
      .Required("name", &HeaderMatch::name, HeaderName("never leaves a proxy"),
                "Header name, case-insensitive.")
      .Optional("exact", of(K::kExact, Text({.max = 4096})), "The exact value.")
      .Optional("prefix", of(K::kPrefix, Text({.max = 4096})), "Prefix of the value.")
      .Optional("regex", of(K::kRegex, Regex()),
                "RE2 regular expression that matches the whole value.")
      // Not "on", which YAML 1.1, and with it kubectl, reads as true.
      .Optional("in", &HeaderMatch::response,
                Choice<bool>({{false, "Request"}, {true, "Response"}}),
                "Whether to look at request or response headers.")
      .Optional("invert", &HeaderMatch::invert, Bool(), "Invert the match.")
      .Rule("[has(self.exact), has(self.prefix), has(self.regex)].filter(set, set).size() <= 1",
            "at most one of exact, prefix, regex")
      .Checked([](FieldReader& fields, const HeaderMatch&) {
        if (Given(&fields, {"exact", "prefix", "regex"}) <= 1) return;
        fields.Fault("InvalidValue", "must have at most one of exact, prefix, regex");
      })
      .kind();
}

Kind<std::string> Authority() {
  return Text({.max = 255,
               .pattern = "^(\\*\\.)?[^*/ \\t]+$",
               .message = "must be a host such as shop.example:8080, or *.example",
               .check = [](const Value& value, std::string* text) {
                 const std::string rest = text->starts_with("*.") ? text->substr(2) : *text;
                 if (!rest.empty() && rest.find_first_of("*/ \t") == std::string::npos) return;
                 value.Invalid("must be a host such as shop.example:8080, or *.example");
               }});
}

Kind<std::string> TraceId() {
  constexpr const char* kAdvice =
      "must be 32 or 16 hexadecimal digits in lower case, not all zeros";
  return Text({.max = 32,
               .pattern = "^([0-9a-f]{16}|[0-9a-f]{32})$",
               .rule = "!self.matches('^0+$')",
               .message = kAdvice,
               .check = [=](const Value& value, std::string* text) {
                 if (!IsTraceId(*text)) value.Invalid(kAdvice);
               }});
}

Kind<CodeRange> Code() {
  Kind<CodeRange> out;
  out.read = [](const Value& value, CodeRange* to) {
    const StatusOr<CodeRange> range = ParseCodeRange(value.node->text);
    if (!range.ok()) return value.Invalid(Message(range.status()));
    *to = *range;
  };
  out.write = [](const CodeRange& range) { return Json(FormatCodeRange(range)); };
  out.describe = [](Scope) {
    Tree tree = {{"x-kubernetes-int-or-string", true}, {"maxLength", 7}};
    AddRule(&tree,
            "type(self) == int ? self == 0 || (self >= 100 && self <= 599) : " +
                Matches("^(0|[1-5]xx|[1-5][0-9][0-9](-[1-5][0-9][0-9])?)$", "string(self)") +
                " && (size(string(self)) < 5 || string(self).substring(0, 3) <= "
                "string(self).substring(4))",
            "must be a code, a range or a class from 100 to 599, such as 404, 500-599 or 5xx, or 0 "
            "for no response");
    return tree;
  };
  return out;
}

}  // namespace

Kind<PathMatch> PathFields() {
  return TextMatch("A path, without its query. Set exactly one of prefix, exact and regex.",
                   PlainPath());
}

const Kind<MatchSpec>& MatchFields() {
  static const Kind<MatchSpec> kind =
      Object<MatchSpec>()
          .Optional("methods", &MatchSpec::methods, List(OneOf(kMethods)),
                    "HTTP methods. Envoy distinguishes only the listed ones.")
          .Optional("paths", &MatchSpec::paths, List(PathFields()),
                    "Request paths, without the query.")
          .Optional("schemes", &MatchSpec::schemes, List(OneOf(kSchemes)), "URL schemes.")
          .Optional("authorities", &MatchSpec::authorities,
                    List(Described(Authority(),
                                   "A host name, or a suffix such as *.example. Without a port it "
                                   "matches any port.")),
                    "Requested hosts (the Host or :authority header).")
          .Optional("userAgents", &MatchSpec::user_agents, List(UserAgent()),
                    "User agents (the User-Agent header).")
          .Optional(
              "responseCodes", &MatchSpec::response_codes,
              List(Described(
                  Code(),
                  "A code, a range such as 500-599, a class such as 5xx, or 0 for no response.")),
              "Response codes.")
          .Optional("minDuration", &MatchSpec::min_duration, Duration(0, kDay),
                    "Minimum request duration.")
          .Optional("responseFlags", &MatchSpec::response_flags, List(OneOf(kResponseFlags)),
                    "Envoy response flags, such as UF or DC.")
          .Optional("grpcStatuses", &MatchSpec::grpc_statuses, List(OneOf(kGrpcStatuses)),
                    "gRPC statuses, such as UNAVAILABLE.")
          .Optional("traceIds", &MatchSpec::trace_ids,
                    List(Described(TraceId(), "32 hexadecimal digits, or 16 of a short B3 id.")),
                    "Ids of traces, as the header traceparent or B3's headers carry them.")
          .Optional("headers", &MatchSpec::headers, List(Header()),
                    "Header conditions. All of them must match.")
          .Optional(
              "protocols", &MatchSpec::protocols, List(OneOf(kProtocols)),
              "Protocols. TCP stands for connections that are not HTTP, and is tapped only where "
              "listed, since attaching drains them.")
          .Checked([](FieldReader& fields, const MatchSpec& match) {
            size_t cost = 0;
            for (const auto* texts : {&match.paths, &match.user_agents}) {
              for (const PathMatch& text : *texts) {
                if (text.kind == PathMatchKind::kRegex) cost += PatternCost(text.value);
              }
            }
            for (const HeaderMatch& header : match.headers) {
              if (header.kind == HeaderMatch::Kind::kRegex) cost += PatternCost(header.value);
            }
            CheckPatternCosts(fields, "regexes", cost);
          })
          .kind();
  return kind;
}

}  // namespace traffictap::tap::schema
