// SPDX-License-Identifier: Apache-2.0
#include "kube/exec_credential.h"

#include <unistd.h>

#include "base/rfc3339.h"
#include "fmt/format.h"
#include "kube/base64.h"
#include "kube/child_process.h"
#include "kube/object.h"

namespace traffictap::kube {
namespace {

Status Refuse(const std::string& what) {
  return absl::FailedPreconditionError("read exec credential: " + what);
}

std::string ExecRequest(const ClusterAccess& access, bool interactive) {
  Json spec = {{"interactive", interactive}};
  if (access.exec.provide_cluster_info) {
    Json cluster = {{"server", access.server}};
    if (!access.tls_server_name.empty()) cluster["tls-server-name"] = access.tls_server_name;
    if (!access.proxy_url.empty()) cluster["proxy-url"] = access.proxy_url;
    if (access.insecure_skip_tls_verify) cluster["insecure-skip-tls-verify"] = true;
    if (!access.ca_pem.empty()) {
      cluster["certificate-authority-data"] = EncodeBase64(access.ca_pem);
    }
    spec["cluster"] = std::move(cluster);
  }
  const Json request = {
      {"apiVersion", access.exec.api_version}, {"kind", "ExecCredential"}, {"spec", spec}};
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

StatusOr<ExecCredential> ParseExecCredential(const std::string& text,
                                             const std::string& api_version) {
  const auto answer = Object::Parse(text);
  if (!answer.ok()) return Refuse("the plugin printed no JSON object");
  if (answer->kind() != "ExecCredential" || answer->api_version() != api_version) {
    return Refuse(fmt::format("the plugin answered with {} {}, not {} ExecCredential",
                              answer->api_version(), answer->kind(), api_version));
  }
  ExecCredential out;
  out.token = answer->Text("/status/token");
  out.certificate_pem = answer->Text("/status/clientCertificateData");
  out.key_pem = answer->Text("/status/clientKeyData");
  if (out.certificate_pem.empty() != out.key_pem.empty()) {
    return Refuse("clientCertificateData and clientKeyData come together");
  }
  if (out.token.empty() && out.certificate_pem.empty()) {
    return Refuse("status has neither token nor clientCertificateData");
  }
  if (const auto expiry = answer->Text("/status/expirationTimestamp"); !expiry.empty()) {
    out.expires_at = base::ParseRfc3339(expiry);
    if (!out.expires_at) return Refuse("expirationTimestamp is not an RFC 3339 time");
  }
  return out;
}

StatusOr<ExecCredential> RunExecPlugin(const ClusterAccess& access) {
  const ExecPlugin& plugin = access.exec;
  const bool terminal = isatty(STDIN_FILENO) == 1;
  if (plugin.interactive_mode == ExecPlugin::InteractiveMode::kAlways && !terminal) {
    return absl::FailedPreconditionError(
        fmt::format("run {}: it needs a terminal: sign in with kubectl first", plugin.command));
  }
  const bool interactive =
      terminal && plugin.interactive_mode != ExecPlugin::InteractiveMode::kNever;
  ChildProcessOptions child{plugin.command, plugin.args, plugin.env, interactive};
  child.env["KUBERNETES_EXEC_INFO"] = ExecRequest(access, interactive);
  auto text = RunChildProcess(child);
  if (absl::IsNotFound(text.status())) {
    return absl::FailedPreconditionError(
        fmt::format("{}: {}", Message(text.status()),
                    plugin.install_hint.empty() ? "install it" : plugin.install_hint));
  }
  if (!text.ok()) return text.status();
  return ParseExecCredential(*text, plugin.api_version);
}

}  // namespace traffictap::kube
