// SPDX-License-Identifier: Apache-2.0
#include "sinks/spool/spool_writer.h"

#include "fakes/record_ledger.h"
#include "fakes/records.h"
#include "sinks/spool/spool_fixture.h"
#include "traffic/record_codec.h"

namespace traffictap {

using base::kMillisecond;
using fakes::MakeRecords;

struct SpoolWriterTest : SpoolTest {
  SpoolWriterTest() {
    options.bytes_max = 100 << 20;
    Make();
    shared = std::shared_ptr<sinks::Spool>(std::move(spool));
    writer = std::make_unique<sinks::SpoolWriter>(shared, [this] { ++appended; });
    BOOST_TEST(writer->Open(&ledger).ok());
  }
  std::shared_ptr<sinks::Spool> shared;
  std::unique_ptr<sinks::SpoolWriter> writer;
  fakes::CountingLedger ledger;
  int appended = 0;
};

BOOST_FIXTURE_TEST_SUITE(spool_writer, SpoolWriterTest)

BOOST_AUTO_TEST_CASE(a_record_counts_once_it_is_on_disk_within_half_a_second) {
  BOOST_TEST(writer->Write(MakeRecords(0, 10), 0).taken == 10u);
  writer->Poll();
  BOOST_TEST(ledger.delivered == 0u);
  clock.Advance(500 * kMillisecond);
  writer->Poll();
  BOOST_TEST(ledger.delivered == 10u);
  BOOST_TEST(writer->Write(MakeRecords(10, 10), 4).taken == 6u);
  BOOST_TEST(writer->Flush().ok());
  BOOST_TEST(ledger.delivered == 16u);
}

BOOST_AUTO_TEST_CASE(each_block_is_told_and_has_the_chosen_records) {
  appended = 0;
  auto records = MakeRecords(0, 10);
  records.indexes = {1, 4, 9};
  BOOST_TEST(writer->Write(records, 1).taken == 2u);
  BOOST_TEST(appended == 1);
  const auto block = shared->Read();
  BOOST_REQUIRE((block.ok() && block->has_value()));
  std::shared_ptr<traffic::RecordBatch> batch;
  BOOST_REQUIRE(traffic::DecodeRecords((*block)->bytes, &batch).ok());
  std::string lines;
  for (size_t i = 0; i < batch->size(); ++i) lines += batch->json_line(i);
  BOOST_TEST(fakes::NumbersOf(lines) == (std::vector<int>{4, 9}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_large_selection_becomes_several_blocks) {
  const auto records = MakeRecords(0, 600);
  BOOST_TEST(writer->Write(records, 0).taken == 512u);
  BOOST_TEST(writer->Write(records, 512).taken == 88u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_takes_nothing_and_is_worth_a_retry) {
  directory.bytes_max = directory.bytes();
  const auto result = writer->Write(MakeRecords(0, 10), 0);
  BOOST_TEST(result.taken == 0u);
  BOOST_TEST(IsRetryable(result.status));
  directory.bytes_max = SIZE_MAX;
  BOOST_TEST(writer->Write(MakeRecords(0, 10), 0).taken == 10u);
}

BOOST_AUTO_TEST_CASE(a_disk_that_does_not_sync_is_told_and_heals) {
  BOOST_TEST(writer->Write(MakeRecords(0, 10), 0).taken == 10u);
  directory.fail_syncs = 1;
  clock.Advance(500 * kMillisecond);
  writer->Poll();
  BOOST_TEST(!ledger.status.ok());
  BOOST_TEST(ledger.delivered == 0u);
  writer->Poll();
  BOOST_TEST(ledger.delivered == 10u);
}

BOOST_AUTO_TEST_CASE(closing_syncs_and_settles_everything_that_was_taken) {
  BOOST_TEST(writer->Write(MakeRecords(0, 10), 0).taken == 10u);
  writer->Close(0);
  BOOST_TEST(ledger.delivered == 10u);
  BOOST_TEST(shared->counters().synced == 10u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace traffictap
