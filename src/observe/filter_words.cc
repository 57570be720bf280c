// SPDX-License-Identifier: Apache-2.0
#include "observe/filter_words.h"

#include <algorithm>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "observe/filter_values.h"

namespace traffictap::observe {
namespace {

constexpr size_t kValueBytesMax = 1024;

bool IsNamed(const FilterWord& word, std::string_view name) {
  return name == word.parameter || (!word.option.empty() && name == word.option) ||
         std::find(word.aliases.begin(), word.aliases.end(), name) != word.aliases.end();
}

std::vector<FilterWord> Requests() {
  return {
      {.parameter = "direction",
       .option = "direction",
       .value = "in|out|both",
       .help = "requests that the tapped workloads receive (in), send (out), or both",
       .example = "in",
       .tap_field = "direction",
       .names = FilterNames::kChoices,
       .choices = {"in", "out", "both", "inbound", "outbound"},
       .read = ReadDirection},
      {.parameter = "method",
       .option = "method",
       .value = "METHOD",
       .help = "HTTP method, such as GET or GET,POST",
       .example = "GET|POST",
       .tap_field = "match.methods",
       .names = FilterNames::kChoices,
       .choices = MethodNames(),
       .read = ReadMethods},
      {.parameter = "path",
       .option = "path",
       .value = "PATH",
       .help =
           "/cart is a prefix, =/cart the whole path, ~/cart/[0-9]+ a regex; with a ? the query "
           "counts too",
       .example = "/cart",
       .tap_field = "match.paths",
       .read = ReadPath},
      {.parameter = "scheme",
       .option = "scheme",
       .value = "SCHEME",
       .help = "http or https",
       .example = "https",
       .tap_field = "match.schemes",
       .names = FilterNames::kChoices,
       .choices = {"http", "https"},
       .read = ReadSchemes},
      {.parameter = "authority",
       .option = "authority",
       .aliases = {"host"},
       .value = "HOST",
       .help = "requested host: shop.example, shop.example:8080 or *.example",
       .example = "*.example",
       .tap_field = "match.authorities",
       .read = ReadAuthorities},
  };
}

std::vector<FilterWord> Headers() {
  return {
      {.parameter = "userAgent",
       .option = "user-agent",
       .keys = {"agent"},
       .value = "TEXT",
       .help = "curl/ is a prefix, =curl/8.5.0 the whole user agent, ~.*Firefox/1[23].* a regex",
       .example = "curl/",
       .tap_field = "match.userAgents",
       .read = ReadUserAgent},
      {.parameter = "protocol",
       .option = "protocol",
       .value = "PROTOCOL",
       .help = "HTTP/1.1, HTTP/2 (or http2) or TCP",
       .example = "HTTP/2",
       .tap_field = "match.protocols",
       .names = FilterNames::kChoices,
       .choices = ProtocolNames(),
       .read = ReadProtocols},
      {.parameter = "header",
       .option = "header",
       .value = "NAME[:VALUE]",
       .help = "request header that is present, or has this value; if repeated, all must hold",
       .example = "x-tenant:blue",
       .tap_field = "match.headers",
       .read = ReadHeader},
      {.parameter = "trace",
       .option = "trace",
       .aliases = {"trace-id"},
       .value = "ID",
       .help = "id of the trace: 32 hexadecimal digits, or 16 of a short B3 id",
       .example = "0af7651916cd43dd8448eb211c80319c",
       .tap_field = "match.traceIds",
       .read = ReadTraceIds},
  };
}

std::vector<FilterWord> Outcomes() {
  return {
      {.parameter = "code",
       .option = "response-code",
       .aliases = {"status"},
       .value = "CODES",
       .help = "404, a range as 500-599 or 500,599, a class as 5xx, a list as 404|503, or 0 for no "
               "response",
       .example = "5xx",
       .tap_field = "match.responseCodes",
       .names = FilterNames::kChoices,
       .choices = {"2xx", "3xx", "4xx", "5xx", "500,599", "0"},
       .read = ReadCodes},
      {.parameter = "grpcStatus",
       .option = "grpc-status",
       .keys = {"grpc"},
       .value = "STATUSES",
       .help = "how a gRPC call ended, such as UNAVAILABLE or UNAVAILABLE,INTERNAL",
       .example = "UNAVAILABLE",
       .tap_field = "match.grpcStatuses",
       .names = FilterNames::kChoices,
       .choices = GrpcStatusNames(),
       .read = ReadGrpcStatuses},
      {.parameter = "minDuration",
       .option = "min-duration",
       .keys = {"min"},
       .value = "DURATION",
       .help = "only requests that took at least this long on either side, such as 100ms",
       .example = "100ms",
       .tap_field = "match.minDuration",
       .read = ReadMinDuration},
      {.parameter = "flag",
       .option = "flag",
       .keys = {"flags"},
       .value = "FLAGS",
       .help = "Envoy response flag, such as UF or DC",
       .example = "UF",
       .tap_field = "match.responseFlags",
       .read = ReadFlags},
  };
}

std::vector<FilterWord> OneSide() {
  return {
      {.parameter = "clientCode",
       .option = "client-code",
       .value = "CODES",
       .help = "response code that the client's proxy reported, written as for code",
       .example = "503",
       .names = FilterNames::kChoices,
       .choices = {"2xx", "3xx", "4xx", "5xx", "500,599", "0"},
       .read = ReadClientCodes},
      {.parameter = "serverCode",
       .option = "server-code",
       .value = "CODES",
       .help = "response code that the server's proxy reported, of any attempt",
       .example = "2xx",
       .names = FilterNames::kChoices,
       .choices = {"2xx", "3xx", "4xx", "5xx", "500,599", "0"},
       .read = ReadServerCodes},
      {.parameter = "attempts",
       .option = "attempts",
       .value = "NUMBER",
       .help = "only requests that took at least this many attempts, such as 2",
       .example = "2",
       .read = ReadAttempts},
  };
}

std::vector<FilterWord> Judgements() {
  return {
      {.parameter = "verdict",
       .option = "verdict",
       .value = "VERDICT",
       .help = fmt::format("who is to blame: {}", fmt::join(VerdictNames(), ", ")),
       .example = "ServerError",
       .names = FilterNames::kChoices,
       .choices = VerdictNames(),
       .read = ReadVerdicts},
      {.parameter = "orphan",
       .option = "orphan",
       .value = "REASON",
       .help = fmt::format("why only one side was reported (None: both were): {}",
                           fmt::join(OrphanNames(), ", ")),
       .example = "NeverArrived",
       .names = FilterNames::kChoices,
       .choices = OrphanNames(),
       .read = ReadOrphanReasons},
      // Whether there are open ones at all is said by capture.openStreams: a field of match would
      // say it a second time.
      {.parameter = "state",
       .option = "state",
       .value = "STATE",
       .help = "Open: a connection or stream that had not ended when it was recorded; Ended: all "
               "others",
       .example = "Open",
       .names = FilterNames::kChoices,
       .choices = StateNames(),
       .read = ReadStates},
  };
}

std::vector<FilterWord> Ends() {
  return {
      {.parameter = "source",
       .option = "source",
       .aliases = {"from"},
       .keys = {"src"},
       .value = "[NS/]NAME",
       .help = "calling workload: cart, shop/cart, shop/*, deploy/cart or pod/NAME",
       .example = "shop/front*",
       .names = FilterNames::kWorkloads,
       .read = ReadSources},
      {.parameter = "destination",
       .option = "destination",
       .aliases = {"to"},
       .keys = {"dst"},
       .value = "[NS/]NAME",
       .help = "called workload, or the Service that was asked for: svc/cart or "
               "cart.shop.svc.cluster.local",
       .example = "shop/cart",
       .names = FilterNames::kWorkloads,
       .read = ReadDestinations},
      {.parameter = "workload",
       .option = "workload",
       .value = "[NS/]NAME",
       .help = "workload at either end",
       .example = "cart",
       .names = FilterNames::kWorkloads,
       .read = ReadEnds},
      {.parameter = "pod",
       .option = "pod",
       .value = "NAME",
       .help = "pod at either end: cart-7d4f or cart-*",
       .example = "cart-*",
       .read = ReadPods},
      {.parameter = "service",
       .option = "service",
       .value = "[NS/]NAME",
       .help = "Service that was asked for: cart, shop/cart or cart.shop.svc.cluster.local",
       .example = "shop/cart",
       .read = ReadServices},
  };
}

std::vector<FilterWord> NamespacesAndText() {
  return {
      {.parameter = "sourceNamespace",
       .option = "source-ns",
       .aliases = {"source-namespace", "from-ns"},
       .value = "NAME",
       .help = "namespace of the calling workload: shop or shop-*",
       .example = "shop",
       .names = FilterNames::kNamespaces,
       .read = ReadSourceNamespaces},
      {.parameter = "destinationNamespace",
       .option = "destination-ns",
       .aliases = {"destination-namespace", "to-ns"},
       .value = "NAME",
       .help = "namespace of the called workload",
       .example = "shop-*",
       .names = FilterNames::kNamespaces,
       .read = ReadDestinationNamespaces},
      // -n and --namespace say where the taps are.
      {.parameter = "namespace",
       .option = "",
       .keys = {"ns"},
       .value = "NAME",
       .help = "namespace at either end",
       .example = "shop",
       .names = FilterNames::kNamespaces,
       .read = ReadEndNamespaces},
      {.parameter = "text",
       .option = "text",
       .value = "TEXT",
       .help = "anywhere in path, authority, user agent, request id, response details or a name; "
               "if repeated, all must hold",
       .example = "timeout",
       .read = ReadText},
  };
}

}  // namespace

const std::vector<FilterWord>& FilterWords() {
  static const std::vector<FilterWord> words = [] {
    std::vector<FilterWord> out;
    for (const auto& part : {Requests(), Headers(), Outcomes(), OneSide(), Judgements(), Ends(),
                             NamespacesAndText()}) {
      out.insert(out.end(), part.begin(), part.end());
    }
    return out;
  }();
  return words;
}

const FilterWord* FindFilterWord(std::string_view name) {
  const auto& words = FilterWords();
  const auto found = std::find_if(words.begin(), words.end(),
                                  [&](const FilterWord& word) { return IsNamed(word, name); });
  return found == words.end() ? nullptr : &*found;
}

Status ReadCondition(const Parameter& parameter, RecordConditions* out) {
  const FilterWord* word = FindFilterWord(parameter.name);
  if (word == nullptr) return absl::NotFoundError(parameter.name);
  if (parameter.value.empty() || parameter.value.size() > kValueBytesMax) {
    return absl::InvalidArgumentError(fmt::format("must have 1 to {} characters", kValueBytesMax));
  }
  return word->read(parameter.value, out);
}

}  // namespace traffictap::observe
