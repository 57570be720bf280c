// SPDX-License-Identifier: Apache-2.0
#include "filter/entry_filter.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "filter/pair_filter.h"
#include "traffic/sample_entries.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of what is filtered
using filter::EntryFilter;
using tap::MatchSpec;
using tap::PathMatchKind;

SampleEntry Request(const std::string& path = "/v1/carts", Method method = Method::kGet) {
  SampleEntry sample;
  sample.facts().method = method;
  sample.facts().http_version = HttpVersion::kHttp11;
  sample.Set(Text::kPath, path).Set(Text::kScheme, "http").Set(Text::kAuthority, "cart.shop:8080");
  return sample;
}

SampleEntry Connection() {
  SampleEntry sample;
  sample.facts().kind = EntryKind::kTcp;
  return sample;
}

std::unique_ptr<EntryFilter> FilterOf(const std::vector<MatchSpec>& matches) {
  std::vector<tap::TapSpecPtr> specs;
  for (const auto& match : matches) {
    tap::TapSpec spec;
    spec.match = match;
    specs.push_back(std::make_shared<const tap::TapSpec>(spec));
  }
  auto out = EntryFilter::Create(specs);
  BOOST_TEST_REQUIRE(out.ok(), Message(out.status()));
  return *std::move(out);
}

TapSet First(size_t count) {
  TapSet out;
  for (size_t slot = 0; slot < count; ++slot) out.Add(slot);
  return out;
}

// Asks both filters, as what the door admits must not be refused by the pair filter for the same
// fact.
bool Admits(const MatchSpec& match, const SampleEntry& sample) {
  const bool admitted = FilterOf({match})->Admit(sample.entry, First(1)).Contains(0);
  const auto pair_filter = filter::PairFilter::Create(match);
  BOOST_REQUIRE(pair_filter.ok());
  const SamplePair pair(&sample, {});
  BOOST_TEST((*pair_filter)->Matches(pair.pair) == admitted);
  return admitted;
}

