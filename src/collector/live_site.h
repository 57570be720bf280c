// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "observe/live_hub.h"
#include "observe/token_authorizer.h"
#include "pipeline/pipeline.h"
#include "web/dump_api.h"
#include "web/file_api.h"
#include "web/http_server.h"
#include "web/live_api.h"

namespace traffictap::collector {

struct LiveSiteOptions {
  // IP:PORT on this machine alone; "off"; or empty: with the process' other HTTP endpoints where
  // those are on this machine alone, else off.
  std::string address;
  std::string token_file;  // empty: a new token for every start
  std::string trace_url;   // TapsJson's
  size_t backlog_bytes_max = size_t{256} << 20;
};

// The live stream and the web page for whoever has the token: the records of the taps, on loopback.
class LiveSite {
 public:
  using Snapshot = std::function<pipeline::PipelineSnapshot()>;

  // Whether the options ask for a site. `http_address` is that of the other endpoints.
  static bool Wanted(const LiveSiteOptions& options, const std::string& http_address);
  // kInvalidArgument: the site's own address is not on this machine.
  static Status Check(const LiveSiteOptions& options);

  // `hub` (null where no site is wanted) and `clock` outlive the site; `snapshot` is called on the
  // server's thread.
  static StatusOr<std::unique_ptr<LiveSite>> Create(const LiveSiteOptions& options,
                                                    const std::string& http_address,
                                                    observe::LiveHub* hub, const base::Clock* clock,
                                                    Snapshot snapshot, web::DumpApi::Dump dump,
                                                    std::shared_ptr<const web::FileStore> files);

  // What the server of the other endpoints is to serve as well.
  std::map<std::string, web::Route> SharedRoutes();
  // Serves at the site's own address, where it has one, and tells the person who started the
  // process where to look.
  Status Start(int http_port);
  // No files are read any more, and the site's own server stops. Before what `snapshot` uses and the
  // server of the other endpoints go.
  void Close();

  // The port of the site's own address, or 0.
  int port() const { return server_ ? server_->port() : 0; }

 private:
  LiveSite() = default;
  std::map<std::string, web::Route> Routes();

  std::string address_;  // its own, or empty
  std::string host_;     // where a browser finds it
  std::string token_;
  bool token_made_ = false;
  std::unique_ptr<observe::Authorizer> authorizer_;
  std::unique_ptr<web::LiveApi> api_;
  std::unique_ptr<web::DumpApi> dumps_;
  std::unique_ptr<web::FileApi> files_;
  std::unique_ptr<web::HttpServer> server_;
};

}  // namespace traffictap::collector
