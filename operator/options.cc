// SPDX-License-Identifier: Apache-2.0
#include "operator/options.h"

#include <CLI/CLI.hpp>

#include "fmt/format.h"
#include "tap/tap_spec.h"
#include "tap/values.h"

namespace traffictap::op {
namespace {

CLI::Option* AddDuration(CLI::App& app, const std::string& name, base::Nanos* out,
                         const std::string& what) {
  // ParseDuration wants a unit, also after a nought.
  const auto parse = [](const std::string& text) {
    return tap::ParseDuration(text == "0" ? "0s" : text);
  };
  return app
      .add_option_function<std::string>(
          name, [=](const std::string& text) { *out = *parse(text); }, what)
      ->check(CLI::Validator(
          [=](const std::string& text) {
            const auto read = parse(text);
            return read.ok() ? std::string() : Message(read.status());
          },
          "DURATION"));
}

// "team=shop,env=prod"; CLI11 splits at the commas.
std::string CheckLabel(const std::string& text) {
  const size_t equals = text.find('=');
  const bool good =
      equals != 0 && equals != std::string::npos && text.find('=', equals + 1) == std::string::npos;
  return good ? "" : fmt::format("'{}' must be LABEL=VALUE, as in traffictap=standing", text);
}

std::string CheckHeader(const std::string& text) {
  const auto name = tap::ParseHeaderName(text);
  return name.ok() ? "" : fmt::format("'{}': {}", text, Message(name.status()));
}

// What is no duration at all is told by the option's other check.
std::string CheckOpenStreams(const std::string& text) {
  const auto interval = tap::ParseDuration(text == "0" ? "0s" : text);
  if (!interval.ok() || *interval == 0) return "";
  const bool good = *interval >= tap::kOpenStreamsMin && *interval <= tap::kOpenStreamsMax;
  return good ? "" : fmt::format("'{}' must be from 1s to 1h, or 0", text);
}

void AddHeaderList(CLI::App& app, const char* flag, const char* kind,
                   std::vector<std::string>* out) {
  app.add_option_function<std::vector<std::string>>(
         flag,
         [out](const std::vector<std::string>& names) {
           for (const auto& name : names) out->push_back(*tap::ParseHeaderName(name));
         },
         fmt::format("{} headers that proxies of permanently attached namespaces log, unless the "
                     "namespace has an annotation that lists them",
                     kind))
      ->delimiter(',')
      ->check(CLI::Validator(CheckHeader, "HEADER"));
}

void AddAttachmentOptions(CLI::App& app, Options* out) {
  app.add_option_function<std::vector<std::string>>(
         "--standing-namespaces",
         [out](const std::vector<std::string>& labels) {
           for (const auto& label : labels) {
             const size_t equals = label.find('=');
             out->standing_namespaces[label.substr(0, equals)] = label.substr(equals + 1);
           }
         },
         "attach namespaces with all of these labels permanently, so that taps start and end "
         "without changing the proxies; a namespace's own label traffictap.io/attachment overrides "
         "this")
      ->delimiter(',')
      ->check(CLI::Validator(CheckLabel, "LABEL=VALUE"));
  AddHeaderList(app, "--standing-request-headers", "request", &out->standing_request_headers);
  AddHeaderList(app, "--standing-response-headers", "response", &out->standing_response_headers);
  AddDuration(
      app, "--standing-open-streams", &out->standing_open_streams,
      "how often proxies of permanently attached namespaces report open streams, from 1s to "
      "1h, unless the namespace has an annotation that says so; 0 to disable")
      ->check(CLI::Validator(CheckOpenStreams, ""))
      ->default_str("0");
}

void AddClusterOptions(CLI::App& app, Options* out) {
  app.add_option(
         "--kubeconfig", out->kubeconfig.path,
         "kubeconfig file (default: $KUBECONFIG or ~/.kube/config, then the pod's service account)")
      ->check(CLI::ExistingFile);
  app.add_option("--context", out->kubeconfig.context, "kubeconfig context");
  app.add_option("--namespace", out->installation.ns, "namespace of the operator and the collector")
      ->capture_default_str();
  app.add_option("--collector-service", out->installation.collector_service,
                 "Service of the collector in --namespace")
      ->capture_default_str();
  app.add_option("--collector-port", out->installation.collector_port,
                 "name of its port for access logs")
      ->capture_default_str();
  app.add_option("--cluster-domain", out->installation.cluster_domain, "DNS domain of the cluster")
      ->capture_default_str();
  app.add_option("--root-namespace", out->installation.root_namespace, "namespace of istiod")
      ->capture_default_str();
  app.add_option("--destinations-dir", out->installation.destinations_dir,
                 "directory in which the collector mounts the Secrets of TapDestinations")
      ->capture_default_str();
  app.add_flag("!--no-node-zones", out->installation.reads_nodes,
               "do not read nodes: records of proxies without a locality then have no zone");
  AddDuration(app, "--patch-grace", &out->patch_grace,
              "how long a proxy keeps its patch after its last tap has ended, so that consecutive "
              "taps drain its connections only once; 0 to disable")
      ->default_str("5m");
  AddDuration(app, "--api-remove-after", &out->api_remove_after,
              "how long the APIService for live records may be unavailable before it is deleted: "
              "until then no namespace in the cluster can be deleted; 0 to disable")
      ->default_str("0");
  app.add_option("--api-writes-per-second", out->api_writes_per_second,
                 "maximum number of writes to the API server per second (patches, statuses and "
                 "Events); raise it if hundreds of taps are created together")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_flag("!--no-leader-election", out->leader_election,
               "do not elect a leader: only for a single operator");
  auto* uninstall =
      app.add_flag("--uninstall", out->uninstall, "remove all patches from the mesh and exit");
  app.add_flag("--check", out->check, "check whether the installation works and exit")
      ->excludes(uninstall);
}

void AddServerOptions(CLI::App& app, Options* out) {
  app.add_option("--discovery", out->discovery.address,
                 "address from which collectors fetch their taps (gRPC), IP:PORT")
      ->capture_default_str();
  // Its name before 0.1, for those who have written it into a manifest. Not in the help.
  app.add_option("--routes", out->discovery.address)->group("");
  app.add_option("--discovery-cert", out->discovery.tls.certificate,
                 "TLS certificate of --discovery (PEM)");
  app.add_option("--discovery-key", out->discovery.tls.key, "its private key (PEM)");
  app.add_option("--discovery-client-ca", out->discovery.tls.client_ca,
                 "require client certificates signed by this CA (PEM)");
  app.add_flag("!--no-stream-pace", out->discovery.paces_streams,
               "let all receivers end streams of access logs at the same age, however much each "
               "of them receives");
  app.add_option("--http", out->http.address, "address for /metrics, /healthz and /readyz, IP:PORT")
      ->capture_default_str();
  app.add_option("--istiod-token", out->istiod.token_file,
                 "file with a service account token for istiod (audience istio-ca)");
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  ParsedOptions out;
  out.options.http.address = "127.0.0.1:9091";
  CLI::App app(
      "Configures Istio's proxies to send their access logs to the collector, as TrafficTaps "
      "request, and reports the result in the taps' status.");
  app.set_version_flag("--version", TRAFFICTAP_VERSION);
  AddClusterOptions(app, &out.options);
  AddAttachmentOptions(app, &out.options);
  AddServerOptions(app, &out.options);
  base::AddLogOptions(app, &out.options.log);
  out.exit_code = base::ParseCommandLine(app, argc, argv);
  return out;
}

}  // namespace traffictap::op
