// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace traffictap::apiserver {

// A key and its certificate, in PEM.
struct ServingCertificate {
  std::string certificate;
  std::string key;
  base::Nanos expires = 0;  // wall clock
};

// A new P-256 key with a certificate for `dns_names` that it has signed itself, from five minutes
// before `now` (clocks differ) to `lifetime` after it. The key is in memory alone. kUnavailable:
// OpenSSL cannot.
StatusOr<ServingCertificate> MakeServingCertificate(const std::vector<std::string>& dns_names,
                                                    base::Nanos now, base::Nanos lifetime);

// The names that the API server looks for in the certificate of Service NAME.NAMESPACE.
// kInvalidArgument: `service` is not of that form.
StatusOr<std::vector<std::string>> ServiceDnsNames(const std::string& service);

}  // namespace traffictap::apiserver
