// SPDX-License-Identifier: Apache-2.0
#include "als/grpc_session.h"

#include <malloc.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

#include "als/http2_client.h"

namespace traffictap {
namespace {

using namespace als;  // NOLINT: the names of the unit under test
using Next = StreamHandler::Next;

// What the handlers of a session saw.
struct Seen {
  std::vector<std::string> messages;
  int unread = 0;
  int opened = 0;
  std::vector<StreamEnd> ends;
  bool leaves = false;  // what the handlers answer to Leaves
  int asked = 0;
  // What the handlers answer.
  std::map<std::string, StatusOr<Next>> answers;
  Status answer_to_unread;
};

class Handler final : public StreamHandler {
 public:
  explicit Handler(Seen* seen) : seen_(seen) {}
  StatusOr<Next> OnMessage(std::string_view message) override {
    const std::string text(message.substr(0, 100));
    seen_->messages.push_back(text);
    const auto found = seen_->answers.find(text);
    return found == seen_->answers.end() ? Next::kReadOn : found->second;
  }
  Status OnUnread() override {
    ++seen_->unread;
    return seen_->answer_to_unread;
  }
  bool Leaves() override {
    ++seen_->asked;
    return seen_->leaves;
  }
  void OnEnd(StreamEnd how) override { seen_->ends.push_back(how); }

 private:
  Seen* const seen_;
};

struct Ends {
  explicit Ends(const SessionLimits& limits = Limits())
      : kept(limits.kept_bytes_max),
        session(std::in_place, limits, &kept, [this](int32_t, const GrpcRequest& request) {
          ++seen.opened;
          forwarded = request.forwarded();
          return StatusOr<std::unique_ptr<StreamHandler>>(std::make_unique<Handler>(&seen));
        }) {}

  static SessionLimits Limits() {
    SessionLimits limits;
    limits.message_bytes_max = 100'000;
    return limits;
  }

  // Until neither has anything to say.
  void Exchange() {
    for (;;) {
      const std::string sent = client.Outgoing();
      if (!sent.empty() && !session->Receive(sent)) failed = true;
      std::string back;
      for (auto bytes = session->Outgoing(); !bytes.empty(); bytes = session->Outgoing()) {
        back += bytes;
      }
      client.Receive(back);
      if (sent.empty() && back.empty()) return;
    }
  }
  int32_t Open(const Http2Client::Fields& fields = Http2Client::Call()) {
    const int32_t id = client.Open(fields);
    Exchange();
    return id;
  }
  void Send(int32_t stream, const std::string& message) {
    client.Write(stream, Http2Client::Message(message));
    Exchange();
  }

