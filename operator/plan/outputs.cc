#include "operator/plan/outputs.h"

#include <algorithm>

#include "fmt/format.h"
#include "operator/plan/wording.h"

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
          ? fmt::format("TapDestination {} has no topic of its own: name one of {}",
                        destination.name, Listed(allowed))
          : fmt::format(
                "TapDestination {} does not allow the topic {}: leave it out, or ask for it "
                "in allowedTopics",
                destination.name, topic);
  return "";
}

void SetSecrets(const tap::DestinationSpec& destination, const std::string& dir,
                tap::KafkaOutput* kafka) {
  const auto file = [&](const char* key) {
    return fmt::format("{}/{}/{}", dir, destination.credentials_secret, key);
  };
  kafka->security = destination.security;
  kafka->sasl_mechanism = destination.sasl_mechanism;
  if (!destination.sasl_mechanism.empty()) {
    kafka->sasl_username_file = file("username");
    kafka->sasl_password_file = file("password");
  }
  if (destination.ca_from_secret) kafka->ca_file = file("ca.crt");
  if (destination.client_certificate) {
    kafka->certificate_file = file("tls.crt");
    kafka->key_file = file("tls.key");
  }
}

bool ResolveKafka(const TapObject& tap, const MeshIndex& index, tap::KafkaOutput* kafka,
                  Note* note) {
  const DestinationObject* found = index.FindDestination(kafka->destination);
  if (found == nullptr) {
    note->reason = "DestinationNotFound";
    note->message = fmt::format(
        "there is no TapDestination {}: correct the name, or ask an "
        "administrator for it",
        kafka->destination);
    return false;
  }
  if (found->spec == nullptr) {
    note->reason = "DestinationInvalid";
    note->message = fmt::format("TapDestination {} has faults: see its status", found->name);
    return false;
  }
  if (!MayUse(*found->spec, tap, index)) {
    note->reason = "DestinationNotAllowed";
    note->message = fmt::format(
        "TapDestination {} is not open to namespace {}: ask an administrator "
        "to add it to allowedNamespaces",
        found->name, tap.ns);
    return false;
  }
  kafka->topic = TopicOf(*kafka, *found->spec, note);
  if (kafka->topic.empty()) return false;
  const auto& collector = index.snapshot().collector;
  kafka->destination.clear();
  kafka->brokers = found->spec->brokers;
  SetSecrets(*found->spec, collector ? collector->destinations_dir : "", kafka);
  return true;
}

bool ResolveFile(const TapObject& tap, const std::string& output, FileClaims* claims,
                 tap::FileOutput* file, Note* note) {
  const std::string dir = tap.cluster_scoped() ? kClusterDirectory : tap.ns;
  file->path = fmt::format("{}/{}", dir, file->path);
  const std::string other =
      claims->Claim(file->path, fmt::format("output {} of {}", output, tap.key()));
  if (other.empty()) return true;
  note->reason = "FileTaken";
  note->message = fmt::format("the file {} belongs to {}: choose another path", file->path, other);
  return false;
}

}  // namespace

std::string FileClaims::Claim(const std::string& path, const std::string& owner) {
  // A directory of the path that is somebody's file.
  for (size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const auto found = owners_.find(path.substr(0, slash));
    if (found != owners_.end()) return found->second;
  }
  const auto below = owners_.lower_bound(path + "/");
  if (below != owners_.end() && below->first.starts_with(path + "/")) return below->second;
  const auto [taken, is_new] = owners_.emplace(path, owner);
  return is_new ? "" : taken->second;
}

ResolvedOutputs ResolveOutputs(const TapObject& tap, const MeshIndex& index, FileClaims* claims) {
  ResolvedOutputs out;
  for (tap::OutputSpec output : tap.spec->outputs) {
    Note note;
    note.subject = "output " + output.name;
    bool resolved = true;
    if (output.type == tap::OutputType::kKafka) {
      resolved = ResolveKafka(tap, index, &output.kafka, &note);
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
