// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/status.h"
#include "kube/exec_credential.h"
#include "kube/kubeconfig.h"

namespace traffictap::kube {

// How one TLS connection is made.
struct TlsSettings {
  bool insecure_skip_verify = false;
  std::string server_name;  // empty: the host of the URL
  std::string ca_pem;       // empty: the system's; otherwise these alone are trusted
  std::string certificate_pem;
  std::string key_pem;

  bool operator==(const TlsSettings&) const = default;
};

struct CurrentCredentials {
  std::string authorization;  // value of the header; empty: none
  TlsSettings tls;
};

// Keeps what authenticates us fresh: files are read again every `period`, because the kubelet
// replaces a pod's token and CA under way, and a credential plugin runs again before its answer
// expires. Thread-safe.
class Credentials {
 public:
  // `clock` outlives it.
  Credentials(ClusterAccess access, base::Nanos period, const base::Clock* clock);

  // May read files or run the plugin. Where that fails and there is an older answer, that one is
  // used on.
  StatusOr<CurrentCredentials> Current();
  // The server answered 401: read everything again next time, though not more often than every 5 s.
  void Forget();

 private:
  StatusOr<CurrentCredentials> Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status ReadTls(TlsSettings* tls) const;
  StatusOr<std::string> ReadToken() const;
  Status ApplyExec(CurrentCredentials* current) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ClusterAccess access_;
  const base::Nanos period_;
  const base::Clock* const clock_;
  absl::Mutex mutex_;
  bool has_current_ ABSL_GUARDED_BY(mutex_) = false;
  CurrentCredentials current_ ABSL_GUARDED_BY(mutex_);
  base::Nanos read_at_ ABSL_GUARDED_BY(mutex_) = 0;
  bool forgotten_ ABSL_GUARDED_BY(mutex_) = true;
  ExecCredential exec_ ABSL_GUARDED_BY(mutex_);
  bool has_exec_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace traffictap::kube
