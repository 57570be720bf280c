#include "cli/print/read_pair.h"

#include <google/protobuf/util/json_util.h>

#include "fmt/format.h"

namespace traffictap::cli::print {

StatusOr<v1::TrafficPair> ReadPair(std::string_view line) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  v1::TrafficPair pair;
  const auto read =
      google::protobuf::util::JsonStringToMessage({line.data(), line.size()}, &pair, options);
  if (!read.ok()) {
    return absl::InvalidArgumentError(fmt::format("read record: {}", std::string(read.message())));
  }
  if (!pair.has_timings() && !pair.has_request()) {
    return absl::InvalidArgumentError("read record: neither request nor timings: no record");
  }
  return pair;
}

}  // namespace traffictap::cli::print
