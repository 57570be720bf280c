// SPDX-License-Identifier: Apache-2.0
#include "operator/options.h"

#include <CLI/CLI.hpp>

#include "tap/values.h"

namespace traffictap::op {
namespace {

void AddClusterOptions(CLI::App& app, Options* out) {
  app.add_option("--kubeconfig", out->kubeconfig.path,
                 "kubeconfig file; without it the pod's service account, then ~/.kube/config")
      ->check(CLI::ExistingFile);
  app.add_option("--context", out->kubeconfig.context, "context of the kubeconfig");
  app.add_option("--namespace", out->installation.ns, "the namespace of operator and collector")
      ->capture_default_str();
  app.add_option("--collector-service", out->installation.collector_service,
                 "the collector's Service in --namespace")
      ->capture_default_str();
  app.add_option("--collector-port", out->installation.collector_port,
                 "the name of its port for access logs")
      ->capture_default_str();
  app.add_option("--cluster-domain", out->installation.cluster_domain, "the cluster's DNS domain")
      ->capture_default_str();
  app.add_option("--root-namespace", out->installation.root_namespace, "istiod's namespace")
      ->capture_default_str();
  app.add_option("--destinations-dir", out->installation.destinations_dir,
                 "where the collector mounts the secrets of TapDestinations")
      ->capture_default_str();
  app.add_option_function<std::string>(
         "--patch-grace",
         [out](const std::string& text) {
           // ParseDuration wants a unit, also after a nought.
           out->patch_grace = *tap::ParseDuration(text == "0" ? "0s" : text);
         },
         "how long a proxy keeps its patch when the last tap that needs it has gone, so that tap "
         "after tap drains its connections once; 0: not at all")
      ->check(CLI::Validator(
          [](const std::string& text) {
            const auto read = tap::ParseDuration(text == "0" ? "0s" : text);
            return read.ok() ? std::string() : Message(read.status());
          },
          "DURATION"))
      ->default_str("5m");
  app.add_flag("!--no-leader-election", out->leader_election,
               "write although another operator may");
  auto* uninstall =
      app.add_flag("--uninstall", out->uninstall, "remove every patch from the mesh, and end");
  app.add_flag("--check", out->check, "tell whether this installation works, and end")
      ->excludes(uninstall);
}

void AddServerOptions(CLI::App& app, Options* out) {
  app.add_option("--discovery,--routes", out->discovery.address,
                 "where collectors fetch their taps (gRPC), IP:PORT")
      ->capture_default_str();
  app.add_option("--discovery-cert", out->discovery.tls.certificate,
                 "TLS certificate of --discovery (PEM)");
  app.add_option("--discovery-key", out->discovery.tls.key, "its private key (PEM)");
  app.add_option("--discovery-client-ca", out->discovery.tls.client_ca,
                 "require client certificates signed by this CA (PEM)");
  app.add_option("--http", out->http.address, "where /metrics, /healthz and /readyz are, IP:PORT")
      ->capture_default_str();
  app.add_option("--istiod-token", out->istiod.token_file,
                 "file with a service account token of audience istio-ca, to ask istiod with");
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  ParsedOptions out;
  out.options.http.address = "127.0.0.1:9091";
  CLI::App app(
      "Makes Istio's proxies send their access logs to the collector, as TrafficTaps ask, and "
      "tells "
      "in their status what comes of it.");
  app.set_version_flag("--version", TRAFFICTAP_VERSION);
  AddClusterOptions(app, &out.options);
  AddServerOptions(app, &out.options);
  base::AddLogOptions(app, &out.options.log);
  out.exit_code = base::ParseCommandLine(app, argc, argv);
  return out;
}

}  // namespace traffictap::op
