// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fakes/entry_builder.h"
#include "traffic/denial.h"
#include "traffic/record_batch.h"

namespace traffictap::observe {

// Batches of one tap, filled record by record.
class BatchBuilder {
 public:
  explicit BatchBuilder(const std::string& tap = "shop/all")
      : batch_(std::make_shared<traffic::RecordBatch>(
            std::make_shared<traffic::RecordOrigin>(traffic::RecordOrigin{tap}))) {}

  // A pair of frontend (shop) and cart (`server_ns`).
  BatchBuilder& Pair(fakes::EntryBuilder client, fakes::EntryBuilder server,
                     const std::string& server_ns = "shop") {
    const std::vector<traffic::NodePtr> nodes = {fakes::MakeNode("10.0.0.1", "frontend"),
                                                 fakes::MakeNode("10.0.0.2", "cart", server_ns)};
    traffic::EntryBatch entries(nodes[0]);
    auto* c = entries.Add(client.entry());
    auto* s = entries.Add(server.entry());
    s->node = nodes[1].get();
    const traffic::PackedEntry* servers[] = {s};
    traffic::TrafficPair pair;
    pair.client = c;
    pair.servers = servers;
    pair.verdict = traffic::DenialIn(pair)         ? traffic::Verdict::kDenied
                   : c->facts.response_code >= 500 ? traffic::Verdict::kServerError
                                                   : traffic::Verdict::kOk;
    batch_->Add(pair, nodes);
    return *this;
  }

  // GET `path` with `code` on both sides.
  BatchBuilder& Get(const std::string& path, uint32_t code = 200,
                    const std::string& server_ns = "shop") {
    return Pair(fakes::EntryBuilder::Client().Path(path).Code(code),
                fakes::EntryBuilder::Server().Path(path).Code(code), server_ns);
  }

  std::shared_ptr<const traffic::RecordBatch> Build() { return batch_; }

 private:
  std::shared_ptr<traffic::RecordBatch> batch_;
};

// `count` records of paths /0, /1, …
inline std::shared_ptr<const traffic::RecordBatch> Records(size_t count,
                                                           const std::string& tap = "shop/all") {
  BatchBuilder batch(tap);
  for (size_t i = 0; i < count; ++i) batch.Get("/" + std::to_string(i));
  return batch.Build();
}

}  // namespace traffictap::observe
