// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "kube/http_transport.h"
#include "web/http_message.h"

namespace traffictap::fanin {

// A pairer whose records are not in an answer, and why.
struct Missing {
  std::string pairer;  // its name where that is known, else its address
  std::string reason;

  bool operator==(const Missing&) const = default;
};

// `[{"pairer": "10.0.0.5:9091", "reason": "…"}]`.
std::string MissingJson(const std::vector<Missing>& missing);

// Nobody can be asked, as no pairer is known.
Status NoPairers();

// A pairer that there is to be, and that cannot be asked.
Missing Absent(const std::string& name);

// Why a pairer's answer cannot be used, for people who cannot see the pairer.
std::string WhyNot(const StatusOr<kube::HttpResponse>& answer);

// What the caller gets where no pairer answers as asked: the refusal of one, or that `pairer` is not
// there.
web::HttpResponse RefusalOf(const std::string& pairer, const StatusOr<kube::HttpResponse>& answer);

// All pairers decide alike who may read what, and what is wrong with a query: a refusal with such a
// code is that of all.
bool IsForAll(int code);

// Whether `refusal` says more to the caller than `other`: what a pairer says for itself is better than
// that one is not there.
bool SaysMore(const web::HttpResponse& refusal, const web::HttpResponse& other);

}  // namespace traffictap::fanin
