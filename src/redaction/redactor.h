// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "base/status.h"
#include "tap/pattern.h"
#include "tap/tap_spec.h"
#include "traffic/entry_batch.h"

namespace traffictap::redaction {

// Applies a tap's `capture` and `redaction` to an entry, before anything of it goes to an output.
// Immutable after Create, but Redact uses scratch memory of the object: one thread at a time. Threads
// that work side by side have one each, by Share.
class Redactor {
 public:
  // kInvalidArgument for a pattern that does not compile or a replacement that names a missing
  // group.
  static StatusOr<std::unique_ptr<Redactor>> Create(const tap::TapSpec& spec);
  ~Redactor();
  // Another one for the same tap, with the same compiled patterns.
  std::unique_ptr<Redactor> Share() const;
  // Whether both make the same of every entry, given the time. Patterns are compared as texts.
  bool Agrees(const Redactor& other) const;
  // The same for all that agree, and seldom for others.
  size_t fingerprint() const;

  // The entry as the tap may show it: header lists and trace ids cut down to `capture`, the values
  // of queries and path parameters and fragments redacted (keys stay; also those of captured
  // headers that hold a URL), user information removed from URLs, the names of other namespaces'
  // policies hidden (a ClusterTrafficTap shows all), the rules applied to every text but a request
  // id in the form of a UUID. A text that the rules have no time left for reads "[redaction over
  // budget]", and so do all further ones of the entry. Views into `entry` or into the redactor,
  // valid until the next call.
  traffic::AccessEntry Redact(const traffic::AccessEntry& entry, tap::PatternBudget& budget);

 private:
  struct Rules;  // of the tap; shared
  struct Work;   // of this one
  explicit Redactor(std::shared_ptr<const Rules> rules);
  std::unique_ptr<Work> work_;
};

}  // namespace traffictap::redaction
