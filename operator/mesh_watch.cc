// SPDX-License-Identifier: Apache-2.0
#include "operator/mesh_watch.h"

#include <set>
#include <utility>

#include "fmt/format.h"
#include "kube/host_port.h"
#include "operator/mesh/installation.h"

namespace traffictap::op {
namespace {

using controller::Change;
using controller::InformerOptions;
using kube::Json;

constexpr const char* kIstiodMonitoringPort = "15014";
constexpr const char* kZoneLabel = "topology.kubernetes.io/zone";
// A right that is missing when we start may still be on its way, as in an installation that goes on.
constexpr base::Nanos kForbiddenAtStart = 20 * base::kSecond;
// A kind that was there and is not found any more: its definition may be replaced, or an API server
// may just have started. To change the mechanism drains every tapped proxy twice, so that it waits.
constexpr base::Nanos kGoneForGood = 5 * 60 * base::kSecond;

// Keeps only `fields` of an object.
void KeepOnly(Json& object, std::initializer_list<const char*> fields) {
  if (!object.is_object()) return;
  Json kept = Json::object();
  for (const char* field : fields) {
    const auto found = object.find(field);
    if (found != object.end()) kept[field] = std::move(*found);
  }
  object = std::move(kept);
}

// A cluster has many pods, and the plan reads little of each.
void TrimPod(Json& pod) {
  InformerOptions::DropManagedFields(pod);
  if (pod.contains("status")) KeepOnly(pod["status"], {"phase", "conditions", "podIP", "podIPs"});
  if (!pod.contains("spec")) return;
  KeepOnly(pod["spec"], {"containers", "initContainers", "serviceAccountName", "hostNetwork"});
  for (const char* list : {"containers", "initContainers"}) {
    if (!pod["spec"].contains(list) || !pod["spec"][list].is_array()) continue;
    for (Json& container : pod["spec"][list]) KeepOnly(container, {"name", "args"});
  }
}

// The times of our writes stay; what was written they need not repeat.
void TrimFields(Json& object) {
  if (!object.contains("metadata") || !object["metadata"].is_object()) return;
  Json& metadata = object["metadata"];
  if (!metadata.contains("managedFields") || !metadata["managedFields"].is_array()) return;
  for (Json& entry : metadata["managedFields"]) {
    if (entry.is_object()) entry.erase("fieldsV1");
  }
}

// A cluster has many Services, and the plan reads the selector of each and the ports of our own.
void TrimService(Json& service) {
  InformerOptions::DropManagedFields(service);
  service.erase("status");
  if (service.contains("spec")) KeepOnly(service["spec"], {"selector", "type", "ports"});
}

void TrimConfigMap(Json& config_map) {
  InformerOptions::DropManagedFields(config_map);
  if (config_map.contains("data")) KeepOnly(config_map["data"], {"mesh"});
}

// Of what a node says every few minutes its zone is read alone.
void TrimNode(Json& node) {
  KeepOnly(node, {"apiVersion", "kind", "metadata"});
  if (!node.contains("metadata")) return;
  Json& metadata = node["metadata"];
  KeepOnly(metadata, {"name", "uid", "resourceVersion", "labels"});
  if (metadata.contains("labels")) KeepOnly(metadata["labels"], {kZoneLabel});
}

std::string ZoneOf(const std::shared_ptr<const kube::Object>& node) {
  return node ? node->label(kZoneLabel) : "";
}

// Other ConfigMaps of the namespace change every few seconds, such as the leases of istiod's leaders.
bool ChangesMeshConfig(const Change& change) {
  const auto text = [](const std::shared_ptr<const kube::Object>& object) {
    return object ? object->Text("/data/mesh") : "";
  };
  return text(change.before) != text(change.after);
}

// "istiod", "istiod-canary" of a revision, "istiod-revision-tag-stable". istiod-remote leads to
// another cluster.
bool IsIstiod(const kube::Object& slice) {
  const std::string service = slice.label("kubernetes.io/service-name");
  return service == "istiod" || (service.starts_with("istiod-") && service != "istiod-remote");
}

// A change of status alone, which we write ourselves, changes no plan.
bool ChangesSpec(const Change& change) {
  if (!change.before || !change.after) return true;
  return change.before->generation() != change.after->generation() ||
         change.before->annotations() != change.after->annotations() ||
         change.before->deleting() != change.after->deleting() ||
         change.before->uid() != change.after->uid();
}

const kube::Object& Present(const Change& change) {
  return change.after ? *change.after : *change.before;
}

}  // namespace

struct MeshWatch::Watched {
  std::unique_ptr<controller::Informer> informer;
  Need need = Need::kRequired;

