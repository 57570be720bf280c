// SPDX-License-Identifier: Apache-2.0
#include "observe/filter_values.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "base/nearest_name.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "tap/values.h"
#include "traffic/grpc_status.h"
#include "traffic/response_flags.h"

namespace traffictap::observe {
namespace {

// As the API has it for match.minDuration.
constexpr base::Nanos kMinDurationMax = 86'400 * base::kSecond;
// Far more than any retry policy makes.
constexpr uint32_t kAttemptsMax = 1000;

// The one of `names` that `text` is but for case and the characters of `ignored`.
const std::string* NameLike(const std::string& text, const std::vector<std::string>& names,
                            std::string_view ignored) {
  const auto bare = [&](const std::string& from) {
    std::string out;
    for (const char c : absl::AsciiStrToLower(from)) {
      if (ignored.find(c) == std::string_view::npos) out += c;
    }
    return out;
  };
  const auto found = std::find_if(names.begin(), names.end(),
                                  [&](const auto& name) { return bare(name) == bare(text); });
  return found == names.end() ? nullptr : &*found;
}

Status Unknown(const std::string& what, const std::string& text,
               const std::vector<std::string>& names) {
  const std::string nearest = base::NearestName(absl::AsciiStrToUpper(text), names);
  return absl::InvalidArgumentError(fmt::format(
      "invalid {} \"{}\"{}: use {}", what, text,
      nearest.empty() ? "" : fmt::format(" (did you mean {}?)", nearest), fmt::join(names, ", ")));
}

// Each element as the name that it is meant to be.
Status ReadNames(const std::string& value, const std::string& what,
                 const std::vector<std::string>& names, std::string_view ignored,
                 std::vector<std::string>* out) {
  const auto elements = SplitList(value);
  if (!elements.ok()) return elements.status();
  for (const auto& element : *elements) {
    const std::string* name = NameLike(element, names, ignored);
    if (name == nullptr) return Unknown(what, element, names);
    out->push_back(*name);
  }
  return absl::OkStatus();
}

template <typename Enum>
std::vector<std::string> NamesOf(size_t first, size_t end) {
  std::vector<std::string> out;
  for (size_t i = first; i < end; ++i) out.emplace_back(ToString(static_cast<Enum>(i)));
  return out;
}

// "5xx"; "500,599" is a range as well as "500-599".
StatusOr<tap::CodeRange> ReadCodeRange(const std::string& text) {
  if (text.size() == 3 && absl::AsciiStrToLower(text.substr(1)) == "xx" && text[0] >= '1' &&
      text[0] <= '5') {
    const uint32_t first = static_cast<uint32_t>(text[0] - '0') * 100;
    return tap::CodeRange{first, first + 99};
  }
  std::string range = text;
  std::replace(range.begin(), range.end(), ',', '-');
  auto read = tap::ParseCodeRange(range);
  if (read.ok()) return read;
  return absl::InvalidArgumentError(
      fmt::format("invalid response code \"{}\": use 404, 500-599, 5xx, a list as 404|503, or 0 "
                  "for no response",
                  text));
}

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

Status ReadCodeRanges(const std::string& value, std::vector<tap::CodeRange>* out) {
  // A comma makes a range here, so only bars separate.
  for (size_t begin = 0; begin <= value.size();) {
    const size_t end = std::min(value.find('|', begin), value.size());
    const auto range = ReadCodeRange(Trimmed(value.substr(begin, end - begin)));
    if (!range.ok()) return range.status();
    out->push_back(*range);
    begin = end + 1;
  }
  return absl::OkStatus();
}

// A port that the scheme has anyway is one that browsers and many clients leave out of the request.
std::string WithoutDefaultPort(const std::string& scheme, const std::string& host) {
  const std::string port = scheme == "http" ? ":80" : ":443";
  return host.ends_with(port) ? host.substr(0, host.size() - port.size()) : host;
}

// "http://shop.example:8080/" as its host, since that is what people copy.
StatusOr<std::string> HostOf(const std::string& text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string::npos) return text;
  const std::string host = text.substr(scheme + 3);
  const size_t slash = host.find_first_of("/?#");
  if (slash != std::string::npos && host.substr(slash) != "/") {
    return absl::InvalidArgumentError(
        fmt::format("invalid host \"{}\": give the host alone, such as {}, and the path as a path "
                    "filter",
                    text, host.substr(0, slash)));
  }
  return WithoutDefaultPort(absl::AsciiStrToLower(text.substr(0, scheme)), host.substr(0, slash));
}

}  // namespace

std::vector<std::string> MethodNames() {
  return NamesOf<traffic::Method>(1, static_cast<size_t>(traffic::Method::kPatch) + 1);
}

