// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "observe/record_conditions.h"

namespace traffictap::observe {

// Where the names come from that may stand as a value, for whoever completes it.
enum class FilterNames { kNone, kChoices, kWorkloads, kNamespaces };

// One condition that a reader may set on records. The live API's parameters, the options of the
// command line and their completion, the keys of the page's filter line and the tables of the
// documents are all made of FilterWords(): a word that is added there is known everywhere.
struct FilterWord {
  std::string parameter = "";             // of the live API: "code"
  std::string option = "";                // "response-code": --response-code; empty: no option
  std::vector<std::string> aliases = {};  // further names for both
  std::vector<std::string> keys = {};     // further keys of the page's filter line
  std::string value = "";                 // what help calls the value: "CODES"
  std::string help = "";                  // a clause without a full stop
  std::string example = "";               // a value
  // The field of a TrafficTap's spec that says the same, so that a temporary tap can hold the
  // condition: "match.responseCodes". Empty: only readers have it.
  std::string tap_field = "";
  FilterNames names = FilterNames::kNone;
  std::vector<std::string> choices = {};
  // Adds a value to the conditions. kInvalidArgument: what is wrong with it and what is allowed.
  // A value that no record could meet is refused.
  std::function<Status(const std::string& value, RecordConditions* out)> read = nullptr;
};

// In the order in which help shows them. No name occurs twice.
const std::vector<FilterWord>& FilterWords();

// By its parameter, option or alias; null where there is none.
const FilterWord* FindFilterWord(std::string_view name);

// Adds what one parameter asks for. kNotFound: no such parameter.
Status ReadCondition(const Parameter& parameter, RecordConditions* out);

}  // namespace traffictap::observe
