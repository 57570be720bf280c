// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "cli/taps/tap_request.h"

namespace traffictap::cli {

// The tap that the page's form asks for: a JSON object of texts, in which an empty one is as good as
// none. "namespace"; "target": words as `tap` takes them, parted by blanks, none for the whole
// namespace; and by their names those options of `tap` that a TrafficTap can hold: the filters of
// observe::FilterWords with a tap_field, "duration", "attach-peers". `ns` is the namespace that the
// page shows, empty for all. The tap is of one namespace.
//
// kInvalidArgument: begins with the field that is wrong and a colon, where it is about one.
StatusOr<TapRequest> ReadPageTap(const std::string& posted, const std::string& ns);

// `status` as one about that field of the form.
Status InField(std::string_view field, const Status& status);

}  // namespace traffictap::cli
