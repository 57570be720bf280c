// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "tap/schema/fields.h"

namespace traffictap::tap::schema {
namespace {

// The operator serves up to 512 collectors (discovery/discovery_server.h). An instance has 16 digits.
constexpr size_t kInstancesLengthMax = 512 * (16 + 1);
// Each with up to 20 digits of records, and as many more that left within the last half minute.
constexpr size_t kLeasesLengthMax = 65'536;

struct StatusField {
  const char* name;
  Tree tree;
};

Tree Text(const char* description, size_t max) {
  return {{"description", description}, {"type", "string"}, {"maxLength", max}};
}

Tree NameText(const char* description, size_t max) {
  return {{"description", description}, {"type", "string"}, {"minLength", 1}, {"maxLength", max}};
}

Tree Time(const char* description) {
  return {{"description", description}, {"type", "string"}, {"format", "date-time"}};
}

Tree Integer(const char* description) {
  return {{"description", description}, {"type", "integer"}, {"format", "int64"}};
}

Tree Count(const char* description) {
  Tree tree = Integer(description);
  tree["minimum"] = 0;
  return tree;
}

Tree Fields(const char* description, const std::vector<StatusField>& fields,
            const std::vector<const char*>& required = {}) {
  Tree tree = {{"description", description}, {"type", "object"}};
  if (!required.empty()) tree["required"] = required;
  for (const auto& field : fields) tree["properties"][field.name] = field.tree;
  return tree;
}

// A list that is replaced as a whole, or of which each element is known by the field `key`.
Tree List(const char* description, size_t max, const char* key, Tree items) {
  Tree tree = {{"description", description}, {"type", "array"}, {"maxItems", max}};
  tree["x-kubernetes-list-type"] = key == nullptr ? "atomic" : "map";
  if (key != nullptr) tree["x-kubernetes-list-map-keys"] = {key};
  tree["items"] = std::move(items);
  return tree;
}

std::vector<StatusField> Conditions() {
  Tree state = {{"description", "True, False or Unknown."},
                {"type", "string"},
                {"enum", {"True", "False", "Unknown"}}};
  Tree generation = Count("metadata.generation that the condition was set for.");
  return {
      {"observedGeneration", Integer("metadata.generation that this status describes.")},
      {"conditions",
       List("Conditions of the object.", 16, "type",
            Fields("metav1.Condition.",
                   {{"type",
                     NameText("Accepted, Programmed, Ready, OutputsReady, LossFree, Completed and "
                              "others.",
                              316)},
                    {"status", std::move(state)},
                    {"observedGeneration", std::move(generation)},
                    {"lastTransitionTime", Time("When the status last changed.")},
                    {"reason", NameText("Machine-readable reason.", 1024)},
                    {"message", Text("Human-readable explanation, and what to do.", 32768)}},
                   {"type", "status", "lastTransitionTime", "reason", "message"}))}};
}

Tree CountsByName(const char* description) {
  return {{"description", description},
          {"type", "object"},
          {"maxProperties", 32},
          {"additionalProperties", {{"type", "integer"}, {"format", "int64"}}}};
}

std::vector<StatusField> Counts() {
  return {
      {"records", Count("Records sent to the outputs, or held by the recorder.")},
      {"pairs", Count("Of these, records with both sides.")},
      {"orphans", Count("Of these, one-sided records.")},
      {"open", Count("Of the records, those of streams that had not ended. They are neither pairs "
                     "nor orphans.")},
      {"orphansByReason", CountsByName("One-sided records by reason.")},
      {"verdicts", CountsByName("Records by verdict, without those that are open.")},
      {"dropped", Count("Records dropped by outputs.")},
      {"lostEntries", Count("Log entries lost between arrival and pairing.")},
      {"brokenStreams", Count("Proxy streams that broke. Each may have lost entries in flight.")},
      {"overBudget", Count("Records that the tap's patterns had no time left for, undecided or "
                           "with texts withheld.")}};
}

Tree Attachment() {
  return {{"description",
           "How the proxies are attached. OnDemand: only while a tap needs them. Standing: "
           "permanently, so that taps affect no connections. Mixed: some each way."},
          {"type", "string"},
          {"enum", {"OnDemand", "Standing", "Mixed"}}};
}

Tree Workloads() {
  return Fields("What the tap reaches.",
                {{"matched", Count("Workloads selected by the targets.")},
                 {"pods", Count("Pods of these workloads.")},
                 {"proxies", Count("Of these pods, those with a proxy that can be tapped.")},
                 {"programmed", Count("Proxies that have accepted the configuration.")},
                 {"reporting", Count("Proxies that report to the collector.")}});
}

Tree Outputs() {
  return List(
      "State of the outputs.", 16, "name",
      Fields(
          "One output.",
          {{"name", NameText("Name of the output.", 63)},
           {"ready", {{"description", "Whether the output accepts records."}, {"type", "boolean"}}},
           {"delivered", Count("Records delivered.")},
           {"dropped", Count("Records dropped.")},
           {"queued", Count("Records waiting in the queue or on disk.")},
           {"spooled", Count("Durable: records that are or were on disk.")},
           {"replayed", Count("Durable: records written again, perhaps delivered twice.")},
           {"message", Text("What is currently wrong.", 32768)}},
          {"name"}));
}

std::vector<StatusField> Examples() {
  return {{"notVisible", List("Examples of requested traffic that cannot be seen.", 10, nullptr,
                              Fields("One example.",
                                     {{"subject", Text("What the example is about.", 1024)},
                                      {"reason", Text("Machine-readable reason.", 1024)},
                                      {"message", Text("Explanation, and what to do.", 32768)}}))},
          {"patches",
           List("Examples of the objects that configure the proxies, as KIND/NAMESPACE/NAME.", 10,
                nullptr, {{"type", "string"}, {"maxLength", 1024}})}};
}

Tree Targets() {
  Tree state = {{"description",
                 "Attached: all of its pods are. Partial: some are. NotAttached: none is. Planned: "
                 "they would be, of a tap that is only planned."},
                {"type", "string"},
                {"enum", {"Attached", "Partial", "NotAttached", "Planned"}}};
  return List("What became of the targets, in the order of the spec: the first 32.", 32, nullptr,
              Fields("One target.",
                     {{"kind", NameText("Kind of the target.", 63)},
                      {"name", NameText("Name of the target.", 253)},
                      {"namespace", NameText("Namespace of the target.", 63)},
                      {"selector", Text("Labels of the target.", 32768)},
                      {"state", std::move(state)},
                      {"reason", NameText("Machine-readable reason.", 1024)},
                      {"message", Text("Explanation, and what to do.", 32768)},
                      {"workloads", Count("Workloads that the target means.")},
                      {"pods", Count("Pods of these workloads that it means.")},
                      {"proxies", Count("Of these pods, those whose proxies are attached.")}},
                     {"kind", "state", "reason", "message"}));
}

Tree Peers() {
  Tree state = {{"description", "Whether its proxies send for this tap."},
                {"type", "string"},
                {"enum", {"Attached", "NotAttached"}}};
  return List(
      "Workloads that the targets talk to and that are no targets: 32 at most, those that "
      "are attached first.",
      32, nullptr,
      Fields("One workload.",
             {{"namespace", NameText("Its namespace.", 63)},
              {"kind", NameText("Its kind.", 63)},
              {"name", NameText("Its name.", 253)},
              {"state", std::move(state)},
              {"reason", NameText("Machine-readable reason.", 1024)},
              {"message", Text("Explanation, and what to do.", 32768)}},
             {"namespace", "kind", "name", "state", "reason"}));
}

Tree Recorder() {
  return Fields("The recorder of a tap that has one.",
                {{"since", Time("Since when it has held records. What came before was lost with a "
                                "restart of the collector, or with an edit of the recorder.")},
                 {"records", Count("Records held now.")},
                 {"bytes", Count("Memory of these records.")}});
}

Tree Dumps() {
  Tree state = {{"description",
                 "Dumping: records are still written. Written: done. Interrupted: the collector "
                 "ended meanwhile."},
                {"type", "string"},
                {"enum", {"Dumping", "Written", "Interrupted"}}};
  return List("The last dumps of the recorder, newest first.", 10, nullptr,
              Fields("One dump.",
                     {{"time", Time("When the event was.")},
                      {"trigger", NameText("Name of the trigger, or OnDemand.", 63)},
                      {"state", std::move(state)},
                      {"since", Time("The oldest records that could be written are from here.")},
                      {"joined", Count("Further events that became part of this dump.")},
                      {"records", Count("Records given to the outputs.")},
                      {"gap", Count("Records that were overwritten before they could be given.")},
                      {"message", Text("What is missing, and what to do.", 32768)}},
                     {"time", "trigger", "state"}));
}

void Append(std::vector<StatusField> more, std::vector<StatusField>* to) {
  for (auto& field : more) to->push_back(std::move(field));
}

}  // namespace

Tree TapStatus() {
  std::vector<StatusField> fields = Conditions();
  fields.push_back(
      {"startedAt", Time("When the tap first took effect. limits.duration counts from here.")});
  fields.push_back({"endsAt", Time("When a limit will end the tap.")});
  fields.push_back({"attachment", Attachment()});
  fields.push_back({"drains", Text("What happens to open connections when the tap starts and when "
                                   "it ends. Absent: nothing.",
                                   32768)});
  fields.push_back({"workloads", Workloads()});
  fields.push_back({"targets", Targets()});
  fields.push_back({"peers", Peers()});
  Append(Counts(), &fields);
  fields.push_back({"recorder", Recorder()});
  fields.push_back({"dumps", Dumps()});
  fields.push_back({"outputs", Outputs()});
  Append(Examples(), &fields);
  fields.push_back(
      {"collector",
       Fields("Internal: keeps the counts across collector restarts.",
              {{"instances", Text("Collectors included in the counts.", kInstancesLengthMax)},
               {"ended",
                Text("Collectors that have ended, whose last report `before` includes.", 4096)},
               {"before", Fields("Counts of collectors that no longer exist.", Counts())},
               {"leases", Text("Where several pairers share limits.maxRecords: what each may take.",
                               kLeasesLengthMax)}})});
  return Fields("Observed state. Its size is bounded, however large the mesh.", fields);
}

Tree DestinationStatus() { return Fields("Observed state.", Conditions()); }

}  // namespace traffictap::tap::schema
