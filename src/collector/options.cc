// SPDX-License-Identifier: Apache-2.0
#include "collector/options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "collector/memory_plan.h"
#include "fmt/format.h"
#include "tap/values.h"

namespace traffictap::collector {
namespace {

// A negative size would wrap around to one without a bound.
const CLI::Range kBytes(uint64_t{1}, uint64_t{1} << 44);

// Of a stream: each new one costs its proxy's identifier, up to 62 kB.
constexpr base::Nanos kAgeMin = base::kSecond;
constexpr base::Nanos kAgeMax = 24 * 3600 * base::kSecond;

// Set: asked for on the command line.
struct MemoryOptions {
  std::optional<size_t> memory;
  std::optional<size_t> queue;
  std::optional<size_t> waiting;
  std::optional<size_t> live_backlog;
};

const std::map<std::string, als::IdentitySource> kIdentitySources = {
    {"none", als::IdentitySource::kNone},
    {"xfcc", als::IdentitySource::kForwarded},
    {"certificate", als::IdentitySource::kCertificate}};

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 && name[0] != '\0' ? name : "collector";
}

// ParseDuration wants a unit, also after a nought.
StatusOr<base::Nanos> ReadAge(const std::string& text) {
  return tap::ParseDuration(text == "0" ? "0s" : text);
}

void AddServerOptions(CLI::App& app, Options* out) {
  app.add_option("--als", out->als.address,
                 "address on which to receive access logs (gRPC), IP:PORT")
      ->capture_default_str();
  app.add_option("--als-cert", out->als.certificate_file, "TLS certificate of --als (PEM)");
  app.add_option("--als-key", out->als.key_file, "its private key (PEM)");
  app.add_option("--als-client-ca", out->als.client_ca_file,
                 "require client certificates signed by this CA (PEM)");
  app.add_option_function<std::string>(
         "--als-identity",
         [out](const std::string& name) { out->als.identity.source = kIdentitySources.at(name); },
         "how to verify the sender of a stream: none, xfcc (the x-forwarded-client-cert header of "
         "the sidecar in this pod) or certificate (the client certificate of the connection)")
      ->check(CLI::IsMember(kIdentitySources))
      ->default_str("none");
  app.add_option("--als-trust-domain", out->als.identity.trust_domains,
                 "accept only senders of this trust domain; may be repeated (default: any)");
  app.add_option_function<std::string>(
         "--als-stream-max-age",
         [out](const std::string& text) { out->als.stream_age_max = *ReadAge(text); },
         "end a stream of access logs right after a message once it is so old, so that its proxy "
         "opens another and may find another receiver, such as 15m (default: 0, never); from 5m "
         "on, "
         "a receiver that the operator finds no busier than others keeps its streams longer")
      ->check(CLI::Validator(
          [](const std::string& text) {
            const auto age = ReadAge(text);
            if (!age.ok()) return Message(age.status());
            const bool good = *age == 0 || (*age >= kAgeMin && *age <= kAgeMax);
            return good ? std::string() : fmt::format("'{}' must be 0 or 1s to 24h", text);
          },
          "DURATION"));
  app.add_option("--http", out->http.address, "address for /metrics, /healthz and /readyz, IP:PORT")
      ->capture_default_str();
}

void AddLiveOptions(CLI::App& app, Options* out) {
  app.add_option("--live", out->live.address,
                 "loopback address for the live stream and the web page, IP:PORT, or off (default: "
                 "that of --http if it is a loopback address, otherwise off)");
  app.add_option("--live-token-file", out->live.token_file,
                 "file with the token for them, readable only by its owner (default: a new token, "
                 "printed at startup)")
      ->check(CLI::ExistingFile);
}

// It becomes a link in the page: no javascript:, and nothing that has to be escaped.
std::string CheckTraceUrl(const std::string& url) {
  constexpr std::string_view kForbidden = " \"'<>\\^`|";
  const bool web = url.starts_with("https://") || url.starts_with("http://");
  const bool plain = std::all_of(url.begin(), url.end(), [&](char c) {
    return c > ' ' && c < 0x7f && kForbidden.find(c) == std::string_view::npos;
  });
  if (web && plain && url.find("{traceId}") != std::string::npos) return {};
  return "must be an http or https URL that contains {traceId}, such as "
         "https://jaeger.example/trace/{traceId}";
}

void AddTraceUrlOption(CLI::App& app, Options* out) {
  app.add_option_function<std::string>(
         "--trace-url",
         [out](const std::string& url) { out->live.trace_url = out->api.trace_url = url; },
         "where traces can be looked at: the page links each request that carries a trace to this "
         "URL, with the trace's id for {traceId} (default: no link)")
      ->check(CLI::Validator(CheckTraceUrl, "URL"));
}

void AddApiOptions(CLI::App& app, Options* out) {
  auto& site = out->api;
  auto* api = app.add_option("--api", site.api.address,
                             "address on which to serve live records to the Kubernetes API server "
                             "(APIService v1alpha1.tap.traffictap.io), IP:PORT (default: off)");
  auto* certificate = app.add_option("--api-cert", site.api.certificate_file,
                                     "TLS certificate of --api (PEM; default: self-signed, and "
                                     "written to the caBundle of the APIService)")
                          ->needs(api);
  auto* key = app.add_option("--api-key", site.api.key_file, "its private key (PEM)")->needs(api);
  certificate->needs(key);
  key->needs(certificate);
  auto* readers = app.add_option("--api-readers-ca", site.api.readers_ca_file,
                                 "serve readers (--role reader) that have a certificate of this CA "
                                 "(PEM) instead of the API server; they say who the user is")
                      ->needs(certificate);
  app.add_option("--api-service", site.api.service,
                 "Service for --api, NAME.NAMESPACE: the name in the self-signed certificate")
      ->needs(api)
      ->excludes(certificate)
      ->capture_default_str();
  app.add_option(
         "--api-owner", site.api.owner,
         "ClusterRole that owns the APIService: the collector creates the APIService once it "
         "serves and deletes it when it stops (default: managed by somebody else)")
      ->needs(api)
      ->excludes(readers)
      ->excludes(certificate);
  auto* kubeconfig = app.add_option("--kubeconfig", site.kubeconfig.path,
                                    "kubeconfig file (default: $KUBECONFIG or ~/.kube/config, then "
                                    "the pod's service account)")
                         ->needs(api);
  app.add_option("--context", site.kubeconfig.context, "kubeconfig context")->needs(kubeconfig);
}

void AddTapOptions(CLI::App& app, Options* out) {
  auto* from = app.add_option_group("taps", "Source of the taps");
  from->add_option("--taps", out->taps_dir,
                   "directory with TrafficTap YAML files, watched for changes")
      ->check(CLI::ExistingDirectory);
  auto* from_operator = from->add_option("--operator", out->tap_source.address,
                                         "address of the operator (gRPC), HOST:PORT");
  from->require_option(0, 1);
  app.add_option("--tap-cache", out->tap_source.cache_file,
                 "file that keeps the operator's taps across restarts")
      ->needs(from_operator);
  app.add_option("--operator-ca", out->tap_source.tls.ca, "CA certificate of the operator (PEM)")
      ->needs(from_operator);
  app.add_option("--operator-cert", out->tap_source.tls.certificate,
                 "client certificate for the operator (PEM)")
      ->needs(from_operator);
  app.add_option("--operator-key", out->tap_source.tls.key, "its private key (PEM)")
      ->needs(from_operator);
}

void AddPipelineOptions(CLI::App& app, Options* out) {
  app.add_option("--output-dir", out->pipeline.output_dir, "base directory of File outputs")
      ->check(CLI::ExistingDirectory);
  app.add_option("--spool-dir", out->pipeline.spool_dir,
                 "directory in which outputs with delivery.class Durable keep records; outside of "
                 "--output-dir, and of one collector alone (default: such outputs are refused)")
      ->check(CLI::ExistingDirectory);
  app.add_option("--name", out->tap_source.collector,
                 "name of this collector, for the operator, for readers and in Kafka's group");
  app.add_option("--pairing-threads", out->pipeline.pairing_threads,
                 fmt::format("threads that join entries and prepare records, 1 to {}; each takes "
                             "its share of the requests and of the memory for entries",
                             pipeline::kPairingThreadsMax))
      ->check(CLI::Range(size_t{1}, pipeline::kPairingThreadsMax))
      ->capture_default_str();
}

CLI::Option* AddSize(CLI::App& app, const std::string& name, std::optional<size_t>* out,
                     const std::string& what, const std::string& by_default) {
  return app.add_option(name, *out, what)
      ->transform(CLI::AsSizeValue(false))
      ->check(kBytes)
      ->default_str(by_default);
}

void AddMemoryOptions(CLI::App& app, MemoryOptions* out) {
  AddSize(app, "--memory", &out->memory, "total memory for log entries and records",
          "70 % of the container's memory limit, or 2 GiB");
  AddSize(app, "--queue-size", &out->queue, "memory for entries that wait to be joined",
          "1/16 of --memory");
  AddSize(app, "--waiting-size", &out->waiting, "memory for entries that wait for the other side",
          "1/4 of --memory");
  AddSize(app, "--live-backlog-size", &out->live_backlog,
          "memory for records kept for live readers", "1/8 of --memory");
}

// What is said of a part is taken from the outputs, which have the rest.
void SetSizes(const MemoryOptions& asked, Options* out) {
  const uint64_t memory = asked.memory.value_or(DefaultMemory("/"));
  const MemoryPlan plan = DivideMemory(memory);
  out->pipeline.queue_bytes_max = asked.queue.value_or(plan.queue);
  out->pipeline.waiting_bytes_max = asked.waiting.value_or(plan.waiting);
  out->live.backlog_bytes_max = asked.live_backlog.value_or(plan.live_backlog);
  out->als.limits.kept_bytes_max = plan.streams;
  const uint64_t others = 2 * out->pipeline.queue_bytes_max + out->pipeline.waiting_bytes_max +
                          out->live.backlog_bytes_max + plan.streams;
  const uint64_t least = memory / 16;
  if (others + least > memory) {
    throw CLI::ValidationError(
        "--memory", fmt::format("{} bytes do not hold twice --queue-size, --waiting-size, "
                                "--live-backlog-size and an eighth for streams, {} bytes, with a "
                                "sixteenth for the outputs: raise it or lower the others",
                                memory, others));
  }
  out->pipeline.outputs_bytes_max = memory - others;
  // A pairer has no streams.
  out->role.shuffle.transaction_bytes_max = plan.streams;
  out->shuffle_bytes_max = memory - 2 * out->pipeline.queue_bytes_max - plan.streams;
}

void CheckTaps(const Options& options) {
  const bool given = !options.taps_dir.empty() || !options.tap_source.address.empty();
  const bool asks = TraitsOf(options.role.role).asks;
  if (given == !asks) return;
  throw CLI::ValidationError(
      options.tap_source.address.empty() ? "--taps" : "--operator",
      asks ? "--role reader has the taps of its pairers: remove the option"
           : "one of --taps and --operator is required: it says where the taps come from");
}

// Authors of taps choose the names of files below --output-dir.
void CheckSpoolDir(const Options& options) {
  if (options.pipeline.spool_dir.empty() || options.pipeline.output_dir.empty()) return;
  const auto spool = std::filesystem::canonical(options.pipeline.spool_dir);
  const auto output = std::filesystem::canonical(options.pipeline.output_dir);
  const auto is_in = [](const auto& inner, const auto& outer) {
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first ==
           outer.end();
  };
  if (!is_in(spool, output) && !is_in(output, spool)) return;
  throw CLI::ValidationError(
      "--spool-dir",
      fmt::format("{} and --output-dir {} are one directory, or one is in the other: "
                  "keep them apart",
                  spool.string(), output.string()));
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  ParsedOptions out;
  out.options.tap_source.collector = HostName();
  CLI::App app(
      "Receives Envoy access logs, joins the client's and the server's entry for each request, and "
      "writes the records to the outputs of the taps.");
  app.set_version_flag("--version", TRAFFICTAP_VERSION);
  AddRoleOptions(app, &out.options.role);
  AddTapOptions(app, &out.options);
  AddServerOptions(app, &out.options);
  AddPipelineOptions(app, &out.options);
  MemoryOptions memory;
  AddMemoryOptions(app, &memory);
  app.callback([&] {
    CompleteRoleOptions(app, &out.options.role);
    CheckTaps(out.options);
    SetSizes(memory, &out.options);
    CheckSpoolDir(out.options);
    if (!TraitsOf(out.options.role.role).shows) out.options.live.address = "off";
  });
  AddLiveOptions(app, &out.options);
  AddApiOptions(app, &out.options);
  AddTraceUrlOption(app, &out.options);
  base::AddLogOptions(app, &out.options.log);
  out.exit_code = base::ParseCommandLine(app, argc, argv);
  out.options.role.shuffle.member = out.options.tap_source.collector;
  const RoleTraits& traits = TraitsOf(out.options.role.role);
  if (traits.shuffles) out.options.tap_source.role = traits.name;
  return out;
}

}  // namespace traffictap::collector
