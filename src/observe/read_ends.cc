// SPDX-License-Identifier: Apache-2.0

// Values of the filters that name an end of a request.
#include <cctype>
#include <optional>

#include "fmt/format.h"
#include "observe/filter_values.h"
#include "observe/kind_words.h"

namespace traffictap::observe {
namespace {

enum class End { kSource, kDestination, kEither };

Status Invalid(const std::string& what, const std::string& text, const std::string& remedy) {
  return absl::InvalidArgumentError(fmt::format("invalid {} \"{}\": {}", what, text, remedy));
}

// Letters, digits and what addresses have; a '*' at the end.
bool IsPattern(const std::string& text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool star = c == '*' && i + 1 == text.size();
    if (!star && !std::isalnum(c) && std::string_view("-._:").find(text[i]) == std::string::npos) {
      return false;
    }
  }
  return true;
}

// "cart:8080", while "fd00::1" is an address.
bool HasPort(const std::string& text) {
  const size_t colon = text.find(':');
  return colon != std::string::npos && text.find(':', colon + 1) == std::string::npos;
}

Status CheckName(const std::string& what, const std::string& text, const std::string& name) {
  if (!IsPattern(name)) {
    return Invalid(what, text, "use NAME or NAMESPACE/NAME; either may end with *");
  }
  if (HasPort(name)) return Invalid(what, text, "leave out the port");
  return absl::OkStatus();
}

// A kind such as "deploy". "gateway" and "job" alone are rather names of namespaces.
std::optional<KindWord> KindOf(const std::string& word) {
  auto kind = ReadKindWord(word);
  const bool doubtful = kind && word.find('.') == std::string::npos &&
                        (kind->kind == EndKind::kGateway || kind->workload_kind == "Job");
  return doubtful ? std::nullopt : kind;
}

bool IsServiceHost(const std::string& name) {
  return name.ends_with(".svc") || name.find(".svc.") != std::string::npos;
}

Status RefuseService(const std::string& text) {
  return Invalid("source", text,
                 "a caller is a workload, not a Service: use NAME or NAMESPACE/NAME");
}

// "deployment/cart", "pod/cart-7d4f", "svc/cart", "ns/shop".
StatusOr<EndPattern> OfKind(const KindWord& kind, const std::string& text, const std::string& name,
                            End end) {
  switch (kind.kind) {
    case EndKind::kWorkload:
    case EndKind::kGateway: return EndPattern{.name = name};
    case EndKind::kPod: return EndPattern{.pod = name};
    case EndKind::kNamespace: return EndPattern{.ns = name};
    case EndKind::kService: break;
  }
  if (end == End::kSource) return RefuseService(text);
  if (name.find('*') != std::string::npos) {
    return Invalid("Service", text, "name it whole, without a *");
  }
  return EndPattern{.service = name};
}

StatusOr<EndPattern> ReadEnd(const std::string& text, End end) {
  const std::string what = end == End::kSource ? "source" : "workload";
  EndPattern out;
  const size_t slash = text.find('/');
  std::string name = slash == std::string::npos ? text : text.substr(slash + 1);
  // The dot that ends an absolute host name is no part of it.
  if (name.size() > 1 && name.ends_with('.')) name.pop_back();
  TT_RETURN_IF_ERROR(CheckName(what, text, name));
  if (slash != std::string::npos) {
    const std::string before = text.substr(0, slash);
    if (name.empty()) return Invalid(what, text, "the name is missing");
    TT_RETURN_IF_ERROR(CheckName(what, text, before));
    if (const auto kind = KindOf(before)) return OfKind(*kind, text, name, end);
    if (before.find_first_of("._:") != std::string::npos) {
      return Invalid(what, text, "use NAME, NAMESPACE/NAME or KIND/NAME, such as deploy/cart");
    }
    out.ns = before;
  }
  out.name = name;
  if (end == End::kSource && IsServiceHost(name)) return RefuseService(text);
  // A host name is that of a Service, or of a place outside of the mesh; workloads may have dots
  // too.
  const bool host = name.find('.') != std::string::npos && name.find('*') == std::string::npos;
  if (end != End::kSource && host) out.service = name;
  return out;
}

Status ReadEach(const std::string& value, End end, std::vector<EndPattern>* out) {
  const auto elements = SplitList(value);
  if (!elements.ok()) return elements.status();
  for (const auto& element : *elements) {
    auto pattern = ReadEnd(element, end);
    if (!pattern.ok()) return pattern.status();
    out->push_back(*std::move(pattern));
  }
  return absl::OkStatus();
}

Status ReadNamespaces(const std::string& value, std::vector<EndPattern>* out) {
  const auto elements = SplitList(value);
  if (!elements.ok()) return elements.status();
  for (const auto& element : *elements) {
    if (!IsPattern(element) || element.find_first_of("._:") != std::string::npos) {
      return Invalid("namespace", element,
                     "use a name such as shop, or shop-* for all that begin so");
    }
    out->push_back({.ns = element});
  }
  return absl::OkStatus();
}

// "cart-7d4f", "cart-*".
Status ReadPodNames(const std::string& value, std::vector<EndPattern>* out) {
  const auto elements = SplitList(value);
  if (!elements.ok()) return elements.status();
  for (const auto& element : *elements) {
    if (!IsPattern(element) || element.find_first_of("_:") != std::string::npos) {
      return Invalid("pod", element, "use its name without a namespace; it may end with *");
    }
    out->push_back({.pod = element});
  }
  return absl::OkStatus();
}

// "cart", "svc/cart", "cart.shop", "cart.shop.svc.cluster.local"; "shop/cart" is cart.shop.
StatusOr<EndPattern> ReadService(const std::string& text) {
  const size_t slash = text.find('/');
  std::string name = text.substr(slash == std::string::npos ? 0 : slash + 1);
  std::string ns = slash == std::string::npos ? "" : text.substr(0, slash);
  const auto kind = KindOf(ns);
  const bool is_whole = slash == std::string::npos || (!ns.empty() && !name.empty());
  if (!is_whole || !IsPattern(name) || text.find_first_of("*:") != std::string::npos ||
      !IsPattern(ns) || (kind && kind->kind != EndKind::kService)) {
    return Invalid("Service", text,
                   "use cart, shop/cart, cart.shop or its whole host name, without a port or *");
  }
  if (kind) ns.clear();
  if (name.size() > 1 && name.ends_with('.')) name.pop_back();
  return EndPattern{.service = ns.empty() ? name : fmt::format("{}.{}", name, ns)};
}

Status ReadServiceNames(const std::string& value, std::vector<EndPattern>* out) {
  const auto elements = SplitList(value);
  if (!elements.ok()) return elements.status();
  for (const auto& element : *elements) {
    auto pattern = ReadService(element);
    if (!pattern.ok()) return pattern.status();
    out->push_back(*std::move(pattern));
  }
  return absl::OkStatus();
}

}  // namespace

Status ReadSources(const std::string& value, RecordConditions* out) {
  return ReadEach(value, End::kSource, &out->sources);
}
Status ReadDestinations(const std::string& value, RecordConditions* out) {
  return ReadEach(value, End::kDestination, &out->destinations);
}
Status ReadEnds(const std::string& value, RecordConditions* out) {
  return ReadEach(value, End::kEither, &out->ends);
}
Status ReadPods(const std::string& value, RecordConditions* out) {
  return ReadPodNames(value, &out->pods);
}
Status ReadServices(const std::string& value, RecordConditions* out) {
  return ReadServiceNames(value, &out->services);
}
Status ReadSourceNamespaces(const std::string& value, RecordConditions* out) {
  return ReadNamespaces(value, &out->source_namespaces);
}
Status ReadDestinationNamespaces(const std::string& value, RecordConditions* out) {
  return ReadNamespaces(value, &out->destination_namespaces);
}
Status ReadEndNamespaces(const std::string& value, RecordConditions* out) {
  return ReadNamespaces(value, &out->end_namespaces);
}

}  // namespace traffictap::observe
