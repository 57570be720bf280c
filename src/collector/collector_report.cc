// SPDX-License-Identifier: Apache-2.0
#include "collector/collector_report.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

namespace traffictap::collector {
namespace {

using google::protobuf::Message;

// Each counter into the field of its name; those by reason, unless zero, into a map. A report has
// no field for what the operator has no use for.
template <typename Counters>
void Fill(const Counters& counters, Message* out) {
  const auto* fields = out->GetReflection();
  const auto fill = [&](std::string_view name, std::string_view reason, uint64_t value) {
    const auto* field = out->GetDescriptor()->FindFieldByName(std::string(name));
    if (field == nullptr || value == 0) return;
    if (!field->is_map()) return fields->SetUInt64(out, field, value);
    Message* entry = fields->AddMessage(out, field);
    const auto* type = entry->GetDescriptor();
    entry->GetReflection()->SetString(entry, type->map_key(), std::string(reason));
    entry->GetReflection()->SetUInt64(entry, type->map_value(), value);
  };
  Counters::Visit(fill, counters);
}

void FillRecorder(const pipeline::RecorderState& recorder, v1::RecorderReport* out) {
  out->set_since(recorder.since);
  out->set_records(recorder.records);
  out->set_bytes(recorder.bytes);
  for (const auto& dump : recorder.dumps) {
    v1::DumpReport* to = out->add_dumps();
    to->set_time(dump.time);
    to->set_trigger(dump.trigger);
    to->set_from(dump.from);
    to->set_held(dump.held);
    to->set_joined(dump.joined);
    to->set_records(dump.records);
    to->set_gap(dump.gap);
    to->set_ended(dump.ended);
  }
}

}  // namespace

void FillReport(const pipeline::PipelineSnapshot& snapshot, v1::CollectorReport* report) {
  for (const auto& tap : snapshot.taps) {
    v1::TapReport* out = report->add_taps();
    out->set_tap(tap.tap);
    Fill(tap.counters, out);
    Fill(tap.ingress, out);
    out->set_completed(tap.completed);
    for (const auto& peer : tap.peers_met) {
      v1::PeerSighting* sighting = out->add_peers();
      sighting->set_address(peer.address);
      sighting->set_network(peer.network);
    }
    if (tap.recorder) FillRecorder(*tap.recorder, out->mutable_recorder());
    for (const auto& [name, counters] : tap.outputs) {
      v1::OutputReport* output = out->add_outputs();
      output->set_name(name);
      Fill(counters, output);
      if (!counters.status.ok()) output->set_trouble(traffictap::Message(counters.status));
    }
  }
}

}  // namespace traffictap::collector
