// SPDX-License-Identifier: Apache-2.0
#include "collector/live_site.h"

#include <cstdio>

#include "base/log.h"
#include "collector/taps_json.h"
#include "fmt/format.h"
#include "web/page.h"

namespace traffictap::collector {
namespace {

constexpr const char* kOff = "off";

}  // namespace

Status LiveSite::Check(const LiveSiteOptions& options) {
  const std::string& address = options.address;
  if (address.empty() || address == kOff || web::IsLoopback(address)) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "--live \"{}\": the live stream is not encrypted and stays on this machine: use "
      "127.0.0.1:PORT, "
      "[::1]:PORT or off; from elsewhere forward the port (ssh -L, kubectl port-forward)",
      address));
}

bool LiveSite::Wanted(const LiveSiteOptions& options, const std::string& http_address) {
  if (options.address.empty()) return web::IsLoopback(http_address);
  return options.address != kOff;
}

StatusOr<std::unique_ptr<LiveSite>> LiveSite::Create(const LiveSiteOptions& options,
                                                     const std::string& http_address,
                                                     observe::LiveHub* hub,
                                                     const base::Clock* clock, Snapshot snapshot,
                                                     web::DumpApi::Dump dump,
                                                     std::shared_ptr<const web::FileStore> files) {
  TT_RETURN_IF_ERROR(Check(options));
  std::unique_ptr<LiveSite> out(new LiveSite);
  if (!Wanted(options, http_address)) return out;
  out->address_ = options.address;
  const std::string& address = options.address.empty() ? http_address : options.address;
  out->host_ = address.substr(0, address.rfind(':'));
  out->token_made_ = options.token_file.empty();
  auto token = out->token_made_ ? observe::MakeToken() : observe::ReadTokenFile(options.token_file);
  if (!token.ok()) return token.status();
  out->token_ = *std::move(token);
  out->authorizer_ = std::make_unique<observe::TokenAuthorizer>(out->token_);
  out->api_ = std::make_unique<web::LiveApi>(
      hub, out->authorizer_.get(), clock,
      [hub, snapshot = std::move(snapshot), trace_url = options.trace_url](
          const observe::Access& access) { return TapsJson(snapshot(), *hub, access, trace_url); });
  out->dumps_ = std::make_unique<web::DumpApi>(out->authorizer_.get(), std::move(dump));
  out->files_ = std::make_unique<web::FileApi>(std::move(files), out->authorizer_.get(), clock);
  return out;
}

std::map<std::string, web::Route> LiveSite::Routes() {
  if (!api_) return {};
  auto out = api_->Routes();
  out.emplace("/api/v1/dumps", dumps_->Standalone());
  out.emplace("/api/v1/files", files_->Standalone());
  out.merge(web::PageRoutes());
  return out;
}

std::map<std::string, web::Route> LiveSite::SharedRoutes() {
  return address_.empty() ? Routes() : std::map<std::string, web::Route>();
}

void LiveSite::Close() {
  if (api_) api_->Stop();
  if (files_) files_->Stop();
  server_ = nullptr;
}

Status LiveSite::Start(int http_port) {
  if (!api_) return absl::OkStatus();
  if (!address_.empty()) {
    web::HttpServerOptions options;
    options.address = address_;
    auto started = web::HttpServer::Start(options, Routes());
    if (!started.ok()) return started.status();
    server_ = *std::move(started);
  }
  const int port = server_ ? server_->port() : http_port;
  log::For("live").info("live stream and web page ready port={}", port);
  // For the person at the terminal alone: the log may go elsewhere, and a secret does not belong
  // into it.
  if (token_made_) {
    std::fprintf(stderr, "Watch live: http://%s:%d/#token=%s\n", host_.c_str(), port,
                 token_.c_str());
  }
  return absl::OkStatus();
}

}  // namespace traffictap::collector