std::vector<std::string> ProtocolNames() {
  auto out =
      NamesOf<traffic::HttpVersion>(1, static_cast<size_t>(traffic::HttpVersion::kHttp3) + 1);
  out.emplace_back("TCP");
  return out;
}

std::vector<std::string> GrpcStatusNames() {
  return NamesOf<traffic::GrpcStatus>(
      0, static_cast<size_t>(traffic::GrpcStatus::kUnauthenticated) + 1);
}

std::vector<std::string> VerdictNames() {
  return NamesOf<traffic::Verdict>(0, traffic::kVerdictCount);
}

// The reasons of one-sided records, any of them, and that both sides came.
std::vector<std::string> OrphanNames() {
  auto out = NamesOf<traffic::OrphanReason>(1, traffic::kOrphanReasonCount);
  for (const char* more : {"Any", "None"}) out.emplace_back(more);
  return out;
}

// A record has "Open" as its state; it has none where what it tells of has ended.
std::vector<std::string> StateNames() { return {"Open", "Ended"}; }

StatusOr<std::vector<std::string>> SplitList(const std::string& value) {
  std::vector<std::string> out;
  for (size_t begin = 0; begin <= value.size();) {
    const size_t end = std::min(value.find_first_of(",|", begin), value.size());
    const std::string element = Trimmed(value.substr(begin, end - begin));
    if (!element.empty()) out.push_back(element);
    begin = end + 1;
  }
  if (out.empty()) return absl::InvalidArgumentError(fmt::format("\"{}\" has no value", value));
  return out;
}

Status ReadMethods(const std::string& value, RecordConditions* out) {
  return ReadNames(value, "method", MethodNames(), "", &out->match.methods);
}

Status ReadSchemes(const std::string& value, RecordConditions* out) {
  return ReadNames(value, "scheme", {"http", "https"}, ":/", &out->match.schemes);
}

Status ReadAuthorities(const std::string& value, RecordConditions* out) {
  const auto elements = SplitList(value);
  if (!elements.ok()) return elements.status();
  for (const auto& element : *elements) {
    const auto host = HostOf(element);
    if (!host.ok()) return host.status();
    const std::string rest = host->starts_with("*.") ? host->substr(2) : *host;
    if (rest.empty() || rest.find_first_of("*/ \t?#@") != std::string::npos) {
      return absl::InvalidArgumentError(fmt::format(
          "invalid host \"{}\": use a host such as shop.example or shop.example:8080, or *.example",
          element));
    }
    out->match.authorities.push_back(*host);
  }
  return absl::OkStatus();
}

Status ReadCodes(const std::string& value, RecordConditions* out) {
  return ReadCodeRanges(value, &out->match.response_codes);
}

Status ReadClientCodes(const std::string& value, RecordConditions* out) {
  return ReadCodeRanges(value, &out->client_codes);
}

Status ReadServerCodes(const std::string& value, RecordConditions* out) {
  return ReadCodeRanges(value, &out->server_codes);
}

// Of several, the least: as of any list, one of them is enough.
Status ReadAttempts(const std::string& value, RecordConditions* out) {
  uint32_t least = 0;
  if (!absl::SimpleAtoi(value, &least) || least == 0 || least > kAttemptsMax) {
    return absl::InvalidArgumentError(fmt::format(
        "invalid number of attempts \"{}\": use a number from 1 to {}, such as 2 for what was "
        "retried",
        value, kAttemptsMax));
  }
  out->attempts = out->attempts == 0 ? least : std::min(out->attempts, least);
  return absl::OkStatus();
}

// Also as the header grpc-status has it ("14"), and "Canceled" as Envoy and Go spell it.
Status ReadGrpcStatuses(const std::string& value, RecordConditions* out) {
  const auto elements = SplitList(value);
  if (!elements.ok()) return elements.status();
  const auto names = GrpcStatusNames();
  for (const auto& element : *elements) {
    size_t number = 0;
    std::string text = element;
    if (absl::SimpleAtoi(text, &number) && number < names.size()) text = names[number];
    if (absl::AsciiStrToLower(text) == "canceled") text = "CANCELLED";
    TT_RETURN_IF_ERROR(ReadNames(text, "gRPC status", names, "-_", &out->match.grpc_statuses));
  }
  return absl::OkStatus();
}

Status ReadMinDuration(const std::string& value, RecordConditions* out) {
  const auto duration = tap::ParseDuration(value);
  if (!duration.ok()) return duration.status();
  if (*duration > kMinDurationMax) return absl::InvalidArgumentError("must be at most 24h");
  auto& least = out->match.min_duration;
  least = least ? std::min(*least, *duration) : *duration;
  return absl::OkStatus();
}

