#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>

#include "filter/text_match.h"
#include "fmt/format.h"
#include "observe/record_filter.h"
#include "tap/values.h"
#include "traffic/grpc_status.h"

namespace traffictap::observe {
namespace {

constexpr size_t kValueBytesMax = 1024;

using Reader = std::function<Status(const std::string&, RecordConditions*)>;

// The elements between `separators`; empty ones are left out.
std::vector<std::string> Split(const std::string& text, const char* separators) {
  std::vector<std::string> out;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find_first_of(separators, begin), text.size());
    if (end > begin) out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

std::string Changed(std::string text, int (*change)(int)) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [&](unsigned char c) { return static_cast<char>(change(c)); });
  return text;
}

// "5xx"; "500,599" is the range that the seed of this grammar wrote so.
StatusOr<tap::CodeRange> ReadCodes(std::string text) {
  if (text.size() == 3 && Changed(text.substr(1), ::tolower) == "xx" && text[0] >= '1' &&
      text[0] <= '5') {
    const uint32_t first = static_cast<uint32_t>(text[0] - '0') * 100;
    return tap::CodeRange{first, first + 99};
  }
  std::replace(text.begin(), text.end(), ',', '-');
  auto range = tap::ParseCodeRange(text);
  if (range.ok()) return range;
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is no response code: use 404, 500-599, 5xx, several as 404|503, or 0 for "
                  "no response",
                  text));
}

Status ReadCodeList(const std::string& value, RecordConditions* out) {
  for (const auto& element : Split(value, "|")) {
    const auto range = ReadCodes(element);
    if (!range.ok()) return range.status();
    out->match.response_codes.push_back(*range);
  }
  return absl::OkStatus();
}

// "/cart" is a prefix, "=/cart" the whole path, "~/cart/\\d+" a regex over the whole path.
Status ReadPath(const std::string& value, RecordConditions* out) {
  tap::PathMatch path{tap::PathMatchKind::kPrefix, value};
  if (value[0] == '=' || value[0] == '~') {
    path.kind = value[0] == '=' ? tap::PathMatchKind::kExact : tap::PathMatchKind::kRegex;
    path.value = value.substr(1);
  }
  if (path.kind != tap::PathMatchKind::kRegex && !path.value.starts_with('/')) {
    return absl::InvalidArgumentError(
        "must be a prefix such as /cart, a whole path such as =/cart/1, or a regex such as "
        "~/cart/[0-9]+");
  }
  Status compiles;
  if (path.kind == tap::PathMatchKind::kRegex)
    compiles = filter::CompilePattern(path.value).status();
  out->match.paths.push_back(std::move(path));
  return compiles;
}

Status ReadMinDuration(const std::string& value, RecordConditions* out) {
  const auto duration = tap::ParseDuration(value);
  if (duration.ok()) out->match.min_duration = *duration;
  return duration.status();
}

Status ReadFlags(const std::string& value, RecordConditions* out) {
  for (const auto& element : Split(value, ",|")) {
    out->match.response_flags.push_back(Changed(element, ::toupper));
    if (traffic::ParseResponseFlag(out->match.response_flags.back())) continue;
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\" is no response flag: use Envoy's short names such as UF or DC", element));
  }
  return absl::OkStatus();
}

// "x-tenant" is present, "x-tenant:blue" is so.
Status ReadHeader(const std::string& value, RecordConditions* out) {
  const size_t colon = value.find(':');
  const auto name = tap::ParseHeaderName(value.substr(0, colon));
  if (!name.ok()) return name.status();
  tap::HeaderMatch header;
  header.name = *name;
  if (colon != std::string::npos) {
    header.kind = tap::HeaderMatch::Kind::kExact;
    header.value = value.substr(colon + 1);
  }
  out->match.headers.push_back(std::move(header));
  return absl::OkStatus();
}

