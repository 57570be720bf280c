#include "operator/gather/read_tap.h"

#include "absl/time/time.h"
#include "tap/parse_destination.h"
#include "tap/parse_tap.h"

namespace traffictap::gather {
namespace {

using kube::Json;
using kube::Object;

// The user's part alone: managed fields and status are none of the parser's business.
std::string Document(const Object& object) {
  Json metadata{{"name", object.name()}};
  if (!object.ns().empty()) metadata["namespace"] = object.ns();
  const Json* spec = object.Find("/spec");
  const Json document{{"apiVersion", object.api_version()},
                      {"kind", object.kind()},
                      {"metadata", metadata},
                      {"spec", spec == nullptr ? Json::object() : *spec}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A person knows the object by its kind and name; a line of our own making would mislead.
void NameObject(const Object& object, std::vector<tap::ParseError>* faults) {
  for (auto& fault : *faults) {
    fault.file = object.kind() + " " + object.key().ToString();
    fault.line = 0;
  }
}

uint64_t ReadCount(const Object& object, const std::string& pointer) {
  const Json* value = object.Find(pointer);
  return value != nullptr && value->is_number_unsigned() ? value->get<uint64_t>() : 0;
}

}  // namespace

base::Nanos ReadTime(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return 0;
  return absl::ToUnixNanos(time);
}

plan::TapObject ReadTap(const Object& tap) {
  plan::TapObject out;
  out.ns = tap.ns();
  out.name = tap.name();
  out.uid = tap.uid();
  out.generation = tap.generation();
  out.created = ReadTime(tap.Text("/metadata/creationTimestamp"));
  auto parsed = tap::ParseTaps(tap.name(), Document(tap));
  if (parsed.taps.size() == 1) out.spec = parsed.taps[0];
  out.faults = std::move(parsed.errors);
  NameObject(tap, &out.faults);
  out.suspended = tap.annotation(kSuspendAnnotation) == "true";
  out.plan_only = tap.annotation(kPlanOnlyAnnotation) == "true";
  if (const base::Nanos started = ReadTime(tap.Text("/status/startTime")); started > 0) {
    out.started = started;
  }
  out.records = ReadCount(tap, "/status/records/offered");
  return out;
}

plan::DestinationObject ReadDestination(const Object& destination) {
  plan::DestinationObject out;
  out.name = destination.name();
  auto parsed = tap::ParseDestination(destination.name(), Document(destination));
  out.spec = std::move(parsed.destination);
  out.faults = std::move(parsed.errors);
  NameObject(destination, &out.faults);
  return out;
}

}  // namespace traffictap::gather