  Seen seen;
  std::vector<std::string> forwarded;
  bool failed = false;
  KeptBytes kept;
  std::optional<GrpcSession> session;
  Http2Client client;
};

const std::string kLarge(70'000, 'l');

}  // namespace

BOOST_FIXTURE_TEST_SUITE(grpc_session, Ends)

BOOST_AUTO_TEST_CASE(reads_messages_and_answers_when_the_sender_is_done) {
  const int32_t id = Open();
  BOOST_TEST(session->settled());
  BOOST_TEST(session->streams() == 1u);
  Send(id, "one");
  Send(id, "");
  Send(id, kLarge);
  client.End(id);
  Exchange();
  BOOST_TEST(seen.messages == (std::vector<std::string>{"one", "", kLarge.substr(0, 100)}),
             boost::test_tools::per_element());
  BOOST_TEST((seen.ends == std::vector{StreamEnd::kClean}));
  BOOST_TEST(client.answer(id).fields.at(":status") == "200");
  BOOST_TEST(client.answer(id).fields.at("content-type") == "application/grpc");
  BOOST_TEST(client.answer(id).body == std::string(5, '\0'));
  BOOST_TEST(client.status(id) == "0");
  BOOST_TEST(client.answer(id).closed.value() == unsigned{NGHTTP2_NO_ERROR});
  BOOST_TEST(session->streams() == 0u);
  BOOST_TEST(kept.held() == 0u);
}

BOOST_AUTO_TEST_CASE(
    a_stream_that_leaves_ends_well_right_after_a_message_and_the_connection_stays) {
  const int32_t id = Open();
  Send(id, "one");
  BOOST_TEST(seen.asked == 1);
  BOOST_TEST(seen.ends.empty());
  seen.leaves = true;
  Send(id, "two");
  BOOST_TEST(seen.messages.size() == 2u);
  BOOST_TEST((seen.ends == std::vector{StreamEnd::kClean}));
  BOOST_TEST(client.status(id) == "0");
  BOOST_TEST(client.answer(id).closed.value() == unsigned{NGHTTP2_NO_ERROR});
  BOOST_TEST(!session->over());
  seen.leaves = false;
  Send(Open(), "three");
  BOOST_TEST(seen.messages.size() == 3u);
  BOOST_TEST(session->streams() == 1u);
  BOOST_TEST(kept.held() == 0u);
}

// What has come of another message would be lost.
BOOST_AUTO_TEST_CASE(a_stream_that_leaves_reads_first_what_came_in_further_frames) {
  const int32_t id = Open();
  seen.leaves = true;
  client.Write(id, Http2Client::Message("one"));
  std::string bytes = client.Outgoing();
  client.Write(id, Http2Client::Message("two"));
  bytes += client.Outgoing();
  BOOST_TEST(session->Receive(bytes));
  Exchange();
  BOOST_TEST(seen.messages.size() == 2u);
  BOOST_TEST((seen.ends == std::vector{StreamEnd::kClean}));
}

BOOST_AUTO_TEST_CASE(a_stream_leaves_only_where_nothing_more_of_it_has_come) {
  const int32_t id = Open();
  seen.leaves = true;
  const std::string next = Http2Client::Message("two");
  client.Write(id, Http2Client::Message("one") + next.substr(0, 6));
  Exchange();
  BOOST_TEST(seen.messages.size() == 1u);
  BOOST_TEST(seen.ends.empty());
  client.Write(id, next.substr(6));
  Exchange();
  BOOST_TEST(seen.messages.size() == 2u);
  BOOST_TEST((seen.ends == std::vector{StreamEnd::kClean}));
}

BOOST_AUTO_TEST_CASE(a_paused_stream_does_not_leave) {
  seen.answers["one"] = Next::kPause;
  seen.leaves = true;
  const int32_t id = Open();
  Send(id, "one");
  BOOST_TEST(seen.asked == 0);
  BOOST_TEST(seen.ends.empty());
  session->Resume(id);
  BOOST_TEST((seen.ends == std::vector{StreamEnd::kClean}));
}

BOOST_AUTO_TEST_CASE(tells_who_the_sidecar_says_the_sender_is) {
  auto fields = Http2Client::CallWith("x-forwarded-client-cert", "URI=a");
  Open(fields);
  BOOST_TEST(forwarded == std::vector<std::string>{"URI=a"}, boost::test_tools::per_element());
  fields.emplace_back("x-forwarded-client-cert", "URI=b");
  Open(fields);
  BOOST_TEST(forwarded == (std::vector<std::string>{"URI=a", "URI=b"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(header_fields_are_held_only_until_the_client_has_read_the_settings) {
  // The second one refers to fields of the first.
  std::vector<int32_t> ids = {client.Open(), client.Open()};
  BOOST_TEST(session->Receive(client.Outgoing()));
  BOOST_TEST(client.header_table() > 0u);
  BOOST_TEST(session->streams() == 2u);
  Exchange();
  BOOST_TEST(client.header_table() == 0u);
  ids.push_back(Open());
  BOOST_TEST(client.header_table() == 0u);
  for (const int32_t id : ids) Send(id, "read");
  BOOST_TEST(seen.messages.size() == 3u);
  BOOST_TEST(!failed);
  BOOST_TEST(!client.going_away());
}

struct Wrong {
  std::string name, value, http_status, grpc_status;
};
std::ostream& operator<<(std::ostream& out, const Wrong& wrong) {
  return out << wrong.name << ": " << wrong.value.substr(0, 40);
}
const std::vector<Wrong> kWrong = {
    {":method", "PUT", "405", "12"},
    {":path", "/envoy.service.accesslog.v3.AccessLogService/Other", "200", "12"},
    {"content-type", "application/json", "415", "12"},
    {"content-type", "application/grpc-web", "415", "12"},
    {"grpc-encoding", "gzip", "200", "12"},
    {"x-large", std::string(17'000, 'x'), "200", "8"},
};
BOOST_DATA_TEST_CASE(refuses_what_is_not_a_call_that_it_serves, kWrong, wrong) {
  const int32_t id = Open(Http2Client::CallWith(wrong.name, wrong.value));
  BOOST_TEST(client.answer(id).fields.at(":status") == wrong.http_status);
  BOOST_TEST(client.status(id) == wrong.grpc_status);
  // Its body is not waited for.
  BOOST_TEST(client.answer(id).closed.value() == unsigned{NGHTTP2_NO_ERROR});
  BOOST_TEST(seen.opened == 0);
  Open();
  BOOST_TEST(seen.opened == 1);
}

BOOST_AUTO_TEST_CASE(what_a_session_leaves_untouched_is_not_mallocs) {
  Send(Open(), "one");
  const size_t before = mallinfo2().uordblks;
  session.reset();
  const size_t freed = before - mallinfo2().uordblks;
  // nghttp2's large blocks alone are 23 kB. Under a sanitizer malloc is another one and tells nothing.
  BOOST_TEST(freed < 8'000u);
}

BOOST_AUTO_TEST_CASE(a_message_that_is_too_large_ends_its_stream_alone) {
  const int32_t other = Open();
  const int32_t id = Open();
  Send(id, std::string(100'001, 'x'));
  BOOST_TEST(client.status(id) == "8");
  BOOST_TEST((seen.ends == std::vector{StreamEnd::kBroken}));
  Send(other, "on");
  BOOST_TEST(seen.messages.back() == "on");
}

BOOST_AUTO_TEST_CASE(a_compressed_message_ends_its_stream) {
  const int32_t id = Open();
  client.Write(id, Http2Client::Message("x", 1));
  Exchange();
  BOOST_TEST(client.status(id) == "12");
  BOOST_TEST((seen.ends == std::vector{StreamEnd::kBroken}));
}

BOOST_AUTO_TEST_CASE(a_handlers_error_ends_its_stream_with_that_status) {
  seen.answers.emplace("thief", absl::PermissionDeniedError("not 100 % sure"));
  const int32_t id = Open();
  Send(id, "thief");
  Send(id, "after");
  BOOST_TEST(client.status(id) == "7");
  BOOST_TEST(client.answer(id).fields.at("grpc-message") == "not 100 %25 sure");
  BOOST_TEST((seen.ends == std::vector{StreamEnd::kClean}));
  BOOST_TEST(seen.messages.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_reset_or_ends_within_a_message_is_broken) {
  const int32_t reset = Open();
  client.Reset(reset);
  Exchange();
  const int32_t torn = Open();
  client.Write(torn, Http2Client::Message("torn").substr(0, 7));
  client.End(torn);
  Exchange();
  BOOST_TEST((seen.ends == std::vector{StreamEnd::kBroken, StreamEnd::kBroken}));
  BOOST_TEST(client.status(torn) == "13");
  BOOST_TEST(session->streams() == 0u);
  BOOST_TEST(kept.held() == 0u);
}

BOOST_AUTO_TEST_CASE(streams_that_are_left_end_as_broken) {
  Open();
  Open();
  session.reset();
  BOOST_TEST((seen.ends == std::vector{StreamEnd::kBroken, StreamEnd::kBroken}));
}

BOOST_AUTO_TEST_CASE(a_paused_stream_is_held_to_its_window_and_others_are_not) {
  seen.answers.emplace("pause", Next::kPause);
  const int32_t paused = Open();
  const int32_t other = Open();
  Send(paused, "pause");
  const int32_t window = client.window(paused);
  for (int i = 0; i < 10; ++i) Send(paused, std::string(20'000, 'p'));
  BOOST_TEST(client.window(paused) == 0);
  BOOST_TEST(client.unsent(paused) >= 200'000 - size_t(window));
  BOOST_TEST(kept.held() == size_t(window));
  BOOST_TEST(seen.messages.size() == 1u);
  for (int i = 0; i < 100; ++i) Send(other, std::string(50'000, 'o'));
  BOOST_TEST(seen.messages.size() == 101u);
  BOOST_TEST(client.connection_window() > 500'000);
  session->Resume(paused);
  Exchange();
  BOOST_TEST(seen.messages.size() == 111u);
  BOOST_TEST(client.unsent(paused) == 0u);
  BOOST_TEST(client.window(paused) > window / 2);
  BOOST_TEST(kept.held() == 0u);
}

BOOST_AUTO_TEST_CASE(only_a_stream_that_is_read_has_a_wide_window) {
  seen.answers.emplace("pause", Next::kPause);
  // The first one is there before the client knows of any window.
  const int32_t early = Open();
  const int32_t paused = Open();
  const int32_t read = Open();
  for (const int32_t id : {early, read}) Send(id, "read");
  Send(paused, "pause");
  BOOST_TEST(client.window(paused) <= 16'384);
  BOOST_TEST(client.window(early) > 65'000);
  BOOST_TEST(client.window(read) > 65'000);
}

BOOST_AUTO_TEST_CASE(a_long_message_is_asked_for_at_once_and_leaves_a_small_window) {
  seen.answers.emplace(kLarge.substr(0, 100), Next::kPause);
  const int32_t identifier = Open();
  Send(identifier, std::string(60'000, 'l'));
  BOOST_TEST(seen.messages.size() == 1u);
  BOOST_TEST(client.window_updates(identifier) == 1);
  BOOST_TEST(client.window(identifier) == 16'384);
  // More than a wide window: in a few pieces.
  const int32_t longer = Open();
  Send(longer, std::string(100'000, 'l'));
  BOOST_TEST(seen.messages.size() == 2u);
  BOOST_TEST(client.window_updates(longer) <= 3);
  BOOST_TEST(client.window(longer) <= 16'384);
  BOOST_TEST(client.window(longer) > 0);
}

BOOST_AUTO_TEST_CASE(a_message_that_came_before_the_settings_were_read_leaves_a_small_window_too) {
  seen.answers.emplace(kLarge.substr(0, 100), Next::kPause);
  const int32_t id = client.Open();
  client.Write(id, Http2Client::Message(std::string(60'000, 'l')));
  Exchange();
  BOOST_TEST(seen.messages.size() == 1u);
  BOOST_TEST(client.window(id) == 16'384);
  Send(id, std::string(20'000, 'p'));
  BOOST_TEST(kept.held() == 16'384u);
}

BOOST_AUTO_TEST_CASE(a_pause_within_what_came_together_keeps_the_rest_in_its_order) {
  seen.answers.emplace("pause", Next::kPause);
  seen.answers.emplace("again", Next::kPause);
  const int32_t id = Open();
  std::string bytes;
  for (const char* one : {"pause", "a", "again", "b"}) bytes += Http2Client::Message(one);
  client.Write(id, bytes);
  Exchange();
  BOOST_TEST(seen.messages.size() == 1u);
  session->Resume(id);
  BOOST_TEST(seen.messages.size() == 3u);
  session->Resume(id);
  session->Resume(id);  // nothing is paused
  BOOST_TEST(seen.messages == (std::vector<std::string>{"pause", "a", "again", "b"}),
             boost::test_tools::per_element());
  client.Write(id, Http2Client::Message("c"));
  Exchange();
  BOOST_TEST(seen.messages.size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_paused_stream_ends_with_its_sender) {
  seen.answers.emplace("pause", Next::kPause);
  const int32_t closed = Open();
  Send(closed, "pause");
  client.Write(closed, Http2Client::Message("unread") + "torn");
  client.End(closed);
  Exchange();
  BOOST_TEST((seen.ends == std::vector{StreamEnd::kClean}));
  BOOST_TEST(client.status(closed) == "0");
  session->Resume(closed);
  session->Resume(4711);
  BOOST_TEST(seen.messages.size() == 1u);
  BOOST_TEST(kept.held() == 0u);
}

BOOST_AUTO_TEST_CASE(what_there_is_no_memory_for_is_skipped_and_counted) {
  SessionLimits limits = Ends::Limits();
  limits.kept_bytes_max = 30'000;
  Ends few(limits);
  const int32_t id = few.Open();
  few.Send(id, kLarge);
  BOOST_TEST(few.seen.unread == 1);
  BOOST_TEST(few.seen.messages.empty());
  few.Send(id, "small");
  BOOST_TEST(few.seen.messages.size() == 1u);
  BOOST_TEST(few.kept.held() == 0u);
}

BOOST_AUTO_TEST_CASE(a_handler_that_needs_what_was_skipped_ends_its_stream) {
  SessionLimits limits = Ends::Limits();
  limits.kept_bytes_max = 10'000;
  Ends few(limits);
  few.seen.answer_to_unread = absl::UnavailableError("come again");
  few.seen.answers.emplace("pause", Next::kPause);
  const int32_t read = few.Open();
  few.Send(read, kLarge);
  const int32_t paused = few.Open();
  few.Send(paused, "pause");
  few.Send(paused, std::string(12'000, 'p'));
  for (const int32_t id : {read, paused}) BOOST_TEST(few.client.status(id) == "14");
  BOOST_TEST((few.seen.ends == std::vector{StreamEnd::kClean, StreamEnd::kClean}));
  BOOST_TEST(few.seen.unread == 2);
  BOOST_TEST(few.kept.held() == 0u);
}

BOOST_AUTO_TEST_CASE(more_streams_than_its_bound_are_refused) {
  SessionLimits limits = Ends::Limits();
  limits.streams_max = 2;
  Ends few(limits);
  // Before it knows the bound, or else the client would wait.
  std::vector<int32_t> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(few.client.Open());
  few.Exchange();
  BOOST_TEST(few.seen.opened == 2);
  BOOST_TEST(few.client.answer(ids[2]).closed.value() == unsigned{NGHTTP2_REFUSED_STREAM});
  const int32_t waiting = few.Open();
  BOOST_TEST(few.seen.opened == 2);
  few.client.End(ids[0]);
  few.Exchange();
  BOOST_TEST(few.seen.opened == 3);
  BOOST_TEST(!few.client.answer(waiting).closed);
}

BOOST_AUTO_TEST_CASE(a_drain_lets_streams_end_and_takes_no_more) {
  seen.answers.emplace("pause", Next::kPause);
  const int32_t paused = Open();
  const int32_t open = Open();
  Send(paused, "pause");
  session->Drain();
  Exchange();
  BOOST_TEST(client.going_away().value() == unsigned{NGHTTP2_NO_ERROR});
  BOOST_TEST(client.status(paused) == "0");
  BOOST_TEST((seen.ends == std::vector{StreamEnd::kClean}));
  Send(open, "on");
  BOOST_TEST(seen.messages.back() == "on");
  BOOST_TEST(!session->over());
  // One that pauses only now has no use either.
  Send(open, "pause");
  BOOST_TEST(client.status(open) == "0");
  BOOST_TEST(seen.ends.size() == 2u);
  BOOST_TEST(session->over());
}

BOOST_AUTO_TEST_CASE(what_is_not_http2_fails) {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string(100, '\0'),
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX")}) {
    Ends ends;
    BOOST_TEST(!ends.session->Receive(bytes));
  }
}

BOOST_AUTO_TEST_CASE(a_frame_that_is_too_large_ends_the_connection) {
  Open();
  // A DATA frame of 1 MiB on stream 1.
  session->Receive(std::string("\x10\x00\x00\x00\x00\x00\x00\x00\x01", 9));
  Exchange();
  BOOST_TEST(client.going_away().value() == unsigned{NGHTTP2_FRAME_SIZE_ERROR});
  BOOST_TEST(session->over());
}

BOOST_AUTO_TEST_CASE(a_sender_beyond_its_window_is_cut_off) {
  seen.answers.emplace("pause", Next::kPause);
  const int32_t id = Open();
  Send(id, "pause");
  const std::string frame = std::string("\x00\x40\x00\x00\x00\x00\x00\x00\x01", 9);
  for (int i = 0; i < 5; ++i) session->Receive(frame + std::string(16384, 'x'));
  BOOST_TEST(kept.held() <= 65536u);
  Exchange();
  BOOST_TEST(client.answer(id).closed.value() == unsigned{NGHTTP2_FLOW_CONTROL_ERROR});
}

BOOST_AUTO_TEST_CASE(frames_that_carry_nothing_are_bounded_until_it_forgives) {
  for (int i = 0; i < 600; ++i) client.Ping();
  Exchange();
  BOOST_TEST(client.pings_answered() == 600);
  session->Forgive();
  for (int i = 0; i < 600; ++i) client.Ping();
  Exchange();
  BOOST_TEST(!client.going_away());
  for (int i = 0; i < 600; ++i) client.Ping();
  Exchange();
  BOOST_TEST(client.going_away().value() == unsigned{NGHTTP2_ENHANCE_YOUR_CALM});
}

BOOST_AUTO_TEST_CASE(streams_that_are_opened_and_reset_without_end_are_too) {
  for (int i = 0; i < 1100; ++i) client.Reset(Open());
  Exchange();
  BOOST_TEST(client.going_away().value() == unsigned{NGHTTP2_ENHANCE_YOUR_CALM});
}

BOOST_AUTO_TEST_CASE(asks_whether_the_peer_is_alive) {
  Open();
  session->Ping();
  Exchange();
  BOOST_TEST(client.pings() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
