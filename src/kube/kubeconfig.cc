// SPDX-License-Identifier: Apache-2.0

// The rules are client-go's: the first file that names a thing wins as a whole; paths are relative
// to the file that has them, so each entry keeps its file; of text and file the text wins. What we
// do not support is refused by its name: credentials that were silently left out would look like a
// refusal of the server. yaml-cpp throws on values of the wrong kind: Load and ReadKubeconfig catch
// that.
#include "kube/kubeconfig.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/text_file.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "kube/base64.h"
#include "kube/proxy.h"
#include "yaml-cpp/yaml.h"

namespace traffictap::kube {
namespace {

namespace fs = std::filesystem;

constexpr size_t kKubeconfigBytesMax = 4 << 20;

struct KubeconfigFile {
  std::string path;
  YAML::Node root;
};
using KubeconfigFiles = std::vector<KubeconfigFile>;

// A named entry and the file it came from.
struct Entry {
  YAML::Node node;
  std::string path;
};

Status Refuse(const std::string& path, const std::string& field, const std::string& what) {
  return absl::InvalidArgumentError(fmt::format("read {}: {}: {}", path, field, what));
}

std::string EnvOr(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != 0 ? value : otherwise;
}

// With YAML's merge key, which kubectl's parser follows and yaml-cpp does not: "<<: *common".
YAML::Node At(const YAML::Node& node, const char* field) {
  const YAML::Node none(YAML::NodeType::Undefined);
  if (!node.IsMap()) return none;
  const YAML::Node own = node[field];
  const YAML::Node merged = node["<<"];
  if (own || !merged) return own;
  if (merged.IsMap()) return At(merged, field);
  for (const auto& part : merged) {
    const YAML::Node found = At(part, field);
    if (found) return found;
  }
  return none;
}

std::string Text(const YAML::Node& node, const char* field) {
  const YAML::Node value = At(node, field);
  return value && value.IsScalar() ? value.Scalar() : "";
}

bool Flag(const YAML::Node& node, const char* field) {
  const std::string text = Text(node, field);
  return text == "true" || text == "True" || text == "TRUE";
}

StatusOr<KubeconfigFile> Load(const std::string& path) {
  auto text = base::ReadTextFile(path, kKubeconfigBytesMax);
  if (!text.ok()) return text.status();
  try {
    KubeconfigFile file{path, YAML::Load(*text)};
    if (file.root.IsNull()) file.root = YAML::Node(YAML::NodeType::Map);
    if (!file.root.IsMap()) return Refuse(path, "document", "is not a map: is this a kubeconfig?");
    return file;
  } catch (const std::exception& error) {
    return Refuse(path, "document", fmt::format("{}: correct the YAML", error.what()));
  }
}

std::vector<std::string> DefaultPaths() {
  std::vector<std::string> paths;
  std::istringstream list(EnvOr("KUBECONFIG", ""));
  for (std::string path; std::getline(list, path, ':');) {
    if (!path.empty()) paths.push_back(path);
  }
  if (paths.empty()) paths.push_back(EnvOr("HOME", "/") + "/.kube/config");
  return paths;
}

// Of $KUBECONFIG's files those that are missing are passed over; the one that --kubeconfig names
// must be there.
StatusOr<KubeconfigFiles> LoadAll(const KubeconfigOptions& options) {
  KubeconfigFiles files;
  const bool named = !options.path.empty();
  const auto paths = named ? std::vector<std::string>{options.path} : DefaultPaths();
  for (const auto& path : paths) {
    auto file = Load(path);
    if (!file.ok() && absl::IsNotFound(file.status()) && !named) continue;
    if (!file.ok()) return file.status();
    files.push_back(*std::move(file));
  }
  const bool says_something = std::any_of(files.begin(), files.end(), [](const auto& file) {
    return file.root["contexts"] || file.root["clusters"] || file.root["current-context"];
  });
  if (named || says_something) return files;
  return absl::NotFoundError(
      fmt::format("read kubeconfig: {} in {}: set --kubeconfig or $KUBECONFIG",
                  files.empty() ? "no file" : "nothing", fmt::join(paths, ", ")));
}

std::string CurrentContext(const KubeconfigFiles& files) {
  for (const auto& file : files) {
    if (auto name = Text(file.root, "current-context"); !name.empty()) return name;
  }
  return "";
}

// Entries look like {name: x, <kind>: {...}} in the list `<kind>s`.
StatusOr<Entry> Find(const KubeconfigFiles& files, const std::string& kind,
                     const std::string& name) {
  std::vector<std::string> known;
  for (const auto& file : files) {
    const YAML::Node list = At(file.root, (kind + "s").c_str());
    if (!list || !list.IsSequence()) continue;
    for (const auto& item : list) {
      if (Text(item, "name") == name) {
        const YAML::Node body = At(item, kind.c_str());
        return Entry{body && body.IsMap() ? body : YAML::Node(YAML::NodeType::Map), file.path};
      }
      known.push_back(Text(item, "name"));
    }
  }
  return Refuse(files.front().path, kind + "s",
                fmt::format("no {} named \"{}\": there is {}", kind, name,
                            known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
}

std::string Resolve(const std::string& file, const std::string& path) {
  if (path.empty() || fs::path(path).is_absolute()) return path;
  return (fs::absolute(file).parent_path() / path).lexically_normal().string();
}

Status ReadPem(const Entry& entry, const char* field, std::string* file, std::string* pem) {
  *file = Resolve(entry.path, Text(entry.node, field));
  const std::string data_field = std::string(field) + "-data";
  const std::string data = Text(entry.node, data_field.c_str());
  if (data.empty()) return absl::OkStatus();
  auto decoded = DecodeBase64(data);
  if (!decoded) return Refuse(entry.path, data_field, "is not base64");
  // kubectl lets the data win over the file.
  *pem = *std::move(decoded);
  file->clear();
  return absl::OkStatus();
}

Status RefuseFields(const Entry& entry, const std::vector<const char*>& fields) {
  for (const char* field : fields) {
    const YAML::Node value = At(entry.node, field);
    if (value && !value.IsNull()) {
      return Refuse(entry.path, field, "is not supported: use a token, a certificate or exec");
    }
  }
  return absl::OkStatus();
}

Status ReadCluster(const Entry& entry, ClusterAccess* access) {
  access->server = Text(entry.node, "server");
  if (access->server.empty()) return Refuse(entry.path, "server", "is missing");
  access->tls_server_name = Text(entry.node, "tls-server-name");
  access->insecure_skip_tls_verify = Flag(entry.node, "insecure-skip-tls-verify");
  return ReadPem(entry, "certificate-authority", &access->ca_file, &access->ca_pem);
}

// As client-go's DefaultServerURL: "api.example:6443" is asked by TLS where anything of TLS is set.
void AddScheme(ClusterAccess* access) {
  if (access->server.find("://") != std::string::npos) return;
  const bool ca = !access->ca_file.empty() || !access->ca_pem.empty();
  const bool certificate =
      !access->client_certificate_file.empty() || !access->client_certificate_pem.empty();
  const bool tls = ca || certificate || access->insecure_skip_tls_verify;
  access->server = (tls ? "https://" : "http://") + access->server;
}

// Which of the environment's proxies it is depends on the server's scheme.
Status ReadProxy(const Entry& cluster, ClusterAccess* access) {
  const std::string proxy = Text(cluster.node, "proxy-url");
  auto chosen = ProxyOf(access->server, proxy);
  if (!chosen.ok()) {
    return Refuse(cluster.path, proxy.empty() ? "environment" : "proxy-url",
                  Message(chosen.status()));
  }
  access->proxy_url = *std::move(chosen);
  return absl::OkStatus();
}

std::vector<std::string> Texts(const YAML::Node& list) {
  std::vector<std::string> out;
  if (!list || !list.IsSequence()) return out;
  for (const auto& item : list) out.push_back(item.as<std::string>());
  return out;
}

Impersonation ReadImpersonation(const Entry& entry) {
  Impersonation out;
  out.user = Text(entry.node, "as");
  out.uid = Text(entry.node, "as-uid");
  out.groups = Texts(At(entry.node, "as-groups"));
  const YAML::Node extra = At(entry.node, "as-user-extra");
  if (!extra || !extra.IsMap()) return out;
  for (const auto& item : extra) out.extra[item.first.as<std::string>()] = Texts(item.second);
  return out;
}

StatusOr<ExecPlugin::InteractiveMode> ReadInteractiveMode(const Entry& entry,
                                                          const std::string& text) {
  if (text.empty() || text == "IfAvailable") return ExecPlugin::InteractiveMode::kIfAvailable;
  if (text == "Never") return ExecPlugin::InteractiveMode::kNever;
  if (text == "Always") return ExecPlugin::InteractiveMode::kAlways;
  return Refuse(entry.path, "exec.interactiveMode",
                fmt::format("\"{}\": use Never, IfAvailable or Always", text));
}

Status ReadExec(const Entry& entry, ExecPlugin* plugin) {
  const YAML::Node exec = At(entry.node, "exec");
  if (!exec || !exec.IsMap()) return absl::OkStatus();
  plugin->command = Text(exec, "command");
  if (plugin->command.empty()) return Refuse(entry.path, "exec.command", "is missing");
  // As client-go: a name is looked up in PATH, something with a slash starts at the file's folder.
  if (plugin->command.find('/') != std::string::npos) {
    plugin->command = Resolve(entry.path, plugin->command);
  }
  plugin->api_version = Text(exec, "apiVersion");
  if (plugin->api_version != "client.authentication.k8s.io/v1" &&
      plugin->api_version != "client.authentication.k8s.io/v1beta1") {
    return Refuse(entry.path, "exec.apiVersion",
                  fmt::format("\"{}\": use client.authentication.k8s.io/v1", plugin->api_version));
  }
  plugin->install_hint = Text(exec, "installHint");
  plugin->provide_cluster_info = Flag(exec, "provideClusterInfo");
  for (const auto& arg : At(exec, "args")) plugin->args.push_back(arg.as<std::string>());
  for (const auto& pair : At(exec, "env")) plugin->env[Text(pair, "name")] = Text(pair, "value");
  auto mode = ReadInteractiveMode(entry, Text(exec, "interactiveMode"));
  if (!mode.ok()) return mode.status();
  plugin->interactive_mode = *mode;
  return absl::OkStatus();
}

Status ReadUser(const Entry& entry, ClusterAccess* access) {
  TT_RETURN_IF_ERROR(RefuseFields(entry, {"auth-provider"}));
  TT_RETURN_IF_ERROR(ReadPem(entry, "client-certificate", &access->client_certificate_file,
                             &access->client_certificate_pem));
  TT_RETURN_IF_ERROR(
      ReadPem(entry, "client-key", &access->client_key_file, &access->client_key_pem));
  access->token = Text(entry.node, "token");
  access->token_file = Resolve(entry.path, Text(entry.node, "tokenFile"));
  access->impersonate = ReadImpersonation(entry);
  access->username = Text(entry.node, "username");
  access->password = Text(entry.node, "password");
  return ReadExec(entry, &access->exec);
}

// --token is all that the person wants to show: nothing of the file's user goes with it.
void OverrideToken(const std::string& token, ClusterAccess* access) {
  access->token = token;
  access->token_file.clear();
  access->client_certificate_file.clear();
  access->client_certificate_pem.clear();
  access->client_key_file.clear();
  access->client_key_pem.clear();
  access->username.clear();
  access->password.clear();
  access->exec = {};
}

Status Override(const KubeconfigOptions& options, ClusterAccess* access) {
  if (!options.token.empty()) OverrideToken(options.token, access);
  if (options.insecure_skip_tls_verify) access->insecure_skip_tls_verify = true;
  const auto& asked = options.impersonate;
  auto& as = access->impersonate;
  if (!asked.user.empty()) as.user = asked.user;
  if (!asked.uid.empty()) as.uid = asked.uid;
  if (!asked.groups.empty()) as.groups = asked.groups;
  if (as.user.empty() && !(as.uid.empty() && as.groups.empty() && as.extra.empty())) {
    return absl::InvalidArgumentError(
        "impersonate: a group or a uid needs a user: set --as, or \"as\" in the kubeconfig");
  }
  return absl::OkStatus();
}

// The names of the context's parts, where options do not replace them.
StatusOr<Entry> FindContext(const KubeconfigFiles& files, const std::string& name,
                            const KubeconfigOptions& options) {
  const bool needless = name.empty() && !options.cluster.empty();
  if (needless) return Entry{YAML::Node(YAML::NodeType::Map), files.front().path};
  if (!name.empty()) return Find(files, "context", name);
  return Refuse(files.front().path, "current-context", "is not set: name a context with --context");
}

StatusOr<ClusterAccess> ReadContext(const KubeconfigFiles& files,
                                    const KubeconfigOptions& options) {
  const std::string name = options.context.empty() ? CurrentContext(files) : options.context;
  auto context = FindContext(files, name, options);
  if (!context.ok()) return context.status();
  ClusterAccess access;
  access.context = name;
  if (auto ns = Text(context->node, "namespace"); !ns.empty()) access.ns = ns;
  const auto part = [&](const std::string& option, const char* field) {
    return option.empty() ? Text(context->node, field) : option;
  };
  auto cluster = Find(files, "cluster", part(options.cluster, "cluster"));
  if (!cluster.ok()) return cluster.status();
  TT_RETURN_IF_ERROR(ReadCluster(*cluster, &access));
  if (const auto user_name = part(options.user, "user"); !user_name.empty()) {
    auto user = Find(files, "user", user_name);
    if (!user.ok()) return user.status();
    TT_RETURN_IF_ERROR(ReadUser(*user, &access));
  }
  TT_RETURN_IF_ERROR(Override(options, &access));
  AddScheme(&access);
  TT_RETURN_IF_ERROR(ReadProxy(*cluster, &access));
  return access;
}

}  // namespace

StatusOr<ClusterAccess> ReadKubeconfig(const KubeconfigOptions& options) {
  auto files = LoadAll(options);
  if (!files.ok()) return files.status();
  try {
    return ReadContext(*files, options);
  } catch (const std::exception& error) {
    return Refuse(files->front().path, "document", error.what());
  }
}

StatusOr<std::vector<std::string>> ContextNames(const KubeconfigOptions& options) {
  const auto files = LoadAll(options);
  if (!files.ok()) return files.status();
  std::vector<std::string> out;
  for (const auto& file : *files) {
    const YAML::Node list = At(file.root, "contexts");
    if (!list || !list.IsSequence()) continue;
    for (const auto& item : list) out.push_back(Text(item, "name"));
  }
  return out;
}

StatusOr<ClusterAccess> InClusterAccess(const InClusterOptions& options) {
  const std::string host =
      options.host.empty() ? EnvOr("KUBERNETES_SERVICE_HOST", "") : options.host;
  const std::string port =
      options.port.empty() ? EnvOr("KUBERNETES_SERVICE_PORT", "") : options.port;
  ClusterAccess access;
  access.token_file = options.folder + "/token";
  access.ca_file = options.folder + "/ca.crt";
  std::error_code error;
  if (host.empty() || port.empty() || !fs::exists(access.token_file, error)) {
    return absl::NotFoundError(
        fmt::format("read service account: not running in a pod: $KUBERNETES_SERVICE_HOST is "
                    "\"{}\", looked for {}",
                    host, access.token_file));
  }
  const bool ipv6 = host.find(':') != std::string::npos;
  access.server = fmt::format("https://{}:{}", ipv6 ? "[" + host + "]" : host, port);
  auto ns = base::ReadTextFile(options.folder + "/namespace", 1024);
  if (ns.ok() && !ns->empty()) access.ns = *std::move(ns);
  return access;
}

StatusOr<ClusterAccess> FindClusterAccess(const KubeconfigOptions& options) {
  auto access = ReadKubeconfig(options);
  // A context or a cluster is something of a kubeconfig.
  const bool named = !options.path.empty() || !options.context.empty() ||
                     !options.cluster.empty() || !options.user.empty();
  if (access.ok() || named || !absl::IsNotFound(access.status())) return access;
  auto pod = InClusterAccess({});
  if (!pod.ok()) return absl::IsNotFound(pod.status()) ? access.status() : pod.status();
  TT_RETURN_IF_ERROR(Override(options, &*pod));
  return pod;
}

}  // namespace traffictap::kube
