// SPDX-License-Identifier: Apache-2.0
#include "traffic/pair_json.h"

#include <google/protobuf/util/json_util.h>

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

#include "traffic/sample_entries.h"
#include "traffictap/v1/pair.pb.h"

namespace traffictap {
namespace {

using namespace traffic;  // NOLINT: the names of the unit under test
using google::protobuf::FieldDescriptor;

const RecordOrigin kOrigin{"shop/errors"};

std::string Line(const SamplePair& sample) {
  std::string out;
  AppendPairJson(kOrigin, sample.pair, &out);
  return out;
}

// Fails the test where the line has a field that the proto does not.
v1::TrafficPair Parse(const std::string& line) {
  v1::TrafficPair out;
  const auto status = google::protobuf::util::JsonStringToMessage(line, &out);
  BOOST_TEST_REQUIRE(status.ok(), status.ToString() << " in " << line);
  return out;
}

// The paths of the fields that are set, "client.sni", or of all that a type has where `message` is
// null.
void Fields(const google::protobuf::Descriptor& type, const google::protobuf::Message* message,
            const std::string& prefix, std::set<std::string>* out) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (message != nullptr) {
      const auto* reflection = message->GetReflection();
      const bool set = field.is_repeated() ? reflection->FieldSize(*message, &field) > 0
                                           : reflection->HasField(*message, &field);
      if (!set) continue;
    }
    out->insert(prefix + field.name());
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field.is_map()) continue;
    if (field.message_type()->full_name() == "google.protobuf.Timestamp") continue;
    const google::protobuf::Message* inner = nullptr;
    if (message != nullptr) {
      inner = field.is_repeated()
                  ? &message->GetReflection()->GetRepeatedMessage(*message, &field, 0)
                  : &message->GetReflection()->GetMessage(*message, &field);
    }
    Fields(*field.message_type(), inner, prefix + field.name() + ".", out);
  }
}

SampleEntry FullServer() {
  SampleEntry server = FullEntry(Reporter::kDestination);
  server.facts().start_time += 3 * base::kMillisecond;
  server.facts().duration -= 2 * base::kMillisecond;
  return server;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pair_json)

