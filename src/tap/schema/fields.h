// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tap/destination_spec.h"
#include "tap/schema/kind.h"
#include "tap/tap_spec.h"

// The descriptions, each built once. A document's envelope (apiVersion, kind, metadata) is of
// parse_tap.cc, parse_destination.cc and crd.cc.
namespace traffictap::tap::schema {

const Kind<TapSpec>& TapFields();
// A list that becomes targets; of a document, which is written with targets alone.
Kind<TapSpec> TargetRefs();
const Kind<MatchSpec>& MatchFields();
// One of match.paths.
Kind<PathMatch> PathFields();
Kind<RecorderSpec> RecorderFields();
Kind<MetricsSpec> MetricsFields();
const Kind<std::vector<OutputSpec>>& OutputList();
const Kind<DestinationSpec>& DestinationFields();

// The status of a tap and of a destination, as the operator writes it: nobody parses it, so it is
// described alone.
Tree TapStatus();
Tree DestinationStatus();

}  // namespace traffictap::tap::schema
