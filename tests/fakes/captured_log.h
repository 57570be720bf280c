// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"
#include "spdlog/sinks/base_sink.h"

namespace traffictap::fakes {

// The lines of one logger while this lives. No other thread logs there when it is made or goes.
class CapturedLog {
 public:
  explicit CapturedLog(const char* logger) : logger_(log::For(logger)) {
    logger_.sinks().push_back(sink_);
  }
  ~CapturedLog() { std::erase(logger_.sinks(), sink_); }

  // Those that begin with `words`.
  std::vector<std::string> Lines(const std::string& words) const {
    std::vector<std::string> out;
    const std::lock_guard<std::mutex> lock(sink_->lines_mutex);
    for (const auto& line : sink_->lines) {
      if (line.starts_with(words)) out.push_back(line);
    }
    return out;
  }

 private:
  struct Sink final : spdlog::sinks::base_sink<std::mutex> {
    void sink_it_(const spdlog::details::log_msg& message) override {
      const std::lock_guard<std::mutex> lock(lines_mutex);
      lines.emplace_back(message.payload.data(), message.payload.size());
    }
    void flush_() override {}
    std::mutex lines_mutex;
    std::vector<std::string> lines;
  };

  spdlog::logger& logger_;
  const std::shared_ptr<Sink> sink_ = std::make_shared<Sink>();
};

}  // namespace traffictap::fakes
