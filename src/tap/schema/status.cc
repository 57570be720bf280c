#include <string>
#include <vector>

#include "tap/schema/fields.h"

namespace traffictap::tap::schema {
namespace {

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
  Tree generation = Count("metadata.generation that it was decided for.");
  return {
      {"observedGeneration", Integer("metadata.generation that this status is of.")},
      {"conditions",
       List("What holds of the object.", 16, "type",
            Fields("metav1.Condition.",
                   {{"type",
                     NameText("Accepted, Programmed, Ready, OutputsReady, LossFree, Completed and "
                              "others.",
                              316)},
                    {"status", std::move(state)},
                    {"observedGeneration", std::move(generation)},
                    {"lastTransitionTime", Time("When status last changed.")},
                    {"reason", NameText("One word for machines.", 1024)},
                    {"message", Text("What is the matter and what to do, for people.", 32768)}},
                   {"type", "status", "lastTransitionTime", "reason", "message"}))}};
}

std::vector<StatusField> Counts() {
  Tree reasons = {{"description", "Why they stayed alone."},
                  {"type", "object"},
                  {"maxProperties", 32},
                  {"additionalProperties", {{"type", "integer"}, {"format", "int64"}}}};
  return {
      {"records", Count("Records that went to the outputs.")},
      {"pairs", Count("Of these, with both sides.")},
      {"orphans", Count("Of these, with one side alone.")},
      {"orphansByReason", std::move(reasons)},
      {"dropped", Count("Records that an output had to drop.")},
      {"lostEntries", Count("Log entries lost between their arrival and the pairing.")},
      {"brokenStreams",
       Count("Proxies' streams that broke, each with an unknown number of entries in flight.")}};
}

Tree Workloads() {
  return Fields("How far it reaches.",
                {{"matched", Count("Workloads that the targets select.")},
                 {"pods", Count("Pods of these.")},
                 {"proxies", Count("Of these, with a proxy that can be tapped.")},
                 {"programmed", Count("Proxies that have taken the configuration.")},
                 {"reporting", Count("Proxies that send to the collector.")}});
}

Tree Outputs() {
  return List("State of each output.", 16, "name",
              Fields("One output.",
                     {{"name", NameText("Its name.", 63)},
                      {"ready", {{"description", "It takes records."}, {"type", "boolean"}}},
                      {"delivered", Count("Records it has delivered.")},
                      {"dropped", Count("Records it had to drop.")},
                      {"queued", Count("Records that wait.")},
                      {"message", Text("What is wrong with it now.", 32768)}},
                     {"name"}));
}

std::vector<StatusField> Examples() {
  return {{"notVisible",
           List("Examples of traffic that was asked for and will not be seen.", 10, nullptr,
                Fields("One example.", {{"subject", Text("What it is about.", 1024)},
                                        {"reason", Text("One word for machines.", 1024)},
                                        {"message", Text("Why, and what to do.", 32768)}}))},
          {"patches", List("Examples of the objects that tap the proxies, as KIND/NAMESPACE/NAME.",
                           10, nullptr, {{"type", "string"}, {"maxLength", 1024}})}};
}

void Append(std::vector<StatusField> more, std::vector<StatusField>* to) {
  for (auto& field : more) to->push_back(std::move(field));
}

}  // namespace

Tree TapStatus() {
  std::vector<StatusField> fields = Conditions();
  fields.push_back({"startedAt", Time("When the tap was first in force; limits.duration counts "
                                      "from here.")});
  fields.push_back({"endsAt", Time("When a limit ends it.")});
  fields.push_back({"workloads", Workloads()});
  Append(Counts(), &fields);
  fields.push_back({"outputs", Outputs()});
  Append(Examples(), &fields);
  fields.push_back(
      {"collector", Fields("The operator's memory of counts, over restarts of collectors.",
                           {{"instances", Text("Collectors that are in the counts.", 4096)},
                            {"before", Fields("Counts of collectors that are gone.", Counts())}})});
  return Fields("What the operator saw. Bounded in size, whatever the mesh.", fields);
}

Tree DestinationStatus() { return Fields("What the operator saw.", Conditions()); }

}  // namespace traffictap::tap::schema
