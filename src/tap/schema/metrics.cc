// SPDX-License-Identifier: Apache-2.0
#include "fmt/format.h"
#include "tap/schema/fields.h"
#include "tap/schema/kinds.h"
#include "tap/schema/object.h"

namespace traffictap::tap::schema {
namespace {

constexpr const char* kNotAscending =
    "must be above the one before: sort the buckets, and list each once";

// A duration that could not be read is 0, and has its own fault.
Kind<std::vector<base::Nanos>> Buckets() {
  using Bounds = std::vector<base::Nanos>;
  Kind<Bounds> out = List(Duration(base::kMillisecond, 3600 * base::kSecond),
                          {.max = kBucketsMax, .if_empty = "must list at least one duration"});
  out.read = [read = out.read](const Value& value, Bounds* to) {
    read(value, to);
    for (size_t i = 1; i < to->size(); ++i) {
      if ((*to)[i - 1] == 0 || (*to)[i] == 0 || (*to)[i] > (*to)[i - 1]) continue;
      value.faults->Add(value.node->children[i], fmt::format("{}[{}]", value.path, i),
                        "InvalidValue", kNotAscending);
    }
  };
  out.describe = [describe = out.describe](Scope scope) {
    Tree tree = describe(scope);
    AddRule(&tree,
            "self.all(a, self.exists_one(b, a == b) && self.all(b, (self.indexOf(a) < "
            "self.indexOf(b)) == (duration(a) < duration(b))))",
            "the buckets must be sorted, each once");
    return tree;
  };
  out.has_default = true;
  return out;
}

}  // namespace

Kind<MetricsSpec> MetricsFields() {
  using M = MetricsSpec;
  const auto by = Flags<M>({{"Source", &M::by_source},
                            {"Destination", &M::by_destination},
                            {"Verdict", &M::by_verdict},
                            {"ResponseClass", &M::by_response_class}},
                           {.if_empty = "must list at least one, such as Verdict", .once = true});
  return Object<M>()
      .Optional("by", by,
                "What tells one series from another: the workload that called, the one that was "
                "called, who is to blame, the class of the response code.")
      .Optional("buckets", &M::buckets, Buckets(),
                "Upper bounds of the histogram's buckets, in ascending order, from 1ms to 1h.")
      .Optional("seriesMax", &M::series_max, Number(kSeriesMaxMin, kSeriesMaxMax),
                "Number of series from which requests of further workloads are counted in the "
                "series whose workloads are \"other\".")
      .Optional("exemplars", &M::exemplars, Choice<Exemplars>(),
                "Which id an exemplar of a bucket has: that of the request's trace, of its "
                "record, or no exemplars. OpenMetrics only.")
      .kind();
}

}  // namespace traffictap::tap::schema
