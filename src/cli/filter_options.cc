#include "cli/filter_options.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace traffictap::cli {
namespace {

constexpr char kSection[] = "Filters (all that are given hold; repeated ones are alternatives)";
constexpr std::string_view kNot = "not.";

struct FilterOption {
  const char* name;
  const char* parameter;
  const char* value;
  const char* help;
  Completes completes = Completes::kNothing;
  std::vector<std::string> choices = {};
};

const std::vector<FilterOption>& Table() {
  static const std::vector<FilterOption> table = {
      {"direction",
       "direction",
       "in|out|both",
       "as seen from what is tapped: in (inbound), out (outbound) or both",
       Completes::kChoices,
       {"in", "out", "inbound", "outbound", "both"}},
      {"method",
       "method",
       "NAME",
       "HTTP method, such as GET or GET,POST",
       Completes::kChoices,
       {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"}},
      {"path", "path", "PATH", "/cart is a prefix, =/cart the whole path, ~/cart/[0-9]+ a regex"},
      {"scheme", "scheme", "NAME", "http or https", Completes::kChoices, {"http", "https"}},
      {"authority", "authority", "HOST", "host that was asked for: shop.example or *.example"},
      {"response-code",
       "code",
       "CODES",
       "500,599 and 500-599 are a range, 5xx a class, 404|503 a list, 0 no response",
       Completes::kChoices,
       {"2xx", "3xx", "4xx", "5xx", "500,599", "0"}},
      {"grpc-status", "grpcStatus", "NAMES",
       "how a gRPC call ended: UNAVAILABLE or UNAVAILABLE|INTERNAL"},
      {"min-duration", "minDuration", "DURATION", "the slower side took at least so long: 100ms"},
      {"flag", "flag", "FLAGS", "Envoy's response flags, such as UF or DC"},
      {"protocol",
       "protocol",
       "NAME",
       "HTTP/1.1, HTTP/2 or TCP",
       Completes::kChoices,
       {"HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3", "TCP"}},
      {"verdict",
       "verdict",
       "NAME",
       "who is to blame: Ok, ServerError, ClientAborted, NetworkOrProxy, Retried, Mismatch, "
       "Denied",
       Completes::kChoices,
       {"Ok", "ServerError", "ClientAborted", "NetworkOrProxy", "Retried", "Mismatch", "Denied"}},
      {"header", "header", "NAME[:VALUE]", "a request header is there, or has this value"},
      {"from", "source", "[NS/]NAME", "who asks: cart, shop/cart or shop/*", Completes::kWorkloads},
      {"to", "destination", "[NS/]NAME", "who is asked", Completes::kWorkloads},
      {"destination", "destination", "[NS/]NAME", "the same as --to", Completes::kWorkloads},
      {"destination-ns", "destinationNamespace", "NAME", "namespace of who is asked",
       Completes::kNamespaces},
      {"source-ns", "sourceNamespace", "NAME", "namespace of who asks", Completes::kNamespaces},
      {"text", "text", "TEXT", "anywhere in path, authority, user agent, request id or a name"},
  };
  return table;
}

Option MakeOption(const FilterOption& row, bool negated, FilterOptions* out) {
  Option option;
  option.name = (negated ? "not-" : "") + std::string(row.name);
  option.value = row.value;
  option.help = row.help;
  option.completes = row.completes;
  option.choices = row.choices;
  option.section = kSection;
  option.hidden = negated;
  const std::string parameter = row.parameter;
  option.take = [out, parameter, negated](const std::string& value) {
    observe::RecordConditions scratch;
    TT_RETURN_IF_ERROR(observe::ReadCondition({parameter, value}, &scratch));
    out->parameters.push_back({negated ? std::string(kNot) + parameter : parameter, value});
    return absl::OkStatus();
  };
  return option;
}

// What tap::MatchSpec and `direction` say, with the same meaning.
bool IsOfTap(const std::string& parameter) {
  constexpr std::array<std::string_view, 10> kOfTap = {
      "method",      "path", "scheme",   "authority", "code",
      "minDuration", "flag", "protocol", "direction", "grpcStatus"};
  return std::find(kOfTap.begin(), kOfTap.end(), parameter) != kOfTap.end();
}

}  // namespace

void AddFilterOptions(FilterOptions* out, CommandSpec* spec) {
  for (const auto& row : Table()) spec->options.push_back(MakeOption(row, false, out));
  Option negation;
  negation.name = "not";
  negation.help = "keep out what the filter after it keeps: --not --method GET";
  negation.section = kSection;
  negation.take = [](const std::string&) {
    return absl::InvalidArgumentError("must stand before the filter that it turns around");
  };
  spec->options.push_back(negation);
  for (const auto& row : Table()) spec->options.push_back(MakeOption(row, true, out));
}

SplitFilter SplitForTap(const FilterOptions& filter) {
  SplitFilter out;
  observe::RecordConditions conditions;
  for (const auto& parameter : filter.parameters) {
    // Checked when it was taken: it reads again.
    const bool taken =
        IsOfTap(parameter.name) && observe::ReadCondition(parameter, &conditions).ok();
    if (!taken) out.rest.push_back(parameter);
  }
  out.match = std::move(conditions.match);
  out.direction = conditions.direction;
  return out;
}

}  // namespace traffictap::cli
