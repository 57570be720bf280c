// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "operator/mesh/render.h"
#include "operator/plan/compile.h"
#include "operator/plan/mesh_index.h"
#include "source_dir.h"
#include "tests/operator/golden/mesh_input.h"
#include "tests/operator/golden/plan_json.h"

namespace traffictap {
namespace {

const std::filesystem::path kDir = std::filesystem::path(SourceDir()) / "tests/operator/golden";
constexpr std::string_view kInput = ".in.yaml";

std::string ReadText(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::vector<std::string> CaseNames() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(kDir)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(kInput)) out.push_back(name.substr(0, name.size() - kInput.size()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string ObjectsYaml(const plan::MeshPlan& plan, const plan::MeshSnapshot& snapshot) {
  std::string out;
  for (const plan::Patch& patch : plan.patches) {
    std::optional<mesh::Keeper> keeper;
    if (patch.standing || snapshot.mesh.patch_grace > 0 || mesh::NeedsKeeper(patch)) {
      keeper = mesh::Keeper{"traffictap-system", "uid-installation"};
    }
    out += golden::ToYaml(mesh::Render(patch, keeper).value());
  }
  return out.empty() ? "# nothing\n" : out;
}

// Compares with the file, or writes it where TRAFFICTAP_GOLDEN=write.
void Check(const std::string& name, const char* suffix, const std::string& text) {
  const std::filesystem::path path = kDir / (name + suffix);
  const char* mode = std::getenv("TRAFFICTAP_GOLDEN");
  if (mode != nullptr && std::string_view(mode) == "write") std::ofstream(path) << text;
  BOOST_TEST(ReadText(path) == text, path.filename().string() << " differs; `make golden` and read "
                                                                 "the diff. Now it is:\n"
                                                              << text);
}

// The same mesh, told in another order.
plan::MeshSnapshot Reversed(plan::MeshSnapshot snapshot) {
  std::reverse(snapshot.taps.begin(), snapshot.taps.end());
  std::reverse(snapshot.pods.begin(), snapshot.pods.end());
  std::reverse(snapshot.services.begin(), snapshot.services.end());
  std::reverse(snapshot.destinations.begin(), snapshot.destinations.end());
  std::reverse(snapshot.namespaces.begin(), snapshot.namespaces.end());
  std::reverse(snapshot.standing.begin(), snapshot.standing.end());
  std::reverse(snapshot.envoy_filters.begin(), snapshot.envoy_filters.end());
  std::reverse(snapshot.telemetries.begin(), snapshot.telemetries.end());
  std::reverse(snapshot.sidecars.begin(), snapshot.sidecars.end());
  return snapshot;
}

BOOST_AUTO_TEST_SUITE(golden_cases)

BOOST_DATA_TEST_CASE(gives_the_plan_and_the_objects_of_its_files,
                     boost::unit_test::data::make(CaseNames()), name) {
  const std::string input = ReadText(kDir / (name + std::string(kInput)));
  BOOST_TEST_MESSAGE(name << ": " << input.substr(0, input.find('\n')));
  BOOST_REQUIRE(input.starts_with("# "));
  const plan::MeshSnapshot snapshot = golden::ReadInput(input);
  const plan::MeshPlan plan = plan::Compile(snapshot);
  Check(name, ".plan.yaml", golden::ToYaml(golden::PlanJson(plan)));
  Check(name, ".objects.yaml", ObjectsYaml(plan, snapshot));
}

BOOST_DATA_TEST_CASE(do_not_depend_on_the_order_in_which_the_mesh_is_told,
                     boost::unit_test::data::make(CaseNames()), name) {
  const plan::MeshSnapshot snapshot =
      golden::ReadInput(ReadText(kDir / (name + std::string(kInput))));
  const plan::MeshPlan plan = plan::Compile(snapshot);
  const plan::MeshPlan again = plan::Compile(Reversed(snapshot));
  BOOST_TEST(golden::PlanJson(again).dump() == golden::PlanJson(plan).dump());
  BOOST_TEST(ObjectsYaml(again, snapshot) == ObjectsYaml(plan, snapshot));
}

// What the API server gives back of a patch is known for it, so that nothing drains for a restart.
BOOST_DATA_TEST_CASE(are_read_back_as_they_were_rendered, boost::unit_test::data::make(CaseNames()),
                     name) {
  const plan::MeshSnapshot snapshot =
      golden::ReadInput(ReadText(kDir / (name + std::string(kInput))));
  for (const plan::Patch& patch : plan::Compile(snapshot).patches) {
    const plan::StandingPatch read = mesh::ReadStanding(mesh::Render(patch, std::nullopt));
    BOOST_TEST(read.intact);
    BOOST_TEST(read.patch.http == patch.http);
    BOOST_TEST(read.patch.tcp == patch.tcp);
    BOOST_TEST(read.patch.at.selector == patch.at.selector);
    BOOST_TEST((read.patch.at.targets == patch.at.targets));
    BOOST_TEST(read.patch.request_headers == patch.request_headers);
    BOOST_TEST(read.patch.response_headers == patch.response_headers);
    BOOST_TEST(read.patch.open_streams == patch.open_streams);
    if (patch.mechanism == plan::Mechanism::kTelemetry) continue;
    BOOST_TEST(read.patch.collector_host == patch.collector_host);
    BOOST_TEST(read.patch.collector_port == patch.collector_port);
  }
}

// Two access loggers on one proxy would record everything twice.
BOOST_DATA_TEST_CASE(never_select_a_pod_twice, boost::unit_test::data::make(CaseNames()), name) {
  const plan::MeshSnapshot snapshot =
      golden::ReadInput(ReadText(kDir / (name + std::string(kInput))));
  const plan::MeshPlan plan = plan::Compile(snapshot);
  for (const plan::Pod& pod : snapshot.pods) {
    int loggers = 0;
    for (const plan::Patch& patch : plan.patches) {
      if (pod.ns != patch.at.ns) continue;
      loggers += plan::IsUnder(patch.at, pod) ? 1 : 0;
    }
    BOOST_TEST(loggers <= 1, pod.ns << "/" << pod.name << " has " << loggers);
    BOOST_TEST((!pod.ours || loggers == 0), "our own " << pod.name << " is tapped");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace traffictap
