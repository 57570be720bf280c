// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "observe/record_conditions.h"

// The grammar of each filter's values (observe/README.md). Every function adds what `value` asks
// for; kInvalidArgument says what is wrong with it and what is allowed. What a TrafficTap would
// refuse, or what no record could meet, is refused here too.
namespace traffictap::observe {

Status ReadMethods(const std::string& value, RecordConditions* out);
Status ReadPath(const std::string& value, RecordConditions* out);
Status ReadSchemes(const std::string& value, RecordConditions* out);
Status ReadAuthorities(const std::string& value, RecordConditions* out);
Status ReadUserAgent(const std::string& value, RecordConditions* out);
Status ReadCodes(const std::string& value, RecordConditions* out);
Status ReadClientCodes(const std::string& value, RecordConditions* out);
Status ReadServerCodes(const std::string& value, RecordConditions* out);
Status ReadAttempts(const std::string& value, RecordConditions* out);
Status ReadGrpcStatuses(const std::string& value, RecordConditions* out);
Status ReadMinDuration(const std::string& value, RecordConditions* out);
Status ReadFlags(const std::string& value, RecordConditions* out);
Status ReadProtocols(const std::string& value, RecordConditions* out);
Status ReadHeader(const std::string& value, RecordConditions* out);
Status ReadTraceIds(const std::string& value, RecordConditions* out);
Status ReadVerdicts(const std::string& value, RecordConditions* out);
Status ReadOrphanReasons(const std::string& value, RecordConditions* out);
Status ReadStates(const std::string& value, RecordConditions* out);
Status ReadDirection(const std::string& value, RecordConditions* out);
Status ReadText(const std::string& value, RecordConditions* out);

// What is allowed, in the order in which help shows it.
std::vector<std::string> MethodNames();
std::vector<std::string> ProtocolNames();
std::vector<std::string> GrpcStatusNames();
std::vector<std::string> VerdictNames();
std::vector<std::string> OrphanNames();
std::vector<std::string> StateNames();

// The elements between commas and bars. kInvalidArgument: there is none.
StatusOr<std::vector<std::string>> SplitList(const std::string& value);

// Names of workloads, pods and Services (read_ends.cc).
Status ReadSources(const std::string& value, RecordConditions* out);
Status ReadDestinations(const std::string& value, RecordConditions* out);
Status ReadEnds(const std::string& value, RecordConditions* out);
Status ReadPods(const std::string& value, RecordConditions* out);
Status ReadServices(const std::string& value, RecordConditions* out);
Status ReadSourceNamespaces(const std::string& value, RecordConditions* out);
Status ReadDestinationNamespaces(const std::string& value, RecordConditions* out);
Status ReadEndNamespaces(const std::string& value, RecordConditions* out);

}  // namespace traffictap::observe
