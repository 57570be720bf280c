// SPDX-License-Identifier: Apache-2.0
#include "fmt/format.h"
#include "tap/pattern.h"
#include "tap/schema/fields.h"
#include "tap/schema/kinds.h"
#include "tap/schema/object.h"

namespace traffictap::tap::schema {
namespace {

using Trigger = RecorderTrigger;

constexpr base::Nanos kDay = 86'400 * base::kSecond;
constexpr uint64_t kMi = 1 << 20;
constexpr uint64_t kGi = 1 << 30;

Kind<double> Share(double low, double high) {
  Kind<double> out;
  out.read = [=](const Value& value, double* to) { value.Real(low, high, to); };
  out.write = [](const double& share) { return Json(share); };
  out.describe = [=](Scope) {
    Tree tree{{"type", "number"}, {"minimum", low}, {"maximum", high}};
    // The API server cuts a minimum down to a whole number before it compares a whole number: 0 would
    // pass any of these.
    AddRule(&tree, fmt::format("self >= {}", low), fmt::format("must be from {} to {}", low, high));
    return tree;
  };
  out.has_default = true;
  return out;
}

// What both conditions over requests have.
Object<Trigger> Condition() {
  return Object<Trigger>()
      .Optional("over", &Trigger::over, Duration(base::kSecond, 3600 * base::kSecond),
                "The time that is looked at, up to now.")
      .Optional("minRequests", &Trigger::min_requests, Number(1, 1'000'000'000),
                "Number of records within that time from which the condition is looked at.")
      .Optional("paths", &Trigger::paths, List(PathFields(), {.max = 16}),
                "Only requests with one of these paths count. Default: all requests.")
      .Checked([](FieldReader& fields, const Trigger& trigger) {
        size_t cost = 0;
        for (const PathMatch& path : trigger.paths) {
          if (path.kind == PathMatchKind::kRegex) cost += PatternCost(path.value);
        }
        CheckPatternCosts(fields, "regexes", cost);
      });
}

Kind<Trigger> TriggerFields() {
  using T = TriggerType;
  const auto ratio = Condition()
                         .Required("ratio", &Trigger::ratio, Share(0.001, 1),
                                   "Share of failed requests, from 0.001 to 1, from which the "
                                   "trigger fires. Failed are verdicts other than Ok and Retried.")
                         .kind();
  const auto latency = Condition()
                           .Optional("quantile", &Trigger::quantile, Share(0.5, 0.999),
                                     "Quantile of the requests' durations, from 0.5 to 0.999.")
                           .Required("above", &Trigger::above, Duration(base::kMillisecond, kDay),
                                     "The trigger fires when the quantile is above this duration.")
                           .kind();
  return Object<Trigger>("One trigger. Its condition is in the field named after its type.")
      .Required("name", &Trigger::name,
                DnsLabel("must be 1 to 63 lower-case letters, digits or '-', such as errors"),
                "Name of the trigger, unique within the recorder.")
      .Required("type", &Trigger::type, Choice<TriggerType>(), "Type of the trigger.")
      .OfType("errorRatio", &Trigger::type, T::kErrorRatio, ratio,
              "Fires when the share of failed requests becomes this high.")
      .OfType("latency", &Trigger::type, T::kLatency, latency,
              "Fires when requests become this slow.")
      .OfType("webhook", &Trigger::type, T::kWebhook, Object<Trigger>().kind(),
              "Fires when somebody posts to the live API with this trigger's name, such as "
              "Alertmanager.",
              true)
      .kind();
}

}  // namespace

Kind<RecorderSpec> RecorderFields() {
  using R = RecorderSpec;
  return Object<R>()
      .Optional("before", &R::before, Duration(kRecorderTimeMin, kRecorderTimeMax),
                "How much of what came before an event is written.")
      .Optional("after", &R::after, Duration(kRecorderTimeMin, kRecorderTimeMax),
                "How long records are written after an event. Events within this time are part of "
                "the same dump.")
      .Optional("size", &R::bytes_max, Bytes(kMi, 4 * kGi),
                "Memory for held records, a part of the collector's. When it is full, the oldest "
                "are overwritten and counted.")
      .Optional("triggers", &R::triggers,
                ListByName(TriggerFields(), &Trigger::name, "trigger", {.max = 4}),
                "What makes a dump. A dump can always be asked for: kubectl traffictap dump NAME.")
      .kind();
}

}  // namespace traffictap::tap::schema
