#include <algorithm>

#include "tap/parse_parts.h"

namespace traffictap::tap {
namespace {

constexpr base::Nanos kDay = 86'400 * base::kSecond;

bool IsPort(const std::string& text) {
  return !text.empty() && text.size() <= 5 && text[0] != '0' &&
         text.find_first_not_of("0123456789") == std::string::npos && std::stoul(text) <= 65'535;
}

// Where the name of the host ends: a colon within [..] belongs to an IPv6 address.
bool IsHostAndPort(const std::string& authority) {
  const size_t colon = authority.rfind(':');
  if (colon == std::string::npos || colon == 0 || !IsPort(authority.substr(colon + 1))) {
    return false;
  }
  const std::string host = authority.substr(0, colon);
  if (host.front() == '[') {
    return host.size() > 2 && host.back() == ']' &&
           host.find_first_not_of("[]0123456789abcdefABCDEF:.") == std::string::npos;
  }
  return host.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
         std::string::npos;
}

void ReadSignals(const Value& value, OtlpOutput* otlp) {
  otlp->logs = otlp->traces = false;
  value.Each(2, [&](const Value& signal) {
    const int choice = signal.Choice({"Logs", "Traces"});
    if (choice < 0) return;
    bool& chosen = choice == 0 ? otlp->logs : otlp->traces;
    if (chosen) signal.Invalid("is listed twice: keep one");
    chosen = true;
  });
  if (value.node->children.empty()) value.Invalid("must list Logs, Traces or both");
}

void ReadHeaders(const Value& value, std::vector<OtlpHeader>* out) {
  value.Each(16, [&](const Value& element) {
    FieldReader fields(element);
    OtlpHeader header;
    fields.Required("name", [&](const Value& v) { ReadOtlpHeaderName(v, &header.name); });
    fields.Required("valueFile", [&](const Value& v) { v.Text(&header.value_file); });
    out->push_back(std::move(header));
  });
}

void ReadTls(const Value& value, OtlpOutput* otlp) {
  FieldReader fields(value);
  fields.Optional("caFile", [&](const Value& v) { v.Text(&otlp->ca_file); });
  fields.Optional("certificateFile", [&](const Value& v) { v.Text(&otlp->certificate_file); });
  fields.Optional("keyFile", [&](const Value& v) { v.Text(&otlp->key_file); });
  if (otlp->certificate_file.empty() != otlp->key_file.empty()) {
    fields.Fault("InvalidValue", "must have certificateFile and keyFile together, or neither");
  }
}

void ReadInline(FieldReader* fields, OtlpOutput* otlp) {
  fields->Optional("protocol", [&](const Value& v) { ReadOtlpProtocol(v, &otlp->protocol); });
  fields->Required("endpoint",
                   [&](const Value& v) { ReadOtlpEndpoint(v, otlp->protocol, &otlp->endpoint); });
  fields->Optional("headers", [&](const Value& v) { ReadHeaders(v, &otlp->headers); });
  CheckOtlpTls(*fields, otlp->endpoint, fields->Has("tls"));
  fields->Optional("tls", [&](const Value& v) { ReadTls(v, otlp); });
}

void ReadBatch(const Value& value, OtlpOutput* otlp) {
  FieldReader fields(value);
  fields.Optional("maxRecords", [&](const Value& v) {
    uint64_t count = 0;
    if (v.Number(1, 65'536, &count)) otlp->batch_records_max = static_cast<uint32_t>(count);
  });
  fields.Optional("maxSize",
                  [&](const Value& v) { v.Bytes(16 << 10, 16 << 20, &otlp->batch_bytes_max); });
  fields.Optional("maxAge", [&](const Value& v) {
    v.Duration(10 * base::kMillisecond, 60 * base::kSecond, &otlp->batch_age_max);
  });
}

}  // namespace

void ReadOtlpProtocol(const Value& value, OtlpProtocol* protocol) {
  const int choice = value.Choice({"Grpc", "HttpProtobuf"});
  if (choice >= 0) *protocol = static_cast<OtlpProtocol>(choice);
}

void ReadOtlpEndpoint(const Value& value, OtlpProtocol protocol, std::string* endpoint) {
  if (!value.Text(endpoint)) return;
  const size_t scheme = endpoint->starts_with("http://")    ? 7
                        : endpoint->starts_with("https://") ? 8
                                                            : 0;
  const size_t path = std::min(endpoint->find('/', scheme), endpoint->size());
  const std::string rest = endpoint->substr(path);
  const bool plain =
      std::all_of(rest.begin(), rest.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (scheme == 0 || endpoint->size() > 1024 ||
      !IsHostAndPort(endpoint->substr(scheme, path - scheme)) || !plain ||
      rest.find_first_of("?#") != std::string::npos) {
    return value.Invalid(
        "must be http://HOST:PORT or https://HOST:PORT, such as http://otel-collector:4317");
  }
  if (rest.size() > 1 && protocol == OtlpProtocol::kGrpc) {
    return value.Invalid("must have no path with protocol Grpc: remove it or use HttpProtobuf");
  }
  // The signals' own paths follow it.
  while (endpoint->back() == '/') endpoint->pop_back();
}

void CheckOtlpTls(const FieldReader& fields, const std::string& endpoint, bool tls) {
  if (tls && !endpoint.starts_with("https://")) {
    fields.Fault("Conflict", "has tls: let endpoint begin with https://, or remove tls");
  }
}

bool ReadOtlpHeaderName(const Value& value, std::string* out) {
  if (!ReadHeaderName(value, out)) return false;
  constexpr const char* kOwn[] = {"host",
                                  "te",
                                  "content-type",
                                  "content-length",
                                  "connection",
                                  "content-encoding",
                                  "transfer-encoding",
                                  "user-agent"};
  const bool own = std::find(std::begin(kOwn), std::end(kOwn), *out) != std::end(kOwn) ||
                   out->starts_with("grpc-") || out->ends_with("-bin");
  if (own) value.Invalid("is a header that the protocol sets itself: remove it");
  return !own;
}

void ParseOtlp(const Value& value, OtlpOutput* otlp) {
  FieldReader fields(value);
  if (value.faults->form == BrokerForm::kInline) {
    ReadInline(&fields, otlp);
  } else {
    fields.Required("destination", [&](const Value& v) { ReadObjectName(v, &otlp->destination); });
  }
  fields.Optional("signals", [&](const Value& v) { ReadSignals(v, otlp); });
  fields.Optional("compression", [&](const Value& v) {
    const int choice = v.Choice({"None", "Gzip"});
    if (choice >= 0) otlp->compression = static_cast<Compression>(choice);
  });
  fields.Optional("timeout", [&](const Value& v) {
    v.Duration(100 * base::kMillisecond, 60 * base::kSecond, &otlp->timeout);
  });
  fields.Optional("deliveryTimeout", [&](const Value& v) {
    v.Duration(base::kSecond, kDay, &otlp->delivery_timeout);
  });
  fields.Optional("batch", [&](const Value& v) { ReadBatch(v, otlp); });
}

}  // namespace traffictap::tap
