// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace traffictap::tap {

// Counts the forms of a tap's document: raised by one with each change that adds a field. An
// operator writes it into its snapshots, so that a collector of a former version knows that a field
// which it does not know is a newer one and no mistake. 0: an operator from before this number.
constexpr int kSchemaVersion = 4;

}  // namespace traffictap::tap