BOOST_AUTO_TEST_CASE(every_field_of_the_proto_is_produced_by_some_record) {
  const SampleEntry client = FullEntry(Reporter::kSource);
  const SampleEntry server = FullServer();
  SamplePair both(&client, {&server});
  SamplePair no_server(&client, {});
  no_server.pair.orphan_reason = OrphanReason::kPeerNotMeshed;
  const SamplePair no_client(nullptr, {&server});
  SampleEntry denier = FullServer();
  denier.Set(Text::kResponseCodeDetails,
             "rbac_access_denied_matched_policy[ns[shop]-policy[p]-rule[1]]");
  denier.Set(Text::kDryRunPolicy, "ns[shop]-policy[q]-rule[0]");
  SamplePair denied(nullptr, {&denier});
  denied.pair.verdict = Verdict::kDenied;
  SampleEntry elsewhere = FullServer();
  elsewhere.facts().trace.trace_high = 1;
  SamplePair two_traces(&client, {&elsewhere});
  two_traces.pair.weight = 1 / 0.3;
  SampleEntry going_on = FullEntry(Reporter::kSource);
  going_on.facts().moment = LogMoment::kPeriodic;
  const SamplePair open(&going_on, {});
  std::set<std::string> produced;
  for (const SamplePair* sample :
       std::vector<const SamplePair*>{&both, &no_server, &no_client, &denied, &two_traces, &open}) {
    const v1::TrafficPair record = Parse(Line(*sample));
    Fields(*record.GetDescriptor(), &record, "", &produced);
  }
  std::set<std::string> all;
  Fields(*v1::TrafficPair::descriptor(), nullptr, "", &all);
  // An end speaks for itself where it has an entry; these two belong to the destination alone.
  all.erase("source.address");
  all.erase("source.service");
  // The client's own trace is the record's.
  all.erase("client.trace_id");
  all.erase("client.span_id");
  // Only live readers' records have it: observe/reduce_record.h.
  for (const char* end : {"source", "destination", "client", "server"}) {
    all.erase(std::string(end) + ".reduced");
  }
  BOOST_TEST(produced == all, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(tells_the_values_of_both_sides) {
  const SampleEntry client = FullEntry(Reporter::kSource);
  const SampleEntry server = FullServer();
  SamplePair sample(&client, {&server});
  sample.pair.verdict = Verdict::kRetried;
  const v1::TrafficPair record = Parse(Line(sample));
  BOOST_TEST(record.schema_version() == "v1");
  BOOST_TEST(record.tap() == "shop/errors");
  BOOST_TEST(record.verdict() == "Retried");
  BOOST_TEST(record.orphan_reason().empty());
  BOOST_TEST(record.reporter() == "source");
  BOOST_TEST(record.source().name() == "cart");
  BOOST_TEST(record.destination().address() == "10.0.0.9:1005");
  BOOST_TEST(record.destination().service() == "cart.shop.svc.cluster.local");
  BOOST_TEST(record.request().method() == "POST");
  BOOST_TEST(record.request().protocol() == "HTTP/2");
  BOOST_TEST(record.request().headers().at("x-tenant") == "a");
  BOOST_TEST(record.response().code() == 503);
  BOOST_TEST(record.response().trailers().at("grpc-status") == "0");
  BOOST_TEST(record.response().flags(0) == "UF");
  BOOST_TEST(record.response().flags(1) == "FLAG40");
  BOOST_TEST(record.client().duration_ms() == 9.001, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(record.server(0).duration_ms() == 7.001, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(record.timings().between_ms() == 2.0, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(record.timings().clock_offset_ms() == 3.0, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(record.timings().start_time().nanos() == 123'456'789);
  BOOST_TEST(record.client().attempts() == 2);
}

BOOST_AUTO_TEST_CASE(tells_a_call_and_what_denied_it) {
  SampleEntry server(Reporter::kDestination);
  server.facts().grpc_status = GrpcStatus::kPermissionDenied;
  server.Set(Text::kPath, "/shop.v1.Cart/Add").Set(Text::kGrpcMessage, "RBAC: access denied");
  server.Set(Text::kResponseCodeDetails,
             "rbac_access_denied_matched_policy[ns[shop]-policy[carts]-rule[1]]");
  SamplePair sample(nullptr, {&server});
  BOOST_TEST(!Parse(Line(sample)).has_denial());
  sample.pair.verdict = Verdict::kDenied;
  const v1::TrafficPair record = Parse(Line(sample));
  BOOST_TEST(record.rpc().service() == "shop.v1.Cart");
  BOOST_TEST(record.rpc().method() == "Add");
  BOOST_TEST(record.response().grpc_status() == "PERMISSION_DENIED");
  BOOST_TEST(record.server(0).grpc_status() == "PERMISSION_DENIED");
  BOOST_TEST(record.server(0).grpc_message() == "RBAC: access denied");
  BOOST_TEST(record.denial().by() == "AuthorizationPolicy");
  BOOST_TEST(record.denial().policy() == "shop/carts");
  BOOST_TEST(record.denial().rule() == "1");
  BOOST_TEST(record.denial().side() == "destination");
}

BOOST_AUTO_TEST_CASE(what_is_only_tried_is_told_and_is_no_verdict) {
  SampleEntry server(Reporter::kDestination);
  server.facts().dry_run = DryRunResult::kDenied;
  server.Set(Text::kDryRunPolicy, "ns[shop]-policy[carts]-rule[1]");
  const v1::TrafficPair record = Parse(Line(SamplePair(nullptr, {&server})));
  BOOST_TEST(record.verdict() == "Ok");
  BOOST_TEST(!record.has_denial());
  BOOST_TEST(record.dry_run().result() == "Denied");
  BOOST_TEST(record.dry_run().policy() == "shop/carts");
  BOOST_TEST(record.dry_run().rule() == "1");
  BOOST_TEST(record.dry_run().side() == "destination");
}

BOOST_AUTO_TEST_CASE(the_trace_is_the_reporters_and_a_side_names_what_differs) {
  const SampleEntry client = FullEntry(Reporter::kSource);
  SampleEntry server = FullServer();
  const v1::TrafficPair traced = Parse(Line(SamplePair(&client, {&server})));
  BOOST_TEST(traced.trace().trace_id() == "0af7651916cd43dd8448eb211c80319c");
  BOOST_TEST(traced.trace().span_id() == "b7ad6b7169203331");
  BOOST_TEST(traced.server(0).span_id() == "00f067aa0ba902b7");
  BOOST_TEST(traced.server(0).trace_id().empty());
  BOOST_TEST(traced.client().span_id().empty());
  server.facts().trace.span = client.entry.facts.trace.span;
  BOOST_TEST(Parse(Line(SamplePair(&client, {&server}))).server(0).span_id().empty());
}

BOOST_AUTO_TEST_CASE(a_weight_is_there_where_it_says_something) {
  const SampleEntry client = FullEntry(Reporter::kSource);
  SamplePair sample(&client, {});
  BOOST_TEST(!Parse(Line(sample)).has_weight());
  sample.pair.weight = 1 / 0.3;
  BOOST_TEST(Parse(Line(sample)).weight() == 1 / 0.3, boost::test_tools::tolerance(1e-8));
  sample.pair.weight = 1e9;
  BOOST_TEST(Parse(Line(sample)).weight() == 1e9);
}

BOOST_AUTO_TEST_CASE(a_trace_that_begins_at_the_servers_proxy_is_the_records) {
  SampleEntry client = FullEntry(Reporter::kSource);
  client.facts().trace = {};
  const SampleEntry server = FullServer();
  const v1::TrafficPair record = Parse(Line(SamplePair(&client, {&server})));
  BOOST_TEST(record.trace().span_id() == "00f067aa0ba902b7");
  BOOST_TEST(record.server(0).span_id().empty());
  BOOST_TEST(!Parse(Line(SamplePair(&client, {}))).has_trace());
}

BOOST_AUTO_TEST_CASE(each_number_and_text_of_a_side_lands_in_its_own_field) {
  const SampleEntry client = FullEntry(Reporter::kSource);
  const v1::Side side = Parse(Line(SamplePair(&client, {}))).client();
  BOOST_TEST(side.last_rx_byte_ms() == 2.001, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(side.first_upstream_tx_byte_ms() == 3.001, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(side.last_downstream_tx_byte_ms() == 8.001, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(side.downstream_wire_bytes_sent() == 105);
  BOOST_TEST(side.upstream_wire_bytes_received() == 108);
  BOOST_TEST(side.downstream_remote() == "10.0.0.9:1001");
  BOOST_TEST(side.downstream_direct_remote() == "10.0.0.9:1002");
  BOOST_TEST(side.downstream_local() == "10.0.0.9:1003");
  BOOST_TEST(side.upstream_local() == "10.0.0.9:1004");
  BOOST_TEST(side.upstream_remote() == "10.0.0.9:1005");
  BOOST_TEST(side.sni() == client.entry.text(Text::kTlsSni));
  BOOST_TEST(side.peer_principal() == client.entry.text(Text::kPeerPrincipal));
  BOOST_TEST(side.local_principal() == client.entry.text(Text::kLocalPrincipal));
  BOOST_TEST(side.upstream_transport_failure() ==
             client.entry.text(Text::kUpstreamTransportFailure));
  BOOST_TEST(side.downstream_transport_failure() ==
             client.entry.text(Text::kDownstreamTransportFailure));
  BOOST_TEST(side.connection_termination() == client.entry.text(Text::kConnectionTermination));
  BOOST_TEST(side.tls_version() == 4);
}

BOOST_AUTO_TEST_CASE(an_end_without_an_entry_is_what_the_other_one_says) {
  SampleEntry client(Reporter::kSource);
  client.Set(Text::kPeerWorkload, "stock")
      .Set(Text::kPeerNamespace, "store")
      .Set(Text::kPeerPrincipal, "spiffe://x");
  client.facts().upstream_remote = *ParseSocketAddress("10.0.0.7", 8080);
  const auto told = Parse(Line(SamplePair(&client, {}))).destination();
  BOOST_TEST(told.name() == "stock");
  BOOST_TEST(told.namespace_() == "store");
  BOOST_TEST(told.principal() == "spiffe://x");
  BOOST_TEST(told.ip() == "10.0.0.7");
  BOOST_TEST(told.address() == "10.0.0.7:8080");
  SampleEntry server(Reporter::kDestination);
  server.facts().downstream_direct_remote = *ParseSocketAddress("10.0.0.8", 40'000);
  server.facts().downstream_local = *ParseSocketAddress("10.0.0.7", 8080);
  const auto record = Parse(Line(SamplePair(nullptr, {&server})));
  BOOST_TEST(record.reporter() == "destination");
  BOOST_TEST(record.source().name() == "10.0.0.8");
  BOOST_TEST(record.destination().address() == "10.0.0.7:8080");
}

BOOST_AUTO_TEST_CASE(who_opened_a_tunnel_is_the_source_of_what_the_waypoint_refused) {
  SampleEntry waypoint(Reporter::kDestination);
  waypoint.Set(Text::kPeerPrincipal, "spiffe://cluster.local/ns/shop/sa/client");
  waypoint.facts().downstream_remote = *ParseSocketAddress("10.0.0.8", 40'000);
  const auto source = Parse(Line(SamplePair(nullptr, {&waypoint}))).source();
  BOOST_TEST(source.name() == "10.0.0.8");
  BOOST_TEST(source.ip() == "10.0.0.8");
  BOOST_TEST(source.principal() == "spiffe://cluster.local/ns/shop/sa/client");
}

BOOST_AUTO_TEST_CASE(only_what_is_open_says_so) {
  SampleEntry client = FullEntry(Reporter::kSource);
  BOOST_TEST(Line(SamplePair(&client, {})).find("\"state\"") == std::string::npos);
  client.facts().moment = LogMoment::kPeriodic;
  BOOST_TEST(Parse(Line(SamplePair(&client, {}))).state() == "Open");
}

BOOST_AUTO_TEST_CASE(a_negative_difference_is_never_clamped) {
  SampleEntry client(Reporter::kSource);
  SampleEntry server(Reporter::kDestination);
  client.facts().duration = 1 * base::kMillisecond;
  server.facts().duration = 4 * base::kMillisecond;
  const auto record = Parse(Line(SamplePair(&client, {&server})));
  BOOST_TEST(record.timings().between_ms() == -3.0, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(times_that_did_not_happen_are_absent_and_zero_is_not) {
  SampleEntry client(Reporter::kSource);
  client.facts().first_upstream_tx_byte = 0;
  const auto side = Parse(Line(SamplePair(&client, {}))).client();
  BOOST_TEST(side.has_first_upstream_tx_byte_ms());
  BOOST_TEST(!side.has_duration_ms());
}

BOOST_AUTO_TEST_CASE(a_tcp_connection_has_the_protocol_tcp) {
  SampleEntry client(Reporter::kSource);
  client.facts().kind = EntryKind::kTcp;
  BOOST_TEST(Parse(Line(SamplePair(&client, {}))).request().protocol() == "TCP");
}

BOOST_AUTO_TEST_CASE(hostile_bytes_in_every_text_stay_one_valid_line) {
  std::string hostile = "\"},{\"a\":\"\xe2\x80\xa8\xc2\x85\xff\xed\xa0\x80\\";
  for (char c = 0; c < 0x20; ++c) hostile += c;
  SampleEntry client = FullEntry(Reporter::kSource);
  for (size_t text = 0; text < static_cast<size_t>(Text::kRequestHeaders); ++text) {
    client.Set(static_cast<Text>(text), hostile);
  }
  client.Set(Text::kRequestHeaders, HeaderList({{hostile, hostile}}));
  client.node = SampleNode(hostile, hostile);
  const std::string line = Line(SamplePair(&client, {}));
  BOOST_TEST(line.find_first_of("\n\r\v\f\x1c\x1d\x1e") == std::string::npos);
  BOOST_TEST(line.find("\xe2\x80\xa8") == std::string::npos);
  BOOST_TEST(line.find("\xc2\x85") == std::string::npos);
  BOOST_TEST(Parse(line).request().path().find("\"},{\"a\":\"\xe2\x80\xa8\xc2\x85\xef\xbf\xbd") ==
             0);
}

BOOST_AUTO_TEST_CASE(a_record_keeps_its_id_in_every_copy_and_shares_it_with_no_other) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    SampleEntry client(Reporter::kSource);
    client.Set(Text::kRequestId, "id-" + std::to_string(i / 10));
    client.facts().start_time = 1'700'000'000'000'000'000 + i;
    const SamplePair sample(&client, {});
    const std::string id = Parse(Line(sample)).id();
    std::string copy;
    AppendPairJson({"other/tap"}, sample.pair, &copy);
    BOOST_TEST_REQUIRE(Parse(copy).id() == id);
    ids.insert(id);
  }
  BOOST_TEST(ids.size() == 1000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
