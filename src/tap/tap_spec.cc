#include "tap/tap_spec.h"

namespace traffictap::tap {

bool MatchSpec::empty() const {
  return methods.empty() && paths.empty() && schemes.empty() && authorities.empty() &&
         response_codes.empty() && !min_duration.has_value() && response_flags.empty() &&
         headers.empty() && protocols.empty();
}

}  // namespace traffictap::tap
