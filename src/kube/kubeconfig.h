// SPDX-License-Identifier: Apache-2.0
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

// Whom to act as (the API server's impersonation); without a user nobody else.
struct Impersonation {
  std::string user;
  std::string uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
};

// How to reach one API server. Where both are set a file wins over the text beside it, since files
// are re-read; a token stands in where its file cannot be read.
struct ClusterAccess {
  std::string server;     // "https://host:port" or "http://..."
  std::string proxy_url;  // "http://host:port" to go through; empty: none
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
  Impersonation impersonate;
  std::string ns = "default";
  std::string context;  // its name; empty in a cluster
};

struct KubeconfigOptions {
  std::string path = "";     // empty: the files of $KUBECONFIG, then ~/.kube/config
  std::string context = "";  // empty: current-context
  // What kubectl's options of these names put in the place of the file's words.
  std::string cluster = "";
  std::string user = "";
  std::string token = "";
  Impersonation impersonate = {};
  bool insecure_skip_tls_verify = false;
};

// Reads kubeconfig files as client-go: the first to name a thing wins, files of $KUBECONFIG that
// are missing are passed over, and an empty file says nothing. kNotFound: there is no file, or
// nothing in it; kInvalidArgument names file, field and what to do. Relative paths in a file start
// at its folder. Without a proxy-url the proxies of the environment count (proxy.h). What we cannot
// do (auth-provider) is refused by name, never ignored.
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

// As kubectl chooses: the kubeconfig, and where there is none the pod's service account.
StatusOr<ClusterAccess> FindClusterAccess(const KubeconfigOptions& options);

}  // namespace traffictap::kube
