#include "collector/options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>

namespace traffictap::collector {
namespace {

// A negative size would wrap around to one without a bound.
const CLI::Range kBytes(uint64_t{1}, uint64_t{1} << 44);

const std::map<std::string, als::IdentitySource> kIdentitySources = {
    {"none", als::IdentitySource::kNone},
    {"xfcc", als::IdentitySource::kForwarded},
    {"certificate", als::IdentitySource::kCertificate}};

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 && name[0] != '\0' ? name : "collector";
}

void AddServerOptions(CLI::App& app, Options* out) {
  app.add_option("--als", out->als.address, "where proxies send their access logs (gRPC), IP:PORT")
      ->capture_default_str();
  app.add_option("--als-cert", out->als.certificate_file, "TLS certificate of --als (PEM)");
  app.add_option("--als-key", out->als.key_file, "its private key (PEM)");
  app.add_option("--als-client-ca", out->als.client_ca_file,
                 "require client certificates signed by this CA (PEM)");
  app.add_option_function<std::string>(
         "--als-identity",
         [out](const std::string& name) { out->als.identity.source = kIdentitySources.at(name); },
         "what a stream's node must agree with: none, xfcc (x-forwarded-client-cert of the sidecar "
         "in this pod) or certificate (of the stream's own TLS)")
      ->check(CLI::IsMember(kIdentitySources))
      ->default_str("none");
  app.add_option("--als-trust-domain", out->als.identity.trust_domains,
                 "trust domain that streams may come from; may be repeated (default: any)");
  app.add_option("--http", out->http.address, "where /metrics, /healthz and /readyz are, IP:PORT")
      ->capture_default_str();
}

void AddLiveOptions(CLI::App& app, Options* out) {
  app.add_option(
      "--live", out->live.address,
      "where the live stream and the web page are: IP:PORT on this machine, or off (default: "
      "with --http where that is on this machine, else off)");
  app.add_option(
         "--live-token-file", out->live.token_file,
         "file with the token that opens them, readable by its owner alone (default: a new token, "
         "printed at the start)")
      ->check(CLI::ExistingFile);
  app.add_option("--live-backlog-size", out->live.backlog_bytes_max,
                 "bytes of records kept for live readers, of all taps")
      ->transform(CLI::AsSizeValue(false))
      ->check(kBytes)
      ->capture_default_str();
}

void AddApiOptions(CLI::App& app, Options* out) {
  auto& site = out->api;
  auto* api = app.add_option("--api", site.api.address,
                             "where the live records are for the Kubernetes API server (APIService "
                             "v1alpha1.tap.traffictap.io), IP:PORT (default: nowhere)");
  auto* certificate =
      app.add_option("--api-cert", site.api.certificate_file,
                     "TLS certificate of --api (PEM; default: its own, which it writes into the "
                     "APIService's caBundle)")
          ->needs(api);
  auto* key = app.add_option("--api-key", site.api.key_file, "its private key (PEM)")->needs(api);
  certificate->needs(key);
  key->needs(certificate);
  app.add_option("--api-service", site.api.service,
                 "the Service that leads to --api, NAME.NAMESPACE: the name in its own certificate")
      ->needs(api)
      ->excludes(certificate)
      ->capture_default_str();
  auto* kubeconfig = app.add_option("--kubeconfig", site.kubeconfig.path,
                                    "file with the access to the API server (default: that of the "
                                    "pod, then $KUBECONFIG or ~/.kube/config)")
                         ->needs(api);
  app.add_option("--context", site.kubeconfig.context, "the kubeconfig's context to use")
      ->needs(kubeconfig);
}

void AddTapOptions(CLI::App& app, Options* out) {
  auto* from = app.add_option_group("taps", "Where the taps come from");
  from->add_option("--taps", out->taps_dir, "directory of TrafficTap YAML files; watched")
      ->check(CLI::ExistingDirectory);
  auto* from_operator = from->add_option("--operator", out->tap_source.address,
                                         "the operator that sends the taps (gRPC), HOST:PORT");
  from->require_option(1);
  app.add_option("--tap-cache", out->tap_source.cache_file,
                 "file that keeps the operator's taps over a restart")
      ->needs(from_operator);
  app.add_option("--operator-ca", out->tap_source.tls.ca, "CA of the operator's certificate (PEM)")
      ->needs(from_operator);
  app.add_option("--operator-cert", out->tap_source.tls.certificate,
                 "certificate to show to the operator (PEM)")
      ->needs(from_operator);
  app.add_option("--operator-key", out->tap_source.tls.key, "its private key (PEM)")
      ->needs(from_operator);
}

void AddPipelineOptions(CLI::App& app, Options* out) {
  app.add_option("--output-dir", out->pipeline.output_dir, "directory that File outputs stay in")
      ->check(CLI::ExistingDirectory);
  app.add_option("--name", out->pipeline.collector, "this collector's name in records");
  app.add_option("--queue-size", out->pipeline.queue_bytes_max,
                 "bytes of entries that may wait for the pairer")
      ->transform(CLI::AsSizeValue(false))
      ->check(kBytes)
      ->capture_default_str();
  app.add_option("--waiting-size", out->pipeline.waiting_bytes_max,
                 "bytes of halves that may wait for the other side")
      ->transform(CLI::AsSizeValue(false))
      ->check(kBytes)
      ->capture_default_str();
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  ParsedOptions out;
  out.options.pipeline.collector = HostName();
  CLI::App app(
      "Receives Envoy access logs, joins the client's and the server's entry of each request, "
      "and writes the records to the outputs of the taps.");
  app.set_version_flag("--version", TRAFFICTAP_VERSION);
  AddTapOptions(app, &out.options);
  AddServerOptions(app, &out.options);
  AddPipelineOptions(app, &out.options);
  AddLiveOptions(app, &out.options);
  AddApiOptions(app, &out.options);
  base::AddLogOptions(app, &out.options.log);
  out.exit_code = base::ParseCommandLine(app, argc, argv);
  out.options.tap_source.collector = out.options.pipeline.collector;
  return out;
}

}  // namespace traffictap::collector
