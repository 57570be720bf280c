// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <optional>

#include "absl/cleanup/cleanup.h"
#include "base/wait.h"
#include "cli/commands/commands.h"
#include "cli/records/cluster.h"
#include "cli/records/live_relay.h"
#include "cli/shell/browser.h"
#include "cli/taps/tap_desk.h"
#include "fmt/format.h"
#include "observe/token_authorizer.h"
#include "web/http_server.h"
#include "web/page.h"

namespace traffictap::cli {
namespace {

constexpr char kAddress[] = "127.0.0.1";

class UiCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  ClusterOptions cluster_;
  uint16_t port_ = 0;
  bool open_ = false;
};

CommandSpec UiCommand::Describe() {
  CommandSpec spec;
  spec.name = "ui";
  spec.summary = "show taps in a browser on this machine";
  spec.description =
      "Serves the web page on this machine only, until Ctrl-C, and prints its address with a token "
      "that is valid until then. The page reads the cluster with your kubeconfig's permissions: "
      "the "
      "taps of one namespace, or with -A all that you may read. It can start temporary taps as "
      "\"tap\" does. They are deleted on exit.";
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kOffered, &cluster_, &spec);
  Option port{
      "port", 0, "PORT", "port to listen on (default: any free port)", [this](const auto& text) {
        const char* end = text.data() + text.size();
        const auto read = std::from_chars(text.data(), end, port_);
        const bool fine = read.ec == std::errc() && read.ptr == end;
        return fine ? absl::OkStatus() : absl::InvalidArgumentError("must be a number up to 65535");
      }};
  spec.options.push_back(port);
  spec.options.push_back(FlagOption("open", 0, "open the page in your browser", &open_));
  spec.examples = {{"the taps of a namespace", "ui -n shop --open"},
                   {"at an address that links can refer to", "ui -n shop --port 8765"}};
  return spec;
}

Status UiCommand::Run(Session& session) {
  const auto cluster = session.connect(cluster_);
  if (!cluster.ok()) return cluster.status();
  if (!cluster->standalone) TT_RETURN_IF_ERROR(CheckLive(*cluster));
  const auto token = observe::MakeToken();
  if (!token.ok()) return token.status();
  observe::TokenAuthorizer authorizer(*token);
  LiveRelay relay(&*cluster, &authorizer);
  auto routes = relay.Routes();
  routes.merge(web::PageRoutes());
  std::optional<TapDesk> desk;
  if (!cluster->standalone) {
    desk.emplace(&*cluster, &authorizer, session.clock, session.console);
    routes.merge(desk->Routes());
    auto& taps = routes.at("/api/v1/taps");
    taps = desk->Announced(std::move(taps));
  }
  web::HttpServerOptions options;
  options.address = fmt::format("{}:{}", kAddress, port_);
  options.poll_interval = 20 * base::kMillisecond;
  auto server = web::HttpServer::Start(options, std::move(routes));
  if (!server.ok()) return server.status();
  // While the server is there to take the last answers. Taps first: what the relay waits for may
  // take its time.
  const absl::Cleanup close = [&desk, &relay] {
    if (desk) desk->Close();
    relay.Close();
  };
  const auto url = fmt::format("http://{}:{}/#token={}", kAddress, (*server)->port(), *token);
  TT_RETURN_IF_ERROR(session.console->Write(url + "\n"));
  Browser browser;
  if (open_) {
    if (const Status opened = browser.Open(url); !opened.ok()) {
      session.console->Say("warning: " + Message(opened));
    }
  }
  session.console->Say("open this address in a browser on this machine; press Ctrl-C to stop");
  while (base::WaitOnClock(3600 * base::kSecond, session.stop)) {
  }
  return absl::CancelledError("interrupted");
}

}  // namespace

std::unique_ptr<Command> MakeUiCommand() { return std::make_unique<UiCommand>(); }

}  // namespace traffictap::cli
