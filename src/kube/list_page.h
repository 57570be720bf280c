// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/status.h"
#include "kube/object.h"
#include "kube/resource.h"

namespace traffictap::kube {

struct ListPage {
  std::string resource_version;
  std::string continue_token;  // empty: this was the last page
};

// Reads one answer to a list. Only one item at a time becomes an object: a page of pods as a whole
// would take about six times its text. The API leaves apiVersion and kind out of items: they are
// put in. kUnavailable: this is no list.
StatusOr<ListPage> ParseListPage(std::string body, const Resource& resource,
                                 const std::function<void(Object)>& each);

}  // namespace traffictap::kube
