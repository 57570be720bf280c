// SPDX-License-Identifier: Apache-2.0
#include "fanin/ask_all.h"

#include <system_error>
#include <thread>
#include <utility>

#include "web/site_guard.h"

namespace traffictap::fanin {
namespace {

bool IsSuccess(const StatusOr<kube::HttpResponse>& answer) {
  return answer.ok() && answer->code >= 200 && answer->code < 300;
}

std::vector<StatusOr<kube::HttpResponse>> SendAll(const std::vector<Pairer>& pairers,
                                                  const kube::HttpRequest& request,
                                                  base::Nanos timeout) {
  std::vector<StatusOr<kube::HttpResponse>> out(pairers.size(),
                                                absl::UnavailableError("not asked"));
  {
    std::vector<std::jthread> threads;  // joined before `out` is given away
    threads.reserve(pairers.size());
    for (size_t i = 0; i < pairers.size(); ++i) {
      const auto ask = [&, i] { out[i] = pairers[i].client->Send(request, timeout); };
      try {
        threads.emplace_back(ask);
      } catch (const std::system_error&) {
        ask();  // the system has no more threads
      }
    }
  }
  return out;
}

}  // namespace

Asked AskAll(const KnownPairers& known, const kube::HttpRequest& request, base::Nanos timeout) {
  const auto& pairers = known.pairers;
  auto answers = SendAll(pairers, request, timeout);
  Asked out;
  for (size_t i = 0; i < pairers.size(); ++i) {
    if (IsSuccess(answers[i])) {
      out.answers.push_back(*std::move(answers[i]));
      out.answered.push_back(pairers[i].address);
      continue;
    }
    out.missing.push_back({pairers[i].label(), WhyNot(answers[i])});
    auto refusal = RefusalOf(pairers[i].label(), answers[i]);
    if (!out.refusal || SaysMore(refusal, *out.refusal)) out.refusal = std::move(refusal);
  }
  out.missing.insert(out.missing.end(), known.absent.begin(), known.absent.end());
  if (!out.answers.empty()) {
    out.refusal.reset();
  } else if (!out.refusal) {
    out.refusal = web::FailureResponse(NoPairers());
  }
  return out;
}

StatusOr<kube::HttpResponse> AskOne(const std::vector<Pairer>& pairers,
                                    const kube::HttpRequest& request, base::Nanos timeout) {
  StatusOr<kube::HttpResponse> out = NoPairers();
  for (const auto& pairer : pairers) {
    out = pairer.client->Send(request, timeout);
    if (out.ok() && out->code < 500) return out;
  }
  return out;
}

}  // namespace traffictap::fanin
