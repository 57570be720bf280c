// SPDX-License-Identifier: Apache-2.0
#include "web/stream_writer.h"

#include <boost/test/unit_test.hpp>

namespace traffictap::web {

BOOST_AUTO_TEST_SUITE(stream_writer)

BOOST_AUTO_TEST_CASE(lines_are_as_they_are_or_events_of_their_kind) {
  std::string lines;
  StreamWriter plain(StreamFormat::kNdjson, &lines);
  plain.Record("{}\n");
  plain.Control("{\"type\":\"End\"}\n");
  plain.Heartbeat();
  BOOST_TEST(lines == "{}\n{\"type\":\"End\"}\n\n");
  std::string events;
  StreamWriter sse(StreamFormat::kEvents, &events);
  sse.Record("{}\n");
  sse.Control("{}\n");
  sse.Heartbeat();
  BOOST_TEST(events == "event: record\ndata: {}\n\nevent: control\ndata: {}\n\n:\n\n");
}

BOOST_AUTO_TEST_CASE(one_pull_is_bounded) {
  std::string out;
  StreamWriter writer(StreamFormat::kNdjson, &out);
  BOOST_TEST(writer.HasRoom());
  writer.Record(std::string(size_t{2} << 20, 'x'));
  BOOST_TEST(!writer.HasRoom());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap::web
