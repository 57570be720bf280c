#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace traffictap::kube {

// A program that prints credentials (client.authentication.k8s.io ExecCredential).
struct ExecPlugin {
  // absolute, or looked up in PATH; relative ones start at the kubeconfig's folder
  std::string command;
  std::vector<std::string> args;
  std::map<std::string, std::string> env;  // added to ours
  std::string api_version;
  std::string install_hint;
  enum class InteractiveMode { kNever, kIfAvailable, kAlways };
  InteractiveMode interactive_mode = InteractiveMode::kIfAvailable;
  bool provide_cluster_info = false;
};

// How to reach one API server. Where both are set a file wins over the text beside it, since files
// are re-read.
struct ClusterAccess {
  std::string server;  // "https://host:port" or "http://..."
  std::string tls_server_name;
  bool insecure_skip_tls_verify = false;
  std::string ca_file;
  std::string ca_pem;  // empty, without a file: the system's
  std::string client_certificate_file;
  std::string client_certificate_pem;
  std::string client_key_file;
  std::string client_key_pem;
  std::string token_file;
  std::string token;
  std::string username;
  std::string password;
  ExecPlugin exec;  // without a command: none
  std::string ns = "default";
  std::string context;  // its name; empty in a cluster
};

struct KubeconfigOptions {
  std::string path = "";     // empty: the files of $KUBECONFIG, then ~/.kube/config
  std::string context = "";  // empty: current-context
};

// Reads kubeconfig files, the first to name a thing wins. kNotFound: there is no file;
// kInvalidArgument names file, field and what to do. Relative paths in a file start at its folder.
// What we cannot do (auth-provider, proxy-url, impersonation) is refused by name, never ignored.
StatusOr<ClusterAccess> ReadKubeconfig(const KubeconfigOptions& options);

// The contexts of those files, for a shell's completion.
StatusOr<std::vector<std::string>> ContextNames(const KubeconfigOptions& options);

struct InClusterOptions {
  std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  std::string host = "";  // empty: $KUBERNETES_SERVICE_HOST
  std::string port = "";  // empty: $KUBERNETES_SERVICE_PORT
};

// A pod's service account. kNotFound: this is no pod. An IPv6 host comes out in brackets.
StatusOr<ClusterAccess> InClusterAccess(const InClusterOptions& options);

// As kubectl chooses: a kubeconfig that is named wins, then the pod's service account, then
// ~/.kube/config.
StatusOr<ClusterAccess> FindClusterAccess(const KubeconfigOptions& options);

}  // namespace traffictap::kube
