// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/peers.h"

#include <boost/test/unit_test.hpp>

#include "fmt/format.h"

namespace traffictap::plan {
namespace {

// A tap of shop/web, and whom it talks to.
struct Mesh {
  Mesh() {
    snapshot.namespaces = {{"shop", {}}, {"bank", {}}};
    snapshot.collector.emplace();
    spec.name = "a";
    spec.ns = tap.ns = "shop";
    spec.targets.emplace_back().name = "web";
    Add("shop", "web");
  }

  void Add(const std::string& ns, const std::string& name, Proxy proxy = Proxy::kSidecar) {
    Pod pod;
    pod.ns = ns;
    pod.name = name + "-0";
    pod.workload = name;
    pod.workload_kind = "Deployment";
    pod.labels = {{"app", name}};
    pod.proxy = proxy;
    pod.addresses = {fmt::format("10.0.0.{}", snapshot.pods.size())};
    snapshot.pods.push_back(pod);
    tap.peers.push_back({ns, "Deployment", name});
  }
  PeerChoice Choose() {
    tap.spec = std::make_shared<const tap::TapSpec>(spec);
    index = std::make_unique<MeshIndex>(snapshot);
    return ChoosePeers(tap, Select(spec, *index), *index);
  }
  // "db: , ledger: NoConsent"
  std::string Chosen() {
    std::string out;
    for (const auto& peer : Choose().peers) {
      out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", peer.workload->name, peer.reason);
    }
    return out;
  }

  MeshSnapshot snapshot;
  TapObject tap;
  tap::TapSpec spec;
  std::unique_ptr<MeshIndex> index;
};

BOOST_FIXTURE_TEST_SUITE(peers, Mesh)

BOOST_AUTO_TEST_CASE(those_of_the_namespace_are_attached_and_targets_are_none) {
  Add("shop", "db");
  tap.peers.push_back({"shop", "Deployment", "gone"});
  tap.peers.push_back({"shop", "Deployment", "db"});
  BOOST_TEST(Chosen() == "db: ");
  BOOST_TEST(Choose().attached.workloads.size() == 1u);
}

BOOST_AUTO_TEST_CASE(another_namespace_is_reached_by_mesh_and_its_consent_alone) {
  Add("bank", "ledger");
  BOOST_TEST(Chosen() == "ledger: OtherNamespace");
  spec.peers.attach = tap::PeerAttach::kMesh;
  BOOST_TEST(Chosen() == "ledger: NoConsent");
  snapshot.namespaces[1].labels = {{kAllowPeersLabel, "yes"}};
  BOOST_TEST(Chosen() == "ledger: NoConsent");
  snapshot.namespaces[1].labels = {{kAllowPeersLabel, "true"}};
  BOOST_TEST(Chosen() == "ledger: ");
  spec.peers.attach = tap::PeerAttach::kSameNamespace;
  BOOST_TEST(Chosen() == "ledger: OtherNamespace");
}

BOOST_AUTO_TEST_CASE(a_cluster_tap_reaches_the_mesh_or_the_namespaces_of_its_targets) {
  Add("bank", "ledger");
  Add("shop", "db");
  tap.ns = spec.ns = "";
  spec.cluster_scoped = true;
  BOOST_TEST(Chosen() == "ledger: , db: ");
  spec.peers.attach = tap::PeerAttach::kSameNamespace;
  BOOST_TEST(Chosen() == "db: , ledger: OtherNamespace");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_attached_says_why) {
  Add("shop", "bare", Proxy::kNone);
  Add("shop", "deep", Proxy::kAmbient);
  Add("shop", "own");
  snapshot.pods.back().ours = true;
  BOOST_TEST(Chosen() == "bare: NotMeshed, deep: Ambient, own: OwnComponent");
  Add("istio-system", "edge", Proxy::kGateway);
  spec.peers.attach = tap::PeerAttach::kMesh;
  snapshot.namespaces.push_back({"istio-system", {{kAllowPeersLabel, "true"}}});
  BOOST_TEST(Chosen().starts_with("edge: RootNamespace"));
}

BOOST_AUTO_TEST_CASE(whom_the_filter_leaves_out_is_not_attached) {
  Add("shop", "db");
  Add("shop", "mail");
  spec.peers.include = {tap::Peer{.workload = "db"}};
  BOOST_TEST(Chosen() == "db: , mail: Filtered");
  spec.peers.include = {tap::Peer{.principal = "spiffe://m/ns/shop/sa/a"}};
  BOOST_TEST(Chosen() == "db: , mail: ");
  spec.peers.exclude = {tap::Peer{.workload = "db", .ip_block = "10.0.0.0/8"},
                        tap::Peer{.workload = "mail"}};
  BOOST_TEST(Chosen() == "db: , mail: Filtered");
}

BOOST_AUTO_TEST_CASE(who_came_first_is_attached_up_to_the_limit) {
  for (size_t i = 0; i <= kPeersMax; ++i) Add("shop", fmt::format("w{:02}", kPeersMax - i));
  const PeerChoice choice = Choose();
  BOOST_TEST(choice.attached.workloads.size() == kPeersMax);
  BOOST_TEST(choice.peers.back().workload->name == "w00");
  BOOST_TEST(choice.peers.back().reason == "PeerLimit");
}

BOOST_AUTO_TEST_CASE(without_attaching_their_names_are_known_all_the_same) {
  Add("shop", "db");
  spec.peers.attach = tap::PeerAttach::kNone;
  const PeerChoice choice = Choose();
  BOOST_TEST(choice.attached.workloads.empty());
  BOOST_TEST(PeerOutcomesOf(choice, {}).empty());
  const std::vector<tap::KnownPeer> expected = {{"shop", "db", false, "", {"10.0.0.1"}}};
  BOOST_TEST((KnownPeersOf(choice) == expected));
}

BOOST_AUTO_TEST_CASE(a_tap_of_whole_namespaces_finds_peers_in_others_alone) {
  Add("shop", "db");
  const auto may = [this] {
    const MeshIndex of(snapshot);
    return MayFindPeers(spec, Select(spec, of));
  };
  BOOST_TEST(may());
  spec.targets.clear();
  BOOST_TEST(!may());
  spec.peers.attach = tap::PeerAttach::kMesh;
  BOOST_TEST(may());
  spec.cluster_scoped = true;
  BOOST_TEST(!may());
  spec.targets.emplace_back().name = "web";
  BOOST_TEST(may());
  spec.peers.attach = tap::PeerAttach::kNone;
  BOOST_TEST(!may());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap::plan
