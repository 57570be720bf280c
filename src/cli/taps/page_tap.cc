// SPDX-License-Identifier: Apache-2.0
#include "cli/taps/page_tap.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_split.h"
#include "cli/taps/tap_options.h"
#include "fmt/format.h"
#include "observe/filter_words.h"

namespace traffictap::cli {
namespace {

bool IsOffered(const std::string& name) {
  if (name == "duration" || name == "attach-peers") return true;
  const observe::FilterWord* word = observe::FindFilterWord(name);
  return word != nullptr && word->option == name && !word->tap_field.empty();
}

// The page shows what it was started for, and a tap elsewhere would never appear on it.
Status TakeNamespace(const std::string& text, const std::string& shown, std::string* out) {
  if (!shown.empty() && text != shown) {
    return absl::InvalidArgumentError(fmt::format(
        "this page shows namespace {} alone: start it with kubectl traffictap ui -n {}, or -A",
        shown, text));
  }
  *out = text;
  return absl::OkStatus();
}

Status TakeTargets(const std::string& text, const CommandSpec& spec) {
  const std::vector<std::string> words =
      absl::StrSplit(text, absl::ByAnyChar(" ,\t\r\n"), absl::SkipEmpty());
  for (const auto& word : words) TT_RETURN_IF_ERROR(spec.arguments.at(0).take(word));
  return absl::OkStatus();
}

Status TakeOption(const std::string& name, const std::string& text, const CommandSpec& spec) {
  const auto found = std::find_if(spec.options.begin(), spec.options.end(),
                                  [&](const Option& option) { return option.name == name; });
  if (found == spec.options.end() || !IsOffered(name)) {
    return absl::InvalidArgumentError("a tap that the page starts has no such field");
  }
  return found->take(text);
}

}  // namespace

StatusOr<TapRequest> ReadPageTap(const std::string& posted, const std::string& ns) {
  const auto form = kube::Object::Parse(posted);
  if (!form.ok()) return absl::InvalidArgumentError("the body must be a JSON object of texts");
  TapOptions options;
  CommandSpec spec;
  AddTapOptions(&options, &spec);
  options.cluster.ns = ns;
  for (const auto& [name, value] : form->value().items()) {
    if (!value.is_string()) return InField(name, absl::InvalidArgumentError("must be a text"));
    const std::string text = value.get<std::string>();
    if (text.empty()) continue;
    Status taken;
    if (name == "namespace") {
      taken = TakeNamespace(text, ns, &options.cluster.ns);
    } else if (name == "target") {
      taken = TakeTargets(text, spec);
    } else {
      taken = TakeOption(name, text, spec);
    }
    if (!taken.ok()) return InField(name, taken);
  }
  if (options.cluster.ns.empty()) {
    return InField("namespace", absl::InvalidArgumentError("must be given"));
  }
  Cluster at;
  at.ns = options.cluster.ns;
  auto request = MakeTapRequest(options, at);
  if (!request.ok()) return InField("target", request.status());
  if (request->choice.ns.empty()) {
    return InField("target", absl::InvalidArgumentError("must be of one namespace"));
  }
  const auto rest = StreamQuery(*request);
  if (rest.empty()) return request;
  return InField(rest[0].first, absl::InvalidArgumentError(
                                    "a TrafficTap cannot hold this: filter the requests by it"));
}

Status InField(std::string_view field, const Status& status) {
  return Status(status.code(), fmt::format("{}: {}", field, Message(status)));
}

}  // namespace traffictap::cli
