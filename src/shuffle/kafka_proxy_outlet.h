// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "shuffle/proxy_outlet.h"
#include "shuffle/shuffle_settings.h"

namespace traffictap::shuffle {

// Messages into the proxies' topic of a Kafka cluster, with acks=all. Whether it may be written, a message
// without a value tells, which nobody reads.
class KafkaProxyOutlet final : public ProxyOutlet {
 public:
  explicit KafkaProxyOutlet(const ShuffleSettings& settings);
  ~KafkaProxyOutlet() override;

  Status Open() override;
  void Send(const std::string& key, const std::optional<std::string>& value) override;
  std::vector<std::string> Poll() override;
  void Close(base::Nanos wait) override;
  size_t pending() const override;
  uint64_t written() const override;
  Status status() const override;

 private:
  class Producer;
  std::unique_ptr<Producer> producer_;
};

}  // namespace traffictap::shuffle