MatchSpec Path(PathMatchKind kind, const std::string& value) {
  MatchSpec match;
  match.paths = {{kind, value}};
  return match;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(entry_filter)

BOOST_AUTO_TEST_CASE(a_tap_without_conditions_admits_every_request_and_no_connection) {
  BOOST_TEST(Admits({}, Request()));
  BOOST_TEST(!FilterOf({{}})->Admit(Connection().entry, First(1)).Contains(0));
}

BOOST_AUTO_TEST_CASE(an_output_that_names_tcp_asks_for_connections) {
  tap::TapSpec spec;
  spec.outputs.resize(2);
  spec.outputs[1].match.protocols = {"TCP"};
  const auto admits = [](const tap::TapSpec& tap) {
    const std::vector<tap::TapSpecPtr> specs = {std::make_shared<const tap::TapSpec>(tap)};
    return (*EntryFilter::Create(specs))->Admit(Connection().entry, First(1)).Contains(0);
  };
  BOOST_TEST(admits(spec));
  spec.match.protocols = {"HTTP/2"};
  BOOST_TEST(!admits(spec));
}

BOOST_AUTO_TEST_CASE(admits_by_method) {
  MatchSpec match;
  match.methods = {"GET", "PUT"};
  BOOST_TEST(Admits(match, Request("/", Method::kGet)));
  BOOST_TEST(Admits(match, Request("/", Method::kPut)));
  BOOST_TEST(!Admits(match, Request("/", Method::kPost)));
  BOOST_TEST(!Admits(match, Request("/", Method::kUnspecified)));
}

BOOST_AUTO_TEST_CASE(admits_by_path_prefix_exact_and_regex) {
  const std::string path = "/v1/carts";
  BOOST_TEST(Admits(Path(PathMatchKind::kPrefix, "/v1"), Request(path)));
  BOOST_TEST(!Admits(Path(PathMatchKind::kPrefix, "/v2"), Request(path)));
  BOOST_TEST(Admits(Path(PathMatchKind::kExact, path), Request(path)));
  BOOST_TEST(!Admits(Path(PathMatchKind::kExact, "/v1"), Request(path)));
  BOOST_TEST(Admits(Path(PathMatchKind::kRegex, "/v[0-9]+/carts"), Request(path)));
  BOOST_TEST(!Admits(Path(PathMatchKind::kRegex, "/v[0-9]+"), Request(path)));
}

BOOST_AUTO_TEST_CASE(a_path_is_tested_without_its_query) {
  for (const auto& match : {Path(PathMatchKind::kExact, "/a"), Path(PathMatchKind::kRegex, "/a"),
                            Path(PathMatchKind::kPrefix, "/a")}) {
    BOOST_TEST(Admits(match, Request("/a?b=/c")));
    BOOST_TEST(Admits(match, Request("/a#x")));
  }
  BOOST_TEST(!Admits(Path(PathMatchKind::kPrefix, "/a?"), Request("/a?b")));
}

BOOST_AUTO_TEST_CASE(prefix_and_exact_take_every_character_as_itself) {
  BOOST_TEST(!Admits(Path(PathMatchKind::kPrefix, "/a.b"), Request("/axb")));
  BOOST_TEST(Admits(Path(PathMatchKind::kPrefix, "/a.b(c)*"), Request("/a.b(c)*d")));
  BOOST_TEST(Admits(Path(PathMatchKind::kExact, "/\xc3\xa9"), Request("/\xc3\xa9")));
}

BOOST_AUTO_TEST_CASE(a_prefix_is_followed_by_any_bytes) {
  BOOST_TEST(Admits(Path(PathMatchKind::kPrefix, "/a"), Request("/a\n\xff\xfe")));
}

BOOST_AUTO_TEST_CASE(admits_by_authority) {
  MatchSpec authority;
  authority.authorities = {"other", "*.shop"};
  BOOST_TEST(Admits(authority, Request()));
  authority.authorities = {"other"};
  BOOST_TEST(!Admits(authority, Request()));
}

BOOST_AUTO_TEST_CASE(tells_requests_from_connections_by_the_protocols) {
  MatchSpec match;
  match.protocols = {"HTTP/1.1"};
  BOOST_TEST(Admits(match, Request()));
  BOOST_TEST(!Admits(match, Connection()));
  match.protocols = {"TCP"};
  BOOST_TEST(!Admits(match, Request()));
  BOOST_TEST(Admits(match, Connection()));
}

// The client's proxy may see another version and scheme than the server's.
BOOST_AUTO_TEST_CASE(an_http_version_or_scheme_that_one_side_has_parts_no_pair) {
  MatchSpec version;
  version.protocols = {"HTTP/2", "TCP"};
  MatchSpec scheme;
  scheme.schemes = {"https"};
  for (const auto& match : {version, scheme}) {
    SampleEntry one = Request();
    SampleEntry other = Request();
    other.facts().http_version = HttpVersion::kHttp2;
    other.Set(Text::kScheme, "https");
    for (const auto& sample : {one, other}) {
      BOOST_TEST(FilterOf({match})->Admit(sample.entry, First(1)).Contains(0));
    }
    const auto pair_filter = filter::PairFilter::Create(match);
    BOOST_TEST((*pair_filter)->Matches(SamplePair(&one, {&other}).pair));
    BOOST_TEST(!(*pair_filter)->Matches(SamplePair(&one, {&one}).pair));
  }
}

BOOST_AUTO_TEST_CASE(a_response_code_is_of_requests_unless_the_tap_names_tcp) {
  MatchSpec match;
  match.response_codes = {{0, 0}, {500, 599}};
  BOOST_TEST(!Admits(match, Connection()));
  match.protocols = {"TCP"};
  BOOST_TEST(Admits(match, Connection()));
}

BOOST_AUTO_TEST_CASE(every_list_must_hold) {
  MatchSpec match = Path(PathMatchKind::kPrefix, "/v1");
  match.methods = {"GET"};
  BOOST_TEST(Admits(match, Request("/v1/carts", Method::kGet)));
  BOOST_TEST(!Admits(match, Request("/v1/carts", Method::kPost)));
  BOOST_TEST(!Admits(match, Request("/v2/carts", Method::kGet)));
}

BOOST_AUTO_TEST_CASE(a_connection_meets_no_condition_of_a_request) {
  MatchSpec method;
  method.methods = {"GET"};
  MatchSpec scheme;
  scheme.schemes = {"http"};
  MatchSpec authority;
  authority.authorities = {"cart"};
  MatchSpec status;
  status.grpc_statuses = {"OK"};
  MatchSpec trace;
  trace.trace_ids = {"8448eb211c80319c"};
  for (const auto& match :
       {method, scheme, authority, status, trace, Path(PathMatchKind::kRegex, ".*")}) {
    BOOST_TEST(!Admits(match, Connection()));
  }
}

BOOST_AUTO_TEST_CASE(does_not_test_what_one_side_alone_knows) {
  MatchSpec match;
  match.response_codes = {{500, 599}};
  match.min_duration = base::kSecond;
  match.response_flags = {"UF"};
  match.headers = {{.name = "x-tenant"}};
  BOOST_TEST(FilterOf({match})->Admit(Request().entry, First(1)).Contains(0));
}

BOOST_AUTO_TEST_CASE(answers_for_many_taps_at_once_as_for_each_alone) {
  std::vector<MatchSpec> matches(9);
  matches[1].methods = {"GET"};
  matches[2].methods = {"POST"};
  matches[3] = Path(PathMatchKind::kPrefix, "/v1");
  matches[4] = Path(PathMatchKind::kRegex, "/v1/.*");
  matches[5] = Path(PathMatchKind::kExact, "/v2");
  matches[6].authorities = {"*.shop"};
  matches[7].protocols = {"TCP"};
  matches[8] = Path(PathMatchKind::kPrefix, "/v1");
  matches[8].schemes = {"https"};
  const auto filter = FilterOf(matches);
  for (const auto& sample : {Request(), Request("/v2", Method::kPost), Connection()}) {
    const TapSet together = filter->Admit(sample.entry, First(matches.size()));
    for (size_t slot = 0; slot < matches.size(); ++slot) {
      const bool alone = FilterOf({matches[slot]})->Admit(sample.entry, First(1)).Contains(0);
      BOOST_TEST(together.Contains(slot) == alone, "slot " << slot);
    }
  }
}

BOOST_AUTO_TEST_CASE(admits_candidates_alone_and_skips_free_slots) {
  std::vector<tap::TapSpecPtr> specs = {std::make_shared<const tap::TapSpec>(), nullptr,
                                        std::make_shared<const tap::TapSpec>()};
  const auto filter = EntryFilter::Create(specs);
  BOOST_REQUIRE(filter.ok());
  TapSet last;
  last.Add(2);
  BOOST_CHECK((*filter)->Admit(Request().entry, last) == last);
  BOOST_TEST((*filter)->Admit(Request().entry, {}).empty());
}

BOOST_AUTO_TEST_CASE(refuses_a_regex_that_does_not_compile) {
  tap::TapSpec spec;
  spec.match = Path(PathMatchKind::kRegex, "/(");
  const std::vector<tap::TapSpecPtr> specs = {std::make_shared<const tap::TapSpec>(spec)};
  BOOST_TEST(absl::IsInvalidArgument(EntryFilter::Create(specs).status()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(sampling)

namespace {

std::unique_ptr<EntryFilter> Sampler(double ratio, bool keep_errors = false) {
  tap::TapSpec spec;
  spec.sampling.ratio = ratio;
  spec.sampling.always_keep_errors = keep_errors;
  const std::vector<tap::TapSpecPtr> specs = {std::make_shared<const tap::TapSpec>(spec)};
  auto filter = EntryFilter::Create(specs);
  BOOST_REQUIRE(filter.ok());
  return *std::move(filter);
}

std::string Id(int number, char version) {
  return "00000000-0000-" + std::string(1, version) + "000-8000-" +
         std::to_string(100'000'000'000 + number);
}

}  // namespace

BOOST_AUTO_TEST_CASE(keeps_close_to_its_ratio_and_the_same_requests_on_both_sides) {
  constexpr int kIds = 20'000;
  for (const double ratio : {0.01, 0.25, 0.5, 0.9}) {
    const auto filter = Sampler(ratio);
    int kept = 0;
    for (int i = 0; i < kIds; ++i) {
      // The server's Envoy rewrote the version digit for tracing.
      const bool client = filter->Sample(HashRequestId(Id(i, '4')), First(1)).Contains(0);
      const bool server = filter->Sample(HashRequestId(Id(i, '9')), First(1)).Contains(0);
      BOOST_TEST_REQUIRE(client == server);
      kept += client ? 1 : 0;
    }
    const double deviation = std::sqrt(kIds * ratio * (1 - ratio));
    BOOST_TEST(std::abs(kept - kIds * ratio) < 4 * deviation,
               "ratio " << ratio << " kept " << kept);
  }
}

BOOST_AUTO_TEST_CASE(one_keeps_all_and_zero_keeps_none) {
  for (const uint64_t hash : {uint64_t{0}, uint64_t{1}, UINT64_MAX}) {
    BOOST_TEST(Sampler(1.0)->Sample(hash, First(1)).Contains(0));
    BOOST_TEST(!Sampler(0.0)->Sample(hash, First(1)).Contains(0));
  }
}

BOOST_AUTO_TEST_CASE(a_larger_ratio_keeps_all_that_a_smaller_one_keeps) {
  const auto small = Sampler(0.2);
  const auto large = Sampler(0.6);
  for (int i = 0; i < 1000; ++i) {
    const uint64_t hash = HashRequestId(Id(i, '4'));
    if (small->Sample(hash, First(1)).Contains(0))
      BOOST_TEST(large->Sample(hash, First(1)).Contains(0));
  }
}

BOOST_AUTO_TEST_CASE(what_has_no_id_is_kept) {
  BOOST_TEST(Sampler(0.001)->Sample(0, First(1)).Contains(0));
}

BOOST_AUTO_TEST_CASE(a_tap_that_keeps_errors_is_not_sampled_at_the_door) {
  BOOST_TEST(Sampler(0.0, true)->Sample(UINT64_MAX, First(1)).Contains(0));
}

BOOST_AUTO_TEST_CASE(each_tap_has_its_own_ratio) {
  std::vector<tap::TapSpecPtr> specs;
  for (const double ratio : {1.0, 0.5, 0.5, 0.0}) {
    tap::TapSpec spec;
    spec.sampling.ratio = ratio;
    specs.push_back(std::make_shared<const tap::TapSpec>(spec));
  }
  const auto filter = EntryFilter::Create(specs);
  BOOST_REQUIRE(filter.ok());
  BOOST_CHECK((*filter)->Sample(UINT64_MAX, First(4)) == First(1));
  BOOST_CHECK((*filter)->Sample(UINT64_MAX / 4, First(4)) == First(3));
}

BOOST_AUTO_TEST_CASE(sampling_of_whole_records_agrees_with_the_door) {
  tap::SamplingSpec spec;
  spec.ratio = 0.3;
  const auto filter = Sampler(0.3);
  for (int i = 0; i < 500; ++i) {
    SampleEntry client;
    client.Set(Text::kRequestId, Id(i, '4'));
    const SamplePair pair(&client, {});
    BOOST_TEST(filter::Samples(spec, pair.pair) ==
               filter->Sample(HashRequestId(Id(i, '4')), First(1)).Contains(0));
  }
}

BOOST_AUTO_TEST_CASE(a_path_too_long_for_the_regexes_is_admitted_and_decided_later) {
  MatchSpec match;
  match.paths = {{PathMatchKind::kRegex, "/v1/[a-z]{40}[0-9]"}};
  BOOST_TEST(!Admits(match, Request("/v1/carts")));
  const auto long_one = Request("/v1/" + std::string(16'000, 'a'));
  BOOST_TEST(FilterOf({match})->Admit(long_one.entry, First(1)).Contains(0));
  const auto pair_filter = filter::PairFilter::Create(match);
  BOOST_TEST(!(*pair_filter)->Matches(SamplePair(&long_one, {}).pair));
}

BOOST_AUTO_TEST_CASE(regexes_cost_nothing_where_no_tap_of_theirs_is_a_candidate) {
  std::vector<MatchSpec> matches(2);
  for (int i = 0; i < 200; ++i) {
    matches[0].paths.push_back({PathMatchKind::kRegex, "/[a-z]{50}" + std::to_string(i)});
  }
  matches[1].paths = {{PathMatchKind::kRegex, "/v1/[a-z]{40}"}};
  const auto filter = FilterOf(matches);
  TapSet second;
  second.Add(1);
  // Decided, though the other tap's regexes would have used up what one entry may cost.
  BOOST_TEST(filter->Admit(Request("/v1/carts").entry, second).empty());
  BOOST_TEST(filter->Admit(Request("/v1/" + std::string(40, 'a')).entry, second).Contains(1));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
