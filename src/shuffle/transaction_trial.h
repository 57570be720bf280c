// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/status.h"
#include "kafkaclient/record_transaction.h"
#include "shuffle/shuffle_settings.h"

namespace traffictap::shuffle {

// Whether the output's records can go into the pairers' transactions: its own cluster, as its own user sees
// it, is the shuffle's, and a transaction of the shuffle's user takes `record`. That one is aborted, so
// that only who reads uncommitted records finds it. A transaction that is open elsewhere does not notice.
// kUnavailable and its like, kUnauthenticated: the shuffle's cluster does not answer; all others: the output's fault, with
// what to do. Waits `patience` at most for the output's own brokers.
Status TryOutput(const ShuffleSettings& settings, const tap::KafkaOutput& output,
                 const kafkaclient::TransactionRecord& record, base::Nanos patience);

// What TryOutput says of a record that failed by this librdkafka code.
Status TrialError(int error, const tap::KafkaOutput& output);

}  // namespace traffictap::shuffle
