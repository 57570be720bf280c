// SPDX-License-Identifier: Apache-2.0
#include "fanin/pairer_directory.h"

#include <boost/test/unit_test.hpp>

#include "fakes/eventually.h"
#include "fakes/manual_clock.h"
#include "fanin/fake_pairer.h"

namespace traffictap {
namespace fanin {
namespace {

struct Fixture {
  fakes::ManualClock clock;
  StatusOr<std::vector<std::string>> resolved = std::vector<std::string>{};
  int connected = 0;
  std::unique_ptr<PairerDirectory> directory;

  void Make(PairerDirectoryOptions options, ExpectPairers expect = nullptr) {
    directory = std::make_unique<PairerDirectory>(
        std::move(options), [this](const std::string&) { return resolved; },
        [this](const std::string& address) -> StatusOr<PairerClientPtr> {
          if (address == "bad:1") return absl::InvalidArgumentError("bad");
          ++connected;
          return std::make_shared<FakePairer>();
        },
        &clock, std::move(expect));
  }
  std::string Addresses() const {
    std::string out;
    for (const auto& pairer : directory->pairers()) out += pairer.address + " ";
    return out;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pairer_directory, Fixture)

BOOST_AUTO_TEST_CASE(pairers_come_and_go_with_the_name_and_those_listed_stay) {
  Make({.addresses = {"listed:1"}, .name = "pairers:9"});
  BOOST_TEST(Addresses() == "listed:1 ");
  BOOST_TEST(!directory->resolved());
  resolved = std::vector<std::string>{"10.0.0.2:9", "10.0.0.1:9"};
  const uint64_t before = directory->version();
  directory->Refresh();
  BOOST_TEST(directory->resolved());
  BOOST_TEST(Addresses() == "10.0.0.1:9 10.0.0.2:9 listed:1 ");
  BOOST_TEST(directory->version() != before);
  const uint64_t known = directory->version();
  directory->Refresh();
  BOOST_TEST(directory->version() == known);
  BOOST_TEST(connected == 3);
  // One that restarts is missing for a while, and counts until it is forgotten.
  resolved = std::vector<std::string>{"10.0.0.2:9"};
  clock.Advance(30 * base::kSecond);
  directory->Refresh();
  BOOST_TEST(Addresses() == "10.0.0.1:9 10.0.0.2:9 listed:1 ");
  clock.Advance(1);
  directory->Refresh();
  BOOST_TEST(Addresses() == "10.0.0.2:9 listed:1 ");
  BOOST_TEST(directory->version() != known);
}

BOOST_AUTO_TEST_CASE(a_name_that_does_not_resolve_changes_nothing) {
  Make({.name = "pairers:9"});
  resolved = std::vector<std::string>{"10.0.0.1:9"};
  directory->Refresh();
  resolved = absl::UnavailableError("no DNS");
  clock.Advance(3600 * base::kSecond);
  directory->Refresh();
  BOOST_TEST(Addresses() == "10.0.0.1:9 ");
}

BOOST_AUTO_TEST_CASE(where_it_is_known_who_is_to_be_there_the_others_are_absent_by_name) {
  StatusOr<ExpectedPairers> expected = absl::UnavailableError("no API server");
  Make({}, [&] { return expected; });
  directory->Refresh();
  BOOST_TEST(!directory->resolved());
  expected = ExpectedPairers{{"p-0", "10.0.0.1:9"}, {"p-1", ""}};
  directory->Refresh();
  BOOST_TEST(directory->resolved());
  const KnownPairers first = directory->known();
  BOOST_TEST(Addresses() == "10.0.0.1:9 ");
  BOOST_TEST(first.pairers.at(0).label() == "p-0");
  BOOST_TEST((first.absent == std::vector<Missing>{Absent("p-1")}));
  directory->Refresh();
  BOOST_TEST(directory->version() == first.version);
  // A pod that comes back has another address, and its former one is nobody's at once.
  clock.Advance(5 * base::kSecond);
  expected = ExpectedPairers{{"p-0", "10.0.0.7:9"}, {"p-1", "10.0.0.2:9"}};
  directory->Refresh();
  BOOST_TEST(Addresses() == "10.0.0.2:9 10.0.0.7:9 ");
  BOOST_TEST(directory->known().absent.empty());
  BOOST_TEST(directory->version() != first.version);
  // Who was scaled away is not missing.
  clock.Advance(5 * base::kSecond);
  expected = ExpectedPairers{{"p-0", "10.0.0.7:9"}};
  directory->Refresh();
  BOOST_TEST(Addresses() == "10.0.0.7:9 ");
  BOOST_TEST(directory->known().absent.empty());
  // A look that fails changes nothing.
  const uint64_t last = directory->version();
  clock.Advance(3600 * base::kSecond);
  expected = absl::UnavailableError("no API server");
  directory->Refresh();
  BOOST_TEST(Addresses() == "10.0.0.7:9 ");
  BOOST_TEST(directory->version() == last);
}

BOOST_AUTO_TEST_CASE(an_address_that_another_pairer_has_now_gets_its_name) {
  ExpectedPairers expected = {{"p-0", "10.0.0.1:9"}, {"p-1", ""}};
  Make({}, [&] { return expected; });
  directory->Refresh();
  const uint64_t before = directory->version();
  expected = {{"p-0", ""}, {"p-1", "10.0.0.1:9"}};
  directory->Refresh();
  BOOST_TEST(directory->known().pairers.at(0).name == "p-1");
  BOOST_TEST(directory->known().absent.at(0).pairer == "p-0");
  BOOST_TEST(directory->version() != before);
}

BOOST_AUTO_TEST_CASE(without_a_name_all_are_known_and_one_that_cannot_be_asked_is_left_out) {
  Make({.addresses = {"bad:1", "good:1"}});
  BOOST_TEST(directory->resolved());
  BOOST_TEST(Addresses() == "good:1 ");
  directory->Start();
}

BOOST_AUTO_TEST_CASE(its_thread_looks_up) {
  resolved = std::vector<std::string>{"10.0.0.1:9"};
  Make({.name = "pairers:9", .resolve_interval = base::kMillisecond});
  directory->Start();
  BOOST_TEST(fakes::Eventually([&] { return directory->resolved(); }));
}

BOOST_AUTO_TEST_CASE(the_systems_resolver_gives_addresses_with_the_port) {
  const auto found = ResolveByDns("127.0.0.1:9");
  BOOST_REQUIRE(found.ok());
  BOOST_TEST(*found == std::vector<std::string>{"127.0.0.1:9"}, boost::test_tools::per_element());
  BOOST_TEST(ResolveByDns("[::1]:9").value().at(0) == "[::1]:9");
  BOOST_TEST(absl::IsUnavailable(ResolveByDns("nothing").status()));
}

BOOST_AUTO_TEST_CASE(addresses_are_a_host_and_a_port) {
  for (const char* good : {"a:1", "10.0.0.1:65535", "[::1]:9091", "pairers.shop.svc:9"}) {
    BOOST_TEST(CheckPairerAddress(good).ok(), good);
  }
  for (const char* bad : {"", "a", ":1", "a:", "a:0", "a:65536", "::1:9", "a:1x", "a:-1", "a:01"}) {
    BOOST_TEST(absl::IsInvalidArgument(CheckPairerAddress(bad)), bad);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace fanin
}  // namespace traffictap
