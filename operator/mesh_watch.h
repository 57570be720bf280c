// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "kube/kube_client.h"
#include "operator/controller/informer.h"
#include "operator/mesh/installation.h"
#include "operator/plan/mesh_snapshot.h"
#include "operator/reconcilers/mesh_objects.h"

namespace traffictap::op {

// All watches of the operator, each on a thread of its own.
class MeshWatch {
 public:
  struct Hooks {
    std::function<void()> mesh_changed;                       // anything that the plan depends on
    std::function<void(const kube::ObjectKey&)> tap_changed;  // a tap, by its key
  };

  // `kube` and `clock` outlive it. The hooks are called on the watches' threads.
  MeshWatch(kube::KubeClient* kube, const mesh::Installation& own, const base::Clock* clock,
            Hooks hooks);
  // Ends all watches.
  ~MeshWatch();

  void Start();
  // Every watch has its first list, or its kind does not exist here (Istio's may not). False after
  // a time-out; `missing` then names what is not there and why.
  bool WaitForSync(base::Nanos timeout, std::string* missing) const;

  reconcilers::MeshObjects Objects() const;
  // Every TrafficTap and ClusterTrafficTap.
  reconcilers::Objects Taps() const;
  reconcilers::ObjectPtr Tap(const kube::ObjectKey& key) const;
  size_t tap_count() const;
  // Which of Istio's kinds may be written: those that exist and may be read. One that was read once
  // stays so through refusals, and until it has been gone for minutes.
  plan::MeshSettings Settings() const;
  // IP:port of every ready istiod's monitoring port, of all revisions; sorted.
  std::vector<std::string> IstiodAddresses() const;

  // The zone of each node of the cluster that is labelled with one; none where nodes may not be read.
  std::map<std::string, std::string> NodeZones() const;

  // Of each watch.
  std::vector<controller::Loop> Loops() const;
  void WriteMetrics(base::MetricWriter& writer) const;

 private:
  struct Watched;
  // kOptional: may not exist in this cluster, or not be ours to read. kExtra: nothing waits for it then.
  enum class Need { kRequired, kOptional, kExtra };
  void Add(const std::string& name, const kube::Resource& resource,
           controller::InformerOptions options, Need need,
           controller::Informer::OnChange on_change);
  const controller::Store& StoreOf(const std::string& name) const;
  bool Usable(const std::string& name) const;

  kube::KubeClient* const kube_;
  const base::Clock* const clock_;
  const Hooks hooks_;
  std::map<std::string, std::unique_ptr<Watched>> watched_;
  std::vector<std::jthread> threads_;
};

}  // namespace traffictap::op
