// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kafkaclient/record_transaction.h"

namespace traffictap::fakes {

// A transaction whose end the test says.
class RecordTransaction final : public kafkaclient::RecordTransaction {
 public:
  struct Message {
    std::string topic, key, value;
    std::vector<std::pair<std::string, std::string>> headers;
  };

  Status Write(const std::shared_ptr<Party>& party, const tap::KafkaOutput& output,
               const kafkaclient::TransactionRecord& record) override {
    if (!refusal.ok()) return refusal;
    parties_.insert(party);
    open.push_back(
        {output.topic, std::string(record.key), std::string(record.value), record.headers});
    return absl::OkStatus();
  }
  void End(bool commits) {
    for (auto& message : open) {
      if (commits) committed.push_back(std::move(message));
    }
    open.clear();
    for (const auto& party : std::exchange(parties_, {})) party->Ended(commits);
  }

  Status refusal;
  std::vector<Message> open, committed;

 private:
  std::set<std::shared_ptr<Party>> parties_;
};

}  // namespace traffictap::fakes