Status ReadVerdicts(const std::string& value, RecordConditions* out) {
  for (const auto& element : Split(value, ",|")) {
    size_t verdict = 0;
    while (verdict < traffic::kVerdictCount &&
           Changed(element, ::tolower) !=
               Changed(ToString(static_cast<traffic::Verdict>(verdict)), ::tolower)) {
      ++verdict;
    }
    if (verdict == traffic::kVerdictCount) {
      return absl::InvalidArgumentError(fmt::format(
          "\"{}\" is no verdict: use Ok, ServerError, ClientAborted, NetworkOrProxy, Retried, "
          "Mismatch, Denied",
          element));
    }
    out->verdicts.push_back(static_cast<traffic::Verdict>(verdict));
  }
  return absl::OkStatus();
}

Status ReadGrpcStatuses(const std::string& value, RecordConditions* out) {
  for (const auto& element : Split(value, ",|")) {
    const std::string name = Changed(element, ::toupper);
    if (traffic::ParseGrpcStatus(name) == traffic::GrpcStatus::kAbsent) {
      return absl::InvalidArgumentError(
          fmt::format("\"{}\" is no gRPC status: use a name such as UNAVAILABLE, several as "
                      "UNAVAILABLE|INTERNAL",
                      element));
    }
    out->match.grpc_statuses.push_back(name);
  }
  return absl::OkStatus();
}

Status ReadDirection(const std::string& value, RecordConditions* out) {
  const std::string lower = Changed(value, ::tolower);
  const bool in = lower == "in" || lower == "inbound";
  const bool out_ = lower == "out" || lower == "outbound";
  if (!in && !out_ && lower != "both") {
    return absl::InvalidArgumentError("must be in, out or both");
  }
  out->direction = in     ? tap::Direction::kInbound
                   : out_ ? tap::Direction::kOutbound
                          : tap::Direction::kBoth;
  return absl::OkStatus();
}

EndPattern ReadEnd(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return {{}, text};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

Reader EndsInto(std::vector<EndPattern> RecordConditions::*list, bool namespaces) {
  return [=](const std::string& value, RecordConditions* out) {
    for (const auto& element : Split(value, ",|")) {
      (out->*list).push_back(namespaces ? EndPattern{element, {}} : ReadEnd(element));
    }
    return absl::OkStatus();
  };
}

Reader TextsInto(std::vector<std::string> tap::MatchSpec::*list, int (*change)(int)) {
  return [=](const std::string& value, RecordConditions* out) {
    for (const auto& element : Split(value, ",|")) {
      (out->match.*list).push_back(change == nullptr ? element : Changed(element, change));
    }
    return absl::OkStatus();
  };
}

const std::map<std::string, Reader>& Readers() {
  using tap::MatchSpec;
  using C = RecordConditions;
  static const std::map<std::string, Reader> readers = {
      {"method", TextsInto(&MatchSpec::methods, ::toupper)},
      {"path", ReadPath},
      {"scheme", TextsInto(&MatchSpec::schemes, ::tolower)},
      {"authority", TextsInto(&MatchSpec::authorities, nullptr)},
      {"code", ReadCodeList},
      {"minDuration", ReadMinDuration},
      {"flag", ReadFlags},
      {"grpcStatus", ReadGrpcStatuses},
      {"protocol", TextsInto(&MatchSpec::protocols, ::toupper)},
      {"header", ReadHeader},
      {"verdict", ReadVerdicts},
      {"direction", ReadDirection},
      {"source", EndsInto(&C::sources, false)},
      {"sourceNamespace", EndsInto(&C::source_namespaces, true)},
      {"destination", EndsInto(&C::destinations, false)},
      {"destinationNamespace", EndsInto(&C::destination_namespaces, true)},
      {"workload", EndsInto(&C::ends, false)},
      {"namespace", EndsInto(&C::end_namespaces, true)},
      {"text",
       [](const std::string& value, C* out) {
         out->text = Changed(value, ::tolower);
         return absl::OkStatus();
       }},
  };
  return readers;
}

}  // namespace

Status ReadCondition(const Parameter& parameter, RecordConditions* out) {
  const auto reader = Readers().find(parameter.name);
  if (reader == Readers().end()) return absl::NotFoundError(parameter.name);
  if (parameter.value.empty() || parameter.value.size() > kValueBytesMax) {
    return absl::InvalidArgumentError(fmt::format("must have 1 to {} characters", kValueBytesMax));
  }
  return reader->second(parameter.value, out);
}

}  // namespace traffictap::observe
