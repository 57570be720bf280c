// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/status.h"
#include "spdlog/spdlog.h"

// One named logger per module. A line is a constant lower-case sentence and then key=value pairs:
//   log::For("als").warn("stream ended by error node={} err={}", node, error);
// info: a change that a person caused; warn: degraded, nothing lost; error: records lost or a
// person needed. Facts about single entries are metrics, never lines. Nothing captured from traffic
// is logged. Thread-safe.
namespace traffictap::log {

enum class Format { kText, kJson };

// Applies to every logger, also to those made before. `level` is one of trace, debug, info, warn,
// error, off. Lines go to standard error: standard output belongs to the Stdout sink.
Status Configure(const std::string& level, Format format);

spdlog::logger& For(const char* module);

}  // namespace traffictap::log
