// SPDX-License-Identifier: Apache-2.0
#include "observe/cause.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "observe/explanation.h"
#include "observe/meaning.h"

namespace traffictap::observe {
namespace {

using v1::Side;

std::string Capitalized(std::string text) {
  if (!text.empty()) text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  return text;
}

std::string Duration(double ms) {
  if (ms >= 1000) return fmt::format("{:.2f} s", ms / 1000);
  return fmt::format("{:.{}f} ms", ms, ms >= 100 ? 0 : ms >= 10 ? 1 : 2);
}

// The first label of a host in the cluster, any other host whole.
std::string HostName(const std::string& host) {
  const bool cluster = host.ends_with(".svc") || host.find(".svc.") != std::string::npos;
  return cluster ? host.substr(0, host.find('.')) : host;
}

bool FollowedBy(std::string_view text, size_t at, std::string_view what) {
  return text.substr(at).starts_with(what);
}

// "the upstream" but not in "the upstream cluster", "the upstream's name".
void Replace(std::string_view phrase, const std::string& by, std::string* text) {
  for (size_t at = text->find(phrase); at != std::string::npos; at = text->find(phrase, at)) {
    const size_t after = at + phrase.size();
    const bool whole = !FollowedBy(*text, after, "'") && !FollowedBy(*text, after, " cluster") &&
                       !FollowedBy(*text, after, " stream");
    if (whole) text->replace(at, phrase.size(), by);
    at += whole ? by.size() : phrase.size();
  }
}

// Envoy's reason without what only says when: "delayed connect error: Connection refused".
std::string Plain(std::string reason) {
  std::replace(reason.begin(), reason.end(), '_', ' ');
  const size_t connect = reason.find("connect error: ");
  if (connect != std::string::npos)
    reason.erase(0, connect + std::string_view("connect error: ").size());
  if (!reason.empty() &&
      (reason.size() < 2 || !absl::ascii_isupper(static_cast<unsigned char>(reason[1])))) {
    reason[0] = absl::ascii_tolower(static_cast<unsigned char>(reason[0]));
  }
  return reason;
}

class Teller {
 public:
  explicit Teller(const v1::TrafficPair& pair)
      : pair_(pair),
        source_(ShortName(pair.source())),
        destination_(ShortName(pair.destination())),
        tcp_(pair.request().protocol() == "TCP") {}

  std::string Tell() const {
    const std::string& verdict = pair_.verdict();
    if (pair_.state() == "Open") return Open();
    if (verdict == "Denied") return Denied();
    if (verdict == "ServerError") return ServerError();
    if (verdict == "ClientAborted") return ClientAborted();
    if (verdict == "NetworkOrProxy") return NetworkOrProxy();
    if (verdict == "Mismatch") return Mismatch();
    if (verdict == "Retried") return Retried();
    return verdict == "Ok" ? Ok() : std::string();
  }

 private:
  const Side* Client() const { return pair_.has_client() ? &pair_.client() : nullptr; }
  const Side* Server() const {
    return pair_.server_size() > 0 ? &pair_.server(pair_.server_size() - 1) : nullptr;
  }

  static std::string Answer(const Side& side) {
    if (!side.grpc_status().empty()) return "gRPC status " + side.grpc_status();
    return side.code() == 0 ? "nothing" : fmt::format("{}", side.code());
  }

  std::string Took() const {
    const auto& timings = pair_.timings();
    if (timings.has_client_ms()) return Duration(timings.client_ms());
    return timings.has_server_ms() ? Duration(timings.server_ms()) : std::string();
  }

  std::string Destination() const {
    const auto& address = pair_.destination().address();
    const bool named = address.empty() || address.starts_with(destination_);
    return named ? destination_ : fmt::format("{} ({})", destination_, address);
  }

  // What a flag says, seen from the side that has it.
  std::string FlagSentence(const Side& side) const {
    std::string clause;
    for (const auto& flag : side.flags()) {
      // That all attempts were used up says less than why each failed.
      if (clause.empty() || clause == FlagMeaning("URX")) clause = FlagMeaning(flag);
    }
    if (clause.empty()) return {};
    const bool client = &side == Client();
    Replace("the proxy", client ? "the client's proxy" : "the server's proxy", &clause);
    Replace("the upstream", client ? Destination() : "the application", &clause);
    Replace("the caller", client ? source_ : "the client's proxy", &clause);
    const std::string reason = Plain(side.upstream_transport_failure());
    if (!reason.empty()) clause += ": " + reason;
    // A name keeps its letters.
    return (clause.starts_with(Destination()) ? clause : Capitalized(clause)) + ".";
  }

