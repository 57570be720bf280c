#pragma once

#include <set>
#include <string>
#include <vector>

#include "tap/field_reader.h"

// The parts of a document, each in its own source. They report to the value's faults; what they
// write is used only where there were none.
namespace traffictap::tap {

void ParseMatch(const Value& value, MatchSpec* match);
void ParseOutput(const Value& value, OutputSpec* output);
void ParseOtlp(const Value& value, OtlpOutput* otlp);

bool IsDnsLabel(const std::string& text);
// Names of workloads, pods and other objects may hold dots.
bool IsObjectName(const std::string& text);
void ReadDnsLabel(const Value& value, std::string* out);
void ReadObjectName(const Value& value, std::string* out);
void ReadLabels(const Value& value, Labels* labels);
// metadata: the name and, where `ns` is not null, the namespace; what the API server adds is passed
// over.
void ReadMetadata(const Value& value, std::string* name, std::string* ns);
// What Kafka outputs and destinations share.
void ReadBrokers(const Value& value, std::vector<std::string>* brokers);
void ReadTopic(const Value& value, std::string* topic);
void ReadSecurity(const Value& value, KafkaSecurity* security);
void ReadMechanism(const Value& value, std::string* mechanism);
// Reports sasl and tls blocks that do not go with `security`.
void CheckSecurity(const FieldReader& fields, KafkaSecurity security, bool sasl, bool tls);
// What Otlp outputs and destinations share. The protocol is read before the endpoint that must suit
// it.
void ReadOtlpProtocol(const Value& value, OtlpProtocol* protocol);
void ReadOtlpEndpoint(const Value& value, OtlpProtocol protocol, std::string* endpoint);
// Reports a tls block where the endpoint is not https.
void CheckOtlpTls(const FieldReader& fields, const std::string& endpoint, bool tls);
// A header that a request may be given: lower-cased, none that the protocol itself sets.
bool ReadOtlpHeaderName(const Value& value, std::string* out);
// Headers that carry credentials: neither captured nor matched.
bool IsCredentialHeader(const std::string& lower_case_name);
// Reports a regex that RE2 refuses.
bool ReadRegex(const Value& value, std::string* out);
// A lower-cased header name.
bool ReadHeaderName(const Value& value, std::string* out);

// Envoy's short names that `responseFlags` takes. tap may not see traffic/: a test keeps both lists
// equal.
const std::vector<std::string>& ResponseFlagNames();

// As ParseTaps, and gathers the paths of all fields that were looked for ("spec.targets[].kind").
ParseResult ParseTapsListing(const std::string& file, const std::string& text, BrokerForm form,
                             std::set<std::string>* known_fields);

}  // namespace traffictap::tap
