// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "observe/authorizer.h"
#include "traffic/record_batch.h"

namespace traffictap::observe {

// What a reader may see of a record.
enum class Visibility { kWhole, kOneSide, kNothing };

// By the namespaces of the proxies that logged the record's sides. Adds to `unknown` (or null) the
// namespaces that the reader may not see, that of the policy which denied the request among them.
Visibility VisibilityOf(const traffic::TrafficPair& pair, const Access& access,
                        std::set<std::string>* unknown);

// `pair` without the side that the reader may not see. For Visibility::kOneSide.
traffic::TrafficPair VisibleSide(traffic::TrafficPair pair, const Access& access);

// The record's line as the reader may see it: one side reduced for Visibility::kOneSide, and
// without the names of policies of namespaces that the reader may not read. Not for kNothing.
std::string VisibleLine(const traffic::RecordBatch& batch, size_t index, Visibility visibility,
                        const Access& access);

// The record as a line of JSON in which the side that the reader may not see is only its namespace
// and its status: request, response and timings are those that the visible side logged itself. For
// Visibility::kOneSide.
std::string ReducedLine(const traffic::RecordBatch& batch, size_t index, const Access& access);

}  // namespace traffictap::observe