Status ReadFlags(const std::string& value, RecordConditions* out) {
  const auto elements = SplitList(value);
  if (!elements.ok()) return elements.status();
  for (const auto& element : *elements) {
    const std::string flag = absl::AsciiStrToUpper(element);
    if (!traffic::ParseResponseFlag(flag)) {
      return absl::InvalidArgumentError(fmt::format(
          "invalid response flag \"{}\": use Envoy's short names, such as UF or DC", element));
    }
    out->match.response_flags.push_back(flag);
  }
  return absl::OkStatus();
}

// Also as others write them: "http2", "h2", "HTTP/2.0", "http1.1".
Status ReadProtocols(const std::string& value, RecordConditions* out) {
  const auto elements = SplitList(value);
  if (!elements.ok()) return elements.status();
  for (const auto& element : *elements) {
    std::string text = absl::AsciiStrToLower(element);
    if (text == "h2" || text == "h2c" || text == "h3") text = "http/" + text.substr(1, 1);
    if (text.ends_with("2.0") || text.ends_with("3.0")) text.resize(text.size() - 2);
    TT_RETURN_IF_ERROR(ReadNames(text, "protocol", ProtocolNames(), "/.", &out->match.protocols));
  }
  return absl::OkStatus();
}

// "x-tenant" is present, "x-tenant:blue" and "x-tenant: blue" have this value.
Status ReadHeader(const std::string& value, RecordConditions* out) {
  const size_t colon = value.find(':');
  const auto name = tap::ParseHeaderName(Trimmed(value.substr(0, colon)));
  if (!name.ok()) return name.status();
  if (*name == "host") {
    return absl::InvalidArgumentError(
        "Envoy keeps the host apart from the headers: filter by authority instead");
  }
  tap::HeaderMatch header;
  header.name = *name;
  if (colon != std::string::npos) {
    header.kind = tap::HeaderMatch::Kind::kExact;
    header.value = Trimmed(value.substr(colon + 1));
  }
  out->match.headers.push_back(std::move(header));
  return absl::OkStatus();
}

// Also as a traceparent has it, or in capitals, since that is what people copy.
Status ReadTraceIds(const std::string& value, RecordConditions* out) {
  const auto elements = SplitList(value);
  if (!elements.ok()) return elements.status();
  for (const auto& element : *elements) {
    std::string id = absl::AsciiStrToLower(element);
    if (id.size() == 55 && id[2] == '-' && id[35] == '-') id = id.substr(3, 32);
    if (!tap::IsTraceId(id)) {
      return absl::InvalidArgumentError(fmt::format(
          "invalid trace id \"{}\": use its 32 hexadecimal digits, or the 16 of a short B3 id",
          element));
    }
    out->match.trace_ids.push_back(id);
  }
  return absl::OkStatus();
}

Status ReadVerdicts(const std::string& value, RecordConditions* out) {
  std::vector<std::string> names;
  TT_RETURN_IF_ERROR(ReadNames(value, "verdict", VerdictNames(), "-_", &names));
  const auto known = VerdictNames();
  for (const auto& name : names) {
    const auto at = std::find(known.begin(), known.end(), name) - known.begin();
    out->verdicts.push_back(static_cast<traffic::Verdict>(at));
  }
  return absl::OkStatus();
}

Status ReadOrphanReasons(const std::string& value, RecordConditions* out) {
  std::vector<std::string> names;
  TT_RETURN_IF_ERROR(ReadNames(value, "reason", OrphanNames(), "-_", &names));
  for (const auto& name : names) {
    for (size_t i = 0; i < traffic::kOrphanReasonCount; ++i) {
      const auto reason = static_cast<traffic::OrphanReason>(i);
      const bool both = reason == traffic::OrphanReason::kNone;
      const bool meant = both ? name == "None" : name == "Any" || name == ToString(reason);
      if (meant) out->orphan_reasons.push_back(reason);
    }
  }
  return absl::OkStatus();
}

Status ReadStates(const std::string& value, RecordConditions* out) {
  std::vector<std::string> names;
  TT_RETURN_IF_ERROR(ReadNames(value, "state", StateNames(), "", &names));
  for (const auto& name : names) (name == "Open" ? out->open : out->ended) = true;
  return absl::OkStatus();
}

Status ReadDirection(const std::string& value, RecordConditions* out) {
  const std::string lower = absl::AsciiStrToLower(value);
  const bool in = lower == "in" || lower == "inbound";
  const bool outbound = lower == "out" || lower == "outbound";
  if (!in && !outbound && lower != "both") {
    return absl::InvalidArgumentError(
        fmt::format("invalid direction \"{}\": use in, out or both", value));
  }
  out->inbound = out->inbound || !outbound;
  out->outbound = out->outbound || !in;
  return absl::OkStatus();
}

Status ReadText(const std::string& value, RecordConditions* out) {
  out->texts.push_back(absl::AsciiStrToLower(value));
  return absl::OkStatus();
}

}  // namespace traffictap::observe