  // Once a kind was read, only its own absence counts, and only when it lasts: a refusal then
  // changes nothing that is in force. The writes that it refuses say so.
  bool absent(base::Nanos now) const {
    if (need == Need::kRequired) return false;
    const auto [error, since] = informer->watcher().last_answer();
    if (need == Need::kExtra) return !informer->synced() && !error.ok();
    const base::Nanos lasted = now - since;
    if (kube::IsNotFound(error)) return !informer->synced() || lasted >= kGoneForGood;
    return absl::IsPermissionDenied(error) && !informer->synced() && lasted >= kForbiddenAtStart;
  }
};

MeshWatch::MeshWatch(kube::KubeClient* kube, const mesh::Installation& own,
                     const base::Clock* clock, Hooks hooks)
    : kube_(kube), clock_(clock), hooks_(std::move(hooks)) {
  const auto mesh_changed = [this](const Change&) { hooks_.mesh_changed(); };
  const auto tap_changed = [this](const Change& change) {
    if (ChangesSpec(change)) hooks_.mesh_changed();
    hooks_.tap_changed(Present(change).key());
  };
  Add("taps", kube::kTrafficTaps, {}, Need::kRequired, tap_changed);
  Add("clustertaps", kube::kClusterTrafficTaps, {}, Need::kRequired, tap_changed);
  Add("destinations", kube::kTapDestinations, {}, Need::kRequired, mesh_changed);
  Add("namespaces", kube::kNamespaces, {}, Need::kRequired, mesh_changed);
  InformerOptions pods;
  pods.trim = TrimPod;
  Add("pods", kube::kPods, pods, Need::kRequired, mesh_changed);
  InformerOptions services;
  services.trim = TrimService;
  Add("services", kube::kServices, services, Need::kRequired, mesh_changed);
  InformerOptions mesh_config;
  mesh_config.watcher.ns = own.root_namespace;
  mesh_config.trim = TrimConfigMap;
  // istiod's revisions each have their own, by names that nobody knows beforehand.
  Add("meshconfig", kube::kConfigMaps, mesh_config, Need::kOptional, [this](const Change& change) {
    if (ChangesMeshConfig(change)) hooks_.mesh_changed();
  });
  InformerOptions istiods;
  istiods.watcher.ns = own.root_namespace;
  Add("istiods", kube::kEndpointSlices, istiods, Need::kOptional, [](const Change&) {});
  InformerOptions patches;
  patches.trim = TrimFields;
  Add("envoyfilters", kube::kEnvoyFilters, patches, Need::kOptional, mesh_changed);
  Add("telemetries", kube::kTelemetries, patches, Need::kOptional, mesh_changed);
  Add("sidecars", kube::kSidecars, {}, Need::kOptional, mesh_changed);
  if (!own.reads_nodes) return;
  InformerOptions nodes;
  nodes.trim = TrimNode;
  Add("nodes", kube::kNodes, nodes, Need::kExtra, [this](const Change& change) {
    if (ZoneOf(change.before) != ZoneOf(change.after)) hooks_.mesh_changed();
  });
}

MeshWatch::~MeshWatch() {
  for (auto& thread : threads_) thread.request_stop();
}

void MeshWatch::Add(const std::string& name, const kube::Resource& resource,
                    InformerOptions options, Need need, controller::Informer::OnChange on_change) {
  auto watched = std::make_unique<Watched>();
  watched->need = need;
  options.watcher.seed = static_cast<uint32_t>(watched_.size() + 1);
  watched->informer = std::make_unique<controller::Informer>(kube_, resource, std::move(options),
                                                             clock_, std::move(on_change));
  watched_[name] = std::move(watched);
}

void MeshWatch::Start() {
  for (auto& [name, watched] : watched_) {
    threads_.emplace_back(
        [informer = watched->informer.get()](const std::stop_token& stop) { informer->Run(stop); });
  }
}

bool MeshWatch::WaitForSync(base::Nanos timeout, std::string* missing) const {
  constexpr base::Nanos kStep = 50 * base::kMillisecond;
  const base::Nanos deadline = clock_->Monotonic() + timeout;
  for (const auto& [name, watched] : watched_) {
    while (!watched->absent(clock_->Monotonic()) && !watched->informer->WaitForSync(kStep)) {
      if (clock_->Monotonic() < deadline) continue;
      *missing = fmt::format("{}: {}", name, Message(watched->informer->watcher().last_error()));
      return false;
    }
  }
  return true;
}

const controller::Store& MeshWatch::StoreOf(const std::string& name) const {
  return watched_.at(name)->informer->store();
}

bool MeshWatch::Usable(const std::string& name) const {
  return !watched_.at(name)->absent(clock_->Monotonic());
}

reconcilers::MeshObjects MeshWatch::Objects() const {
  reconcilers::MeshObjects out;
  const auto add = [this](const char* name, reconcilers::Objects* to) {
    for (auto& object : StoreOf(name).All()) to->push_back(std::move(object));
  };
  out.taps = Taps();
  // What was seen of a kind that is gone is gone with it.
  if (Usable("envoyfilters")) add("envoyfilters", &out.envoy_filters);
  if (Usable("telemetries")) add("telemetries", &out.telemetries);
  for (const char* name :
       {"destinations", "namespaces", "pods", "services", "meshconfig", "sidecars"}) {
    add(name, &out.others);
  }
  return out;
}

reconcilers::Objects MeshWatch::Taps() const {
  reconcilers::Objects out = StoreOf("taps").All();
  for (auto& tap : StoreOf("clustertaps").All()) out.push_back(std::move(tap));
  return out;
}

reconcilers::ObjectPtr MeshWatch::Tap(const kube::ObjectKey& key) const {
  return StoreOf(key.ns.empty() ? "clustertaps" : "taps").Get(key);
}

size_t MeshWatch::tap_count() const {
  return StoreOf("taps").size() + StoreOf("clustertaps").size();
}

plan::MeshSettings MeshWatch::Settings() const {
  plan::MeshSettings out;
  out.envoy_filter_allowed = Usable("envoyfilters");
  out.telemetry_allowed = Usable("telemetries");
  return out;
}

std::vector<std::string> MeshWatch::IstiodAddresses() const {
  std::set<std::string> out;  // a tag's Service leads to pods that its revision's has too
  for (const auto& slice : StoreOf("istiods").All()) {
    if (!IsIstiod(*slice)) continue;
    const Json* endpoints = slice->Find("/endpoints");
    if (endpoints == nullptr || !endpoints->is_array()) continue;
    for (size_t i = 0; i < endpoints->size(); ++i) {
      const std::string ip = slice->Text(fmt::format("/endpoints/{}/addresses/0", i));
      const Json* ready = slice->Find(fmt::format("/endpoints/{}/conditions/ready", i));
      if (ip.empty() || (ready != nullptr && *ready == false)) continue;
      out.insert(kube::HostPort(ip, kIstiodMonitoringPort));
    }
  }
  return {out.begin(), out.end()};
}

std::map<std::string, std::string> MeshWatch::NodeZones() const {
  std::map<std::string, std::string> out;
  if (!watched_.contains("nodes")) return out;
  for (const auto& node : StoreOf("nodes").All()) {
    const std::string zone = ZoneOf(node);
    if (!zone.empty()) out[node->name()] = zone;
  }
  return out;
}

std::vector<controller::Loop> MeshWatch::Loops() const {
  std::vector<controller::Loop> out;
  for (const auto& [name, watched] : watched_) out.push_back(watched->informer->watcher().loop());
  return out;
}

void MeshWatch::WriteMetrics(base::MetricWriter& writer) const {
  for (const auto& [name, watched] : watched_) watched->informer->watcher().WriteMetrics(writer);
}

}  // namespace traffictap::op