  std::string Open() const {
    const std::string took = Took();
    return fmt::format("The {} is still open{}: {} bytes from {} and {} to it so far.",
                       tcp_ ? "connection" : "request", took.empty() ? "" : " after " + took,
                       pair_.request().body_bytes(), source_, pair_.response().body_bytes());
  }

  std::string Denied() const {
    const auto& denial = pair_.denial();
    const std::string who = denial.side() == "source" ? "The client's proxy" : "The server's proxy";
    if (denial.by() == "JWT") return who + " refused it: the check of its token (JWT) failed.";
    if (denial.by() == "ExternalAuthorization") {
      return who + " refused it: the external authorization did not allow it.";
    }
    if (denial.by() == "RateLimit") return who + " refused it: a rate limit was reached.";
    if (denial.policy().empty()) return who + " refused it by its AuthorizationPolicies.";
    const std::string rule = denial.rule().empty() ? "" : ", rule " + denial.rule();
    return fmt::format("{} refused it by AuthorizationPolicy {}{}.", who, denial.policy(), rule);
  }

  std::string ServerError() const {
    const Side* side = Server() != nullptr ? Server() : Client();
    if (side == nullptr) return {};
    const std::string why = FlagSentence(*side);
    if (side == Client() && !why.empty()) {
      return fmt::format("{} {} got {}.", why, source_, Answer(*side));
    }
    std::string out = side->code() == 0 && side->grpc_status().empty()
                          ? fmt::format("{} did not answer", destination_)
                          : fmt::format("{} answered {}", destination_, Answer(*side));
    if (!side->grpc_message().empty()) out += fmt::format(" (“{}”)", side->grpc_message());
    return out + (why.empty() ? "." : ". " + why);
  }

  std::string ClientAborted() const {
    const std::string took = Took();
    return fmt::format("{} went away{}, before the answer was whole.", source_,
                       took.empty() ? "" : " after " + took);
  }

  std::string NetworkOrProxy() const {
    for (const Side* side : {Client(), Server()}) {
      if (side == nullptr) continue;
      if (const std::string why = FlagSentence(*side); !why.empty()) return why;
    }
    if (Client() != nullptr && Client()->code() != 0) {
      return fmt::format("The client's proxy answered {} by itself.", Answer(*Client()));
    }
    return Capitalized(std::string(VerdictMeaning("NetworkOrProxy"))) + ".";
  }

  std::string Mismatch() const {
    if (Client() == nullptr || Server() == nullptr) return {};
    const std::string why = FlagSentence(*Client());
    return fmt::format("{} got {}, but the server's proxy sent {}.{}", source_, Answer(*Client()),
                       Answer(*Server()), why.empty() ? "" : " " + why);
  }

  std::string Retried() const {
    const int came = pair_.server_size();
    const int tries = std::max(came, static_cast<int>(pair_.client().attempts()));
    if (tries < 2) return "It took more than one try.";
    std::string out = fmt::format("It took {} tries", tries);
    if (came > 1) {
      for (int i = 0; i < came; ++i) {
        out += i == 0 ? ": " : i + 1 == came ? ", then " : ", ";
        out += Answer(pair_.server(i));
      }
    }
    out += '.';
    if (came < tries) {
      out += fmt::format(" {} of them reached no server that reported it.", tries - came);
    }
    return out;
  }

  std::string Ok() const {
    const std::string took = Took();
    const std::string after = took.empty() ? "" : " after " + took;
    if (tcp_) return fmt::format("The connection was closed normally{}.", after);
    const Side* side = Client() != nullptr ? Client() : Server();
    if (side == nullptr) return {};
    return fmt::format("{} answered {}{}.", destination_, Answer(*side), after);
  }

  const v1::TrafficPair& pair_;
  const std::string source_;
  const std::string destination_;
  const bool tcp_;
};

}  // namespace

std::string ShortName(const v1::Workload& end) {
  const bool named = !end.name().empty() && end.name() != end.ip();
  if (named) return end.name();
  if (!end.service().empty()) return HostName(end.service());
  if (!end.name().empty()) return end.name();
  if (!end.ip().empty()) return end.ip();
  return end.namespace_().empty() ? "?" : "a workload of " + end.namespace_();
}

std::string CauseOf(const v1::TrafficPair& pair) { return Teller(pair).Tell(); }

}  // namespace traffictap::observe
