// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/status.h"
#include "kube/object.h"

namespace traffictap::controller {

struct ReconcileResult {
  // When to look at this key again without being asked; 0: never.
  base::Nanos requeue_after = 0;
};

// Makes the world as one object asks. Knows the key alone, not what happened to it: the same call
// serves creation, change, deletion and repair, and doing it twice does nothing the second time.
// Called from several threads, but never twice at once for one key. An error comes back with
// growing delay, whatever its code; a reconciler that waits for an edit by a person returns OK.
class Reconciler {
 public:
  virtual ~Reconciler() = default;
  virtual StatusOr<ReconcileResult> Reconcile(const kube::ObjectKey& key) = 0;
};

}  // namespace traffictap::controller
