// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "shuffle/proxy_log.h"
#include "shuffle/shuffle_settings.h"

namespace traffictap::shuffle {

// The proxies' topic in a Kafka cluster. Each pairer reads all of it: partitions are assigned by hand, nothing
// is committed. Partitions that are added later are seen when it is opened again.
class KafkaProxyLog final : public ProxyLog {
 public:
  explicit KafkaProxyLog(const ShuffleSettings& settings);
  ~KafkaProxyLog() override;

  Status Open() override;
  void Close() override;
  ProxyLogEvent Poll() override;

 private:
  class Consumer;
  std::unique_ptr<Consumer> consumer_;
};

}  // namespace traffictap::shuffle
