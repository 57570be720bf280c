// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "observe/authorizer.h"
#include "web/http_message.h"

namespace traffictap::web {

// /api/v1/explain. A POST of a record (JSON, as the stream has it) answers what happened in the words
// of `kubectl traffictap explain`; a GET answers the words of records with their meanings. Both need
// what every read needs of `authorizer`, which outlives the route, and nothing else: they tell
// nothing that the request does not hold.
Route ExplainRoute(observe::Authorizer* authorizer);

}  // namespace traffictap::web
