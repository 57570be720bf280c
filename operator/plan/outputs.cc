// SPDX-License-Identifier: Apache-2.0

// A tap's author may name a destination, but not its brokers and secrets, nor other people's files:
// these come from the administrator's TapDestination and from the tap's namespace, so a tap reaches
// nothing that its author was not meant to reach. An output that cannot be resolved is left out
// with a note and stops no other. Files are claimed as taps come, so the first one keeps its path.
#include "operator/plan/outputs.h"

#include <algorithm>

#include "fmt/format.h"
#include "operator/plan/wording.h"
#include "tap/rotated_name.h"

namespace traffictap::plan {
namespace {

constexpr const char* kClusterDirectory = "_cluster";  // no namespace can be called so

bool MayUse(const tap::DestinationSpec& destination, const TapObject& tap, const MeshIndex& index) {
  if (tap.cluster_scoped()) return true;
  return destination.namespaces_allowed &&
         destination.allowed_namespaces.Matches(index.LabelsOf(tap.ns));
}

// The topic to write to, or empty with a note.
std::string TopicOf(const tap::KafkaOutput& kafka, const tap::DestinationSpec& destination,
                    Note* note) {
  const auto& allowed = destination.allowed_topics;
  const bool known = kafka.topic.empty() || kafka.topic == destination.topic ||
                     std::find(allowed.begin(), allowed.end(), kafka.topic) != allowed.end();
  const std::string& topic = kafka.topic.empty() ? destination.topic : kafka.topic;
  if (known && !topic.empty()) return topic;
  note->reason = "TopicNotAllowed";
  note->message =
      topic.empty()
          ? fmt::format("TapDestination {} has no default topic: use one of {}", destination.name,
                        Listed(allowed))
          : fmt::format(
                "TapDestination {} does not allow the topic {}: leave it out, or ask for it "
                "in allowedTopics",
                destination.name, topic);
  return "";
}

// Where the collector finds the keys of a destination's secret.
class SecretFiles {
 public:
  SecretFiles(const tap::DestinationSpec& destination, const MeshIndex& index) {
    const auto& collector = index.snapshot().collector;
    dir_ = fmt::format("{}/{}", collector ? collector->destinations_dir : "",
                       destination.credentials_secret);
  }
  const std::string& dir() const { return dir_; }
  std::string Of(const std::string& key) const { return fmt::format("{}/{}", dir_, key); }

