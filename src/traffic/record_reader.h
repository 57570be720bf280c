// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "traffic/record_skim.h"
#include "traffictap/v1/pair.pb.h"

namespace traffictap::traffic {

// Reads records from their lines of JSON, each only as far as somebody asks: to make a message of one
// takes ten times as long as to see that nobody wants it. One thread at a time; its buffers are as large
// as the longest line so far.
class RecordReader {
 public:
  RecordReader();
  ~RecordReader();

  // Begins with `line`, which is not looked at after the call. kInvalidArgument: it is no object of
  // JSON, and the others must not be called.
  Status Begin(std::string_view line);

  // False: it is no record, or not as expected; only Read tells. Names and values that are not looked
  // at may be wrong.
  bool Skim(RecordSkim* out) const;

  // Whether Read would read it, and no field comes twice: then what Skim says is what Read would say.
  // `start`: of the request, by the reporter's clock; 0 where the record has none.
  bool IsSound(base::Nanos* start) const;

  // As ReadPair.
  StatusOr<v1::TrafficPair> Read() const;

 private:
  struct Parsed;
  const std::unique_ptr<Parsed> parsed_;
};

// True: `text` is JSON, as every reader of it will say. False: it is not, or has \u escapes, of which not
// all readers take the same.
bool IsPlainJson(std::string_view text);

}  // namespace traffictap::traffic
