// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kube/kube_client.h"
#include "operator/controller/reconciler.h"
#include "operator/istiod/syncz.h"
#include "operator/leases/lease_ledger.h"
#include "operator/mesh/installation.h"
#include "operator/mesh/tap_reader.h"
#include "operator/plan/mesh_plan.h"
#include "operator/plan/mesh_snapshot.h"
#include "operator/reconcilers/mesh_objects.h"
#include "operator/reconcilers/peer_ledger.h"
#include "operator/reconcilers/plan_board.h"
#include "operator/reconcilers/reports.h"

namespace traffictap::reconcilers {

// The field manager of everything that the operator writes.
inline constexpr const char* kFieldManager = "traffictap-operator";

// What the mesh reconciler reads and drives. All outlive it and are thread-safe.
struct MeshPorts {
  std::function<MeshObjects()> objects;
  std::function<plan::MeshSettings()> settings;  // what is known beside the mesh's ConfigMap
  std::function<Reports()> reports;
  std::function<void(const std::vector<plan::CompiledTap>&)> set_taps;  // may wait for seconds
  // Which taps have a maxRecords, for those that share it: before set_taps.
  std::function<void(const std::vector<leases::TapLimit>&)> set_limits =
      [](const std::vector<leases::TapLimit>&) {};
  // Whether a tap that has written so many records gets no more of its maxRecords.
  std::function<bool(const std::string& uid, uint64_t records)> records_end =
      [](const std::string&, uint64_t) { return false; };
  std::function<void()> plan_changed;  // the board has a new one: every tap is to be told
  // Tells people what connections drain, as an Event about a tap, or about a patch that has none.
  std::function<void(const kube::Object& regarding, const std::string& message)> announce_drain;
  // Tells people what a namespace says wrongly of its attachment, as an Event about it.
  std::function<void(const kube::Object& regarding, const std::string& reason,
                     const std::string& message)>
      announce_fault;
  // Asked before each write: a leader that is cut off or ends writes nothing more, however long a
  // list it has begun.
  std::function<bool()> leads = [] { return true; };
  // Called before each write as well: a pass may have thousands, which the API server's limits make
  // long, and yet does not hang.
  std::function<void()> next_step = [] {};
  // The last push that each istiod has made, asked for now, and nothing of those that do not answer soon.
  // Called before patches are written, at most once a second.
  std::function<istiod::PushVersions()> pushes = [] { return istiod::PushVersions(); };
  kube::KubeClient* kube = nullptr;
  PlanBoard* board = nullptr;
  PeerLedger* peers = nullptr;
  const base::Clock* clock = nullptr;
};

// Makes the whole mesh as the taps ask: gather, decide, act. There is one key only, since a patch
// is shared by all taps of a workload. A patch that the API server refuses stops no other one; it
// is tried again, and the taps that need it say so.
class MeshReconciler final : public controller::Reconciler {
 public:
  MeshReconciler(mesh::Installation own, MeshPorts ports)
      : own_(std::move(own)), ports_(std::move(ports)) {}

  StatusOr<controller::ReconcileResult> Reconcile(const kube::ObjectKey& key) override;

 private:
  plan::MeshSnapshot Gather(const MeshObjects& objects, base::Nanos now);
  // How many records the taps have written, and which are to be shared.
  void GatherRecords(const MeshObjects& objects, std::vector<plan::TapObject>* taps);
  // kUnavailable: some writes were refused; kAborted: it leads no longer.
  Status Act(const plan::MeshPlan& plan, const plan::MeshSnapshot& snapshot,
             const MeshObjects& objects, PatchStates* states);
  void TellDrains(const plan::MeshPlan& plan, const PatchStates& states) const;
  // Once, as long as it stays.
  void TellFaults(const plan::MeshPlan& plan, const MeshObjects& objects);
  // Writes the status of destinations where it changed.
  void TellDestinations(const MeshObjects& objects, const plan::MeshSnapshot& snapshot);

  const mesh::Installation own_;
  const MeshPorts ports_;
  mesh::TapReader taps_;
  std::vector<plan::Note> told_faults_;
};

}  // namespace traffictap::reconcilers
