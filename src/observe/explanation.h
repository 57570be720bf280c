// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "traffictap/v1/pair.pb.h"

namespace traffictap::observe {

// A record told for a person: what `kubectl traffictap explain` and the page's details say. Texts of
// the traffic are as they came: whoever shows them makes them visible. Times are milliseconds.

struct FlagNote {
  std::string flag;
  std::string_view meaning;  // empty: newer than this build
};

// A part of the client's whole time. The parts add up to it.
struct TimePart {
  std::string name;
  double ms = 0;
};

// What one side did between two of its moments.
struct Phase {
  std::string_view name;
  double begin_ms = 0;  // since the side's own start
  double end_ms = 0;
};

// One side on the common time line, which begins with the client's start.
struct Lane {
  std::string name;  // "client", "server", "server, try 2"
  bool client = false;
  double begin_ms = 0;
  double duration_ms = 0;
  std::vector<Phase> phases;
};

struct Explanation {
  std::string cause;       // sentences: what happened, by whose word
  std::string_view blame;  // a clause; empty while the stream is open, and for a newer verdict
  std::string missing;     // a sentence on the side that is missing; empty where both are here
  std::vector<FlagNote> flags;
  std::vector<TimePart> parts;  // empty where one side's time is not known
  std::vector<Lane> lanes;      // of the sides that tell how long they took
  std::string note;             // what is odd about the times; mostly empty
};

Explanation Explain(const v1::TrafficPair& pair);

// "cart": the workload, else the Service that was called, else the address; "?" for nothing.
std::string ShortName(const v1::Workload& end);

}  // namespace traffictap::observe
