// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "kube/object.h"

namespace traffictap::cli {

// Parts of a tap's status as text for a person: each with a heading and an empty line before it, and
// empty where the status has nothing of the kind.

// "Conditions:", those that are true and good among them.
std::string ConditionSection(const kube::Object& tap);

// "Targets:", with the state of each and what to do about it.
std::string TargetSection(const kube::Object& tap);

// "Peers:", whether each is attached, and why not.
std::string PeerSection(const kube::Object& tap);

// "Verdicts:", each with its number of records, the most frequent first.
std::string VerdictSection(const kube::Object& tap);

// A list of texts, or of subjects with a reason and a message.
std::string ListSection(const kube::Object& tap, const std::string& list,
                        const std::string& heading);

}  // namespace traffictap::cli
