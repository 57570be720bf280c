// SPDX-License-Identifier: Apache-2.0
#include "sinks/stdout/stdout_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "fakes/record_ledger.h"
#include "fakes/records.h"

namespace traffictap {

using fakes::MakeRecords;

// A pipe that holds one page.
struct StdoutWriterTest {
  StdoutWriterTest() {
    BOOST_REQUIRE(pipe2(fds, O_CLOEXEC) == 0);
    fcntl(fds[1], F_SETPIPE_SZ, 4096);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
  }
  ~StdoutWriterTest() {
    if (fds[0] >= 0) close(fds[0]);
    close(fds[1]);
  }
  std::string Read() {
    std::string out(1 << 20, '\0');
    const ssize_t got = read(fds[0], out.data(), out.size());
    out.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return out;
  }
  int fds[2];
  fakes::CountingLedger ledger;
};

BOOST_FIXTURE_TEST_SUITE(stdout_writer, StdoutWriterTest)

BOOST_AUTO_TEST_CASE(a_reader_that_went_away_is_no_reason_to_die_or_to_retry) {
  sinks::StdoutWriter writer(fds[1]);
  BOOST_TEST(writer.Open(&ledger).ok());
  close(std::exchange(fds[0], -1));
  const auto result = writer.Write(MakeRecords(0, 2), 0);
  BOOST_TEST(result.taken == 0u);
  BOOST_TEST(!result.status.ok());
  BOOST_TEST(!IsRetryable(result.status));
}

BOOST_AUTO_TEST_CASE(a_line_that_stopped_half_way_goes_on_where_it_stopped) {
  sinks::StdoutWriter writer(fds[1]);
  BOOST_TEST(writer.Open(&ledger).ok());
  const auto records = MakeRecords(0, 1, 10'000);
  std::string text;
  sinks::WriteResult result;
  int tries = 0;
  do {
    BOOST_REQUIRE(++tries < 1000);
    result = writer.Write(records, 0);
    BOOST_REQUIRE((result.status.ok() || IsRetryable(result.status)));
    text += Read();
  } while (result.taken == 0);
  BOOST_TEST(fakes::NumbersOf(text) == fakes::Range(0, 1));
  BOOST_TEST(ledger.delivered == 1u);
}

BOOST_AUTO_TEST_CASE(two_writers_never_mix_their_lines_and_half_a_line_is_ended) {
  auto first = std::make_unique<sinks::StdoutWriter>(fds[1]);
  sinks::StdoutWriter second(fds[1]);
  BOOST_TEST(first->Open(&ledger).ok());
  BOOST_TEST(second.Open(&ledger).ok());
  BOOST_TEST(!first->Write(MakeRecords(0, 1, 10'000), 0).status.ok());
  BOOST_TEST(IsRetryable(second.Write(MakeRecords(1, 1), 0).status));
  std::string text = Read();
  first.reset();
  text += Read();
  BOOST_TEST(second.Write(MakeRecords(1, 1), 0).taken == 1u);
  text += Read();
  BOOST_TEST(fakes::NumbersOf(text) == (std::vector<int>{-1, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
