#include "observe/record_ends.h"

namespace traffictap::observe {
namespace {

using traffic::PackedEntry;
using traffic::Text;

RecordEnd Of(const PackedEntry* own, const PackedEntry* teller) {
  if (own != nullptr) return {own->node->ns, own->node->workload, {}};
  RecordEnd out{teller->text(Text::kPeerNamespace), teller->text(Text::kPeerWorkload), {}};
  if (!out.name.empty()) return out;
  const auto& facts = teller->facts;
  out.ip = (facts.reporter == traffic::Reporter::kSource ? facts.upstream_remote
                                                         : facts.downstream_direct_remote)
               .IpString();
  return out;
}

}  // namespace

RecordEnd SourceOf(const traffic::TrafficPair& pair) { return Of(pair.client, pair.server()); }
RecordEnd DestinationOf(const traffic::TrafficPair& pair) { return Of(pair.server(), pair.client); }

}  // namespace traffictap::observe
