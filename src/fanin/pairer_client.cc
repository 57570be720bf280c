// SPDX-License-Identifier: Apache-2.0
#include "fanin/pairer_client.h"

#include <utility>

namespace traffictap::fanin {
namespace {

// Of one answer that is no stream: the summaries of a busy mesh have histograms.
constexpr size_t kAnswerBytesMax = size_t{32} << 20;

class HttpPairerClient final : public PairerClient {
 public:
  explicit HttpPairerClient(std::unique_ptr<kube::HttpTransport> transport)
      : transport_(std::move(transport)) {}

  StatusOr<kube::HttpResponse> Send(const kube::HttpRequest& request,
                                    base::Nanos timeout) override {
    return transport_->Send(request, timeout);
  }
  StatusOr<kube::HttpResponse> Stream(const kube::HttpRequest& request, base::Nanos silence,
                                      const kube::HttpTransport::StreamHandlers& handlers,
                                      std::stop_token stop) override {
    return transport_->Stream(request, silence, handlers, std::move(stop));
  }

 private:
  const std::unique_ptr<kube::HttpTransport> transport_;
};

}  // namespace

ConnectPairer ConnectOverHttp(std::optional<kube::TlsSettings> tls) {
  return [tls = std::move(tls)](const std::string& address) -> StatusOr<PairerClientPtr> {
    kube::HttpTransportOptions options;
    options.server = (tls ? "https://" : "http://") + address;
    if (tls) options.tls = *tls;
    options.user_agent = "traffictap-collector";
    options.response_bytes_max = kAnswerBytesMax;
    auto transport = kube::HttpTransport::Make(std::move(options));
    if (!transport.ok()) return transport.status();
    return std::make_shared<HttpPairerClient>(*std::move(transport));
  };
}

}  // namespace traffictap::fanin