 private:
  std::string dir_;
};

// The files of TLS, which every type of output has under the same names.
template <typename Output>
void SetTls(const tap::DestinationSpec& destination, const SecretFiles& files, Output* output) {
  if (destination.ca_from_secret) output->ca_file = files.Of("ca.crt");
  if (destination.client_certificate) {
    output->certificate_file = files.Of("tls.crt");
    output->key_file = files.Of("tls.key");
  }
}

// The destination that the tap names and may use, or null with a note.
const tap::DestinationSpec* FindUsable(const std::string& name, tap::DestinationType type,
                                       const TapObject& tap, const MeshIndex& index, Note* note) {
  const DestinationObject* found = index.FindDestination(name);
  if (found == nullptr) {
    note->reason = "DestinationNotFound";
    note->message = fmt::format(
        "there is no TapDestination {}: correct the name, or ask an "
        "administrator for it",
        name);
  } else if (found->spec == nullptr) {
    note->reason = "DestinationInvalid";
    note->message = fmt::format("TapDestination {} has faults: see its status", name);
  } else if (!MayUse(*found->spec, tap, index)) {
    note->reason = "DestinationNotAllowed";
    note->message = fmt::format(
        "TapDestination {} is not open to namespace {}: ask an administrator "
        "to add it to allowedNamespaces",
        name, tap.ns);
  } else if (found->spec->type != type) {
    note->reason = "DestinationOfOtherType";
    note->message = fmt::format(
        "TapDestination {} is not of this output's type: change the output's type, or name "
        "another destination",
        name);
  } else {
    return found->spec.get();
  }
  return nullptr;
}

bool ResolveKafka(const TapObject& tap, const MeshIndex& index, tap::KafkaOutput* kafka,
                  Note* note) {
  const auto* found =
      FindUsable(kafka->destination, tap::DestinationType::kKafka, tap, index, note);
  if (found == nullptr) return false;
  kafka->topic = TopicOf(*kafka, *found, note);
  if (kafka->topic.empty()) return false;
  const SecretFiles files(*found, index);
  kafka->destination.clear();
  kafka->brokers = found->brokers;
  kafka->security = found->security;
  kafka->sasl_mechanism = found->sasl_mechanism;
  if (found->sasl_mechanism == tap::kOauthBearer) {
    kafka->oauth = found->oauth;
    kafka->oauth.credentials_dir = files.dir();
  } else if (!found->sasl_mechanism.empty()) {
    kafka->sasl_username_file = files.Of("username");
    kafka->sasl_password_file = files.Of("password");
  }
  SetTls(*found, files, kafka);
  return true;
}

bool ResolveOtlp(const TapObject& tap, const MeshIndex& index, tap::OtlpOutput* otlp, Note* note) {
  const auto* found = FindUsable(otlp->destination, tap::DestinationType::kOtlp, tap, index, note);
  if (found == nullptr) return false;
  const SecretFiles files(*found, index);
  otlp->destination.clear();
  otlp->endpoint = found->endpoint;
  otlp->protocol = found->protocol;
  for (const tap::SecretHeader& header : found->headers) {
    otlp->headers.push_back({header.name, files.Of(header.key)});
  }
  SetTls(*found, files, otlp);
  return true;
}

bool ResolveFile(const TapObject& tap, const std::string& output, FileClaims* claims,
                 tap::FileOutput* file, Note* note) {
  const std::string dir = tap.cluster_scoped() ? kClusterDirectory : tap.ns;
  file->path = fmt::format("{}/{}", dir, file->path);
  const std::string fault =
      claims->Claim(file->path, fmt::format("output {} of {}", output, tap.key()));
  if (fault.empty()) return true;
  note->reason = "FileTaken";
  note->message = fmt::format("the file {} {}: choose another path", file->path, fault);
  return false;
}

}  // namespace

std::string FileClaims::Claim(const std::string& path, const std::string& owner) {
  const auto belongs = [](const std::string& other) { return "belongs to " + other; };
  // A directory of the path that is somebody's file.
  for (size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const auto found = owners_.find(path.substr(0, slash));
    if (found != owners_.end()) return belongs(found->second);
  }
  const auto below = owners_.lower_bound(path + "/");
  if (below != owners_.end() && below->first.starts_with(path + "/")) {
    return belongs(below->second);
  }
  const auto [taken, is_new] = families_.try_emplace(tap::FileFamily(path), Place{path, owner});
  if (is_new) {
    owners_.emplace(path, owner);
    return "";
  }
  if (taken->second.path == path) return belongs(taken->second.owner);
  return fmt::format("would have the same rotated files as {} of {}", taken->second.path,
                     taken->second.owner);
}

ResolvedOutputs ResolveOutputs(const TapObject& tap, const MeshIndex& index, FileClaims* claims) {
  ResolvedOutputs out;
  for (tap::OutputSpec output : tap.spec->outputs) {
    Note note;
    note.subject = "output " + output.name;
    bool resolved = true;
    if (output.type == tap::OutputType::kKafka) {
      resolved = ResolveKafka(tap, index, &output.kafka, &note);
    } else if (output.type == tap::OutputType::kOtlp) {
      resolved = ResolveOtlp(tap, index, &output.otlp, &note);
    } else if (output.type == tap::OutputType::kFile) {
      resolved = ResolveFile(tap, output.name, claims, &output.file, &note);
    }
    if (resolved) {
      out.outputs.push_back(std::move(output));
    } else {
      out.unresolved.push_back(std::move(note));
    }
  }
  std::sort(out.unresolved.begin(), out.unresolved.end());
  return out;
}

}  // namespace traffictap::plan
