#include <algorithm>
#include <cctype>

#include "fmt/format.h"
#include "re2/re2.h"
#include "tap/parse_parts.h"
#include "tap/parse_tap.h"

namespace traffictap::tap {
namespace {

constexpr size_t kListMax = 256;
constexpr size_t kRegexMax = 4096;
constexpr int64_t kRegexMemoryMax = 1 << 20;  // as filter/text_match.cc allows

bool IsToken(const std::string& text) {
  constexpr std::string_view kSymbols = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return std::isalnum(c) || kSymbols.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

// Envoy's access log tells these apart and no others.
const std::vector<std::string>& MethodNames() {
  static const std::vector<std::string> names = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                 "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  return names;
}

void CheckPath(const Value& value, const std::string& path) {
  if (path[0] != '/') value.Invalid("must begin with /");
  if (path.find_first_of("?#") != std::string::npos) {
    value.Invalid("is matched without the query: remove what follows ? or #");
  }
}

void ReadPath(const Value& value, std::vector<PathMatch>* paths) {
  FieldReader fields(value);
  PathMatch path;
  int kinds = 0;
  const auto take = [&](PathMatchKind kind) {
    return [&, kind](const Value& text) {
      ++kinds;
      path.kind = kind;
      if (kind == PathMatchKind::kRegex) {
        ReadRegex(text, &path.value);
      } else if (text.Text(&path.value)) {
        CheckPath(text, path.value);
      }
    };
  };
  fields.Optional("prefix", take(PathMatchKind::kPrefix));
  fields.Optional("exact", take(PathMatchKind::kExact));
  fields.Optional("regex", take(PathMatchKind::kRegex));
  if (kinds != 1) fields.Fault("InvalidValue", "must have exactly one of prefix, exact, regex");
  paths->push_back(path);
}

void ReadHeader(const Value& value, std::vector<HeaderMatch>* headers) {
  FieldReader fields(value);
  HeaderMatch header;
  int kinds = 0;
  const auto take = [&](HeaderMatch::Kind kind) {
    return [&, kind](const Value& text) {
      ++kinds;
      header.kind = kind;
      if (kind == HeaderMatch::Kind::kRegex) {
        ReadRegex(text, &header.value);
      } else {
        text.Text(&header.value);
      }
    };
  };
  fields.Required("name", [&](const Value& v) {
    if (ReadHeaderName(v, &header.name) && IsCredentialHeader(header.name)) {
      v.Invalid(header.name + " carries credentials and never leaves a proxy: remove it");
    }
  });
  fields.Optional("exact", take(HeaderMatch::Kind::kExact));
  fields.Optional("prefix", take(HeaderMatch::Kind::kPrefix));
  fields.Optional("regex", take(HeaderMatch::Kind::kRegex));
  // Not "on", which YAML 1.1, and with it kubectl, reads as true.
  fields.Optional("in", [&](const Value& v) {
    header.response = v.Choice({"Request", "Response"}) == 1;
  });
  fields.Optional("invert", [&](const Value& v) { v.Bool(&header.invert); });
  if (kinds > 1) fields.Fault("InvalidValue", "must have at most one of exact, prefix, regex");
  headers->push_back(header);
}

void ReadCode(const Value& value, std::vector<CodeRange>* codes) {
  const StatusOr<CodeRange> range = ParseCodeRange(value.node->text);
  if (!range.ok()) return value.Invalid(Message(range.status()));
  codes->push_back(*range);
}

void ReadAuthority(const Value& value, std::vector<std::string>* authorities) {
  std::string text;
  if (!value.Text(&text)) return;
  const bool suffix = text.rfind("*.", 0) == 0;
  const std::string rest = suffix ? text.substr(2) : text;
  if (rest.empty() || rest.find_first_of("*/ \t") != std::string::npos) {
    return value.Invalid("must be a host such as shop.example:8080, or *.example");
  }
  authorities->push_back(text);
}

}  // namespace

const std::vector<std::string>& ResponseFlagNames() {
  static const std::vector<std::string> names = {"LH",   "UH",  "UT",  "LR", "UR",  "UF",    "UC",
                                                 "UO",   "NR",  "DI",  "FI", "RL",  "UAEX",  "RLSE",
                                                 "DC",   "URX", "SI",  "IH", "DPE", "UMSDR", "RFCF",
                                                 "NFCF", "DT",  "UPE", "NC", "OM",  "DF",    "DR"};
  return names;
}

bool IsCredentialHeader(const std::string& name) {
  constexpr std::string_view kCredentials[] = {"authorization",       "cookie",
                                               "set-cookie",          "proxy-authorization",
                                               "x-api-key",           "x-forwarded-client-cert",
                                               "x-amz-security-token"};
  return std::find(std::begin(kCredentials), std::end(kCredentials), name) !=
         std::end(kCredentials);
}

bool ReadRegex(const Value& value, std::string* out) {
  if (!value.Text(out)) return false;
  if (out->size() > kRegexMax) {
    value.Invalid("is longer than 4096 characters");
    return false;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemoryMax);
  const re2::RE2 regex(*out, options);
  if (!regex.ok()) value.Invalid(fmt::format("is not a regex that RE2 takes: {}", regex.error()));
  return regex.ok();
}

bool ReadHeaderName(const Value& value, std::string* out) {
  if (!value.Text(out)) return false;
  std::transform(out->begin(), out->end(), out->begin(), ::tolower);
  if (IsToken(*out)) return true;
  value.Invalid("must be a header name such as x-tenant");
  return false;
}

StatusOr<std::string> ParseHeaderName(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), ::tolower);
  if (!IsToken(text)) {
    return absl::InvalidArgumentError("must begin with a header name such as x-tenant");
  }
  if (IsCredentialHeader(text)) {
    return absl::InvalidArgumentError(text + " carries credentials and is in no record");
  }
  return text;
}

void ParseMatch(const Value& value, MatchSpec* match) {
  FieldReader fields(value);
  const auto list = [&](const char* name, auto read, auto* out) {
    fields.Optional(name, [&](const Value& v) {
      v.Each(kListMax, [&](const Value& element) { read(element, out); });
    });
  };
  const auto choice = [](std::vector<std::string> names) {
    return [names](const Value& v, std::vector<std::string>* out) {
      const int index = v.Choice(names);
      if (index >= 0) out->push_back(names[static_cast<size_t>(index)]);
    };
  };
  list("methods", choice(MethodNames()), &match->methods);
  list("paths", ReadPath, &match->paths);
  list("schemes", choice({"http", "https"}), &match->schemes);
  list("authorities", ReadAuthority, &match->authorities);
  list("responseCodes", ReadCode, &match->response_codes);
  fields.Optional("minDuration", [&](const Value& v) {
    base::Nanos duration = 0;
    if (v.Duration(0, 86'400 * base::kSecond, &duration)) match->min_duration = duration;
  });
  list("responseFlags", choice(ResponseFlagNames()), &match->response_flags);
  list("headers", ReadHeader, &match->headers);
  list("protocols", choice({"HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3", "TCP"}), &match->protocols);
}

}  // namespace traffictap::tap
