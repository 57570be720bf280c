// SPDX-License-Identifier: Apache-2.0
#include "sinks/otlp/http_transport.h"

#include <curl/curl.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <utility>

#include "base/deadline.h"
#include "fmt/format.h"
#include "rpc/credentials.h"
#include "sinks/otlp/header_files.h"
#include "sinks/otlp/read_answer.h"

namespace traffictap::sinks {
namespace {

constexpr size_t kResponseBytesMax = 64 * 1024;
constexpr long kConnectTimeoutMs = 5'000;

const char* PathOf(Signal signal) { return signal == Signal::kLogs ? "/v1/logs" : "/v1/traces"; }

// `body` in the form of RFC 1952.
std::string Gzip(const std::string& body) {
  constexpr int kGzipWindow = 15 + 16;
  constexpr int kMemoryLevel = 8;
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemoryLevel,
               Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, body.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// What is beyond the bound is read and forgotten.
size_t Keep(char* bytes, size_t, size_t count, void* to) {
  auto* text = static_cast<std::string*>(to);
  text->append(bytes, std::min(count, kResponseBytesMax - text->size()));
  return count;
}

}  // namespace

// The request of one signal, with the handle whose connection it reuses.
struct HttpTransport::Request {
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;
  std::string url;
  std::string body;
  std::string response;
  char error[CURL_ERROR_SIZE] = {};
  bool sent = false;

  ~Request() {
    curl_easy_cleanup(handle);
    curl_slist_free_all(headers);
  }

  void Configure(const tap::OtlpOutput& spec) {
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(spec.timeout / base::kMillisecond));
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "traffictap");
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, Keep);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &response);
    curl_easy_setopt(handle, CURLOPT_PRIVATE, this);
    const auto file = [&](CURLoption option, const std::string& path) {
      if (!path.empty()) curl_easy_setopt(handle, option, path.c_str());
    };
    if (spec.endpoint.starts_with("https://")) {
      file(CURLOPT_CAINFO, spec.ca_file.empty() ? rpc::SystemAuthorities() : spec.ca_file);
    }
    file(CURLOPT_SSLCERT, spec.certificate_file);
    file(CURLOPT_SSLKEY, spec.key_file);
  }

  void Fill(const std::vector<std::pair<std::string, std::string>>& own, std::string whole,
            bool gzip) {
    curl_slist_free_all(headers);
    headers = curl_slist_append(nullptr, "Content-Type: application/x-protobuf");
    headers = curl_slist_append(headers, "Expect:");  // no round trip before the body
    if (gzip) headers = curl_slist_append(headers, "Content-Encoding: gzip");
    for (const auto& [name, value] : own) {
      headers = curl_slist_append(headers, fmt::format("{}: {}", name, value).c_str());
    }
    body = std::move(whole);
    response.clear();
    error[0] = '\0';
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  }

  Answer Read(Signal signal, CURLcode result) {
    if (result != CURLE_OK) {
      return NoAnswer(signal, error[0] != '\0' ? error : curl_easy_strerror(result));
    }
    long code = 0;
    curl_header* retry_after = nullptr;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
    const bool told =
        curl_easy_header(handle, "Retry-After", 0, CURLH_HEADER, -1, &retry_after) == CURLHE_OK;
    return ReadHttpAnswer(signal, code, told ? retry_after->value : "", response);
  }
};

struct HttpTransport::State {
  tap::OtlpOutput spec;
  CURLM* multi = curl_multi_init();
  std::array<Request, kSignalCount> requests;
  std::deque<Answer> answers;  // of what could not be sent

  explicit State(tap::OtlpOutput of) : spec(std::move(of)) {
    for (const Signal signal : {Signal::kLogs, Signal::kTraces}) {
      Request& request = requests[static_cast<size_t>(signal)];
      request.handle = curl_easy_init();
      request.url = spec.endpoint + PathOf(signal);
      request.Configure(spec);
    }
  }
  ~State() {
    Forget();
    // The handles' connections belong to the multi handle.
    for (Request& request : requests) curl_easy_cleanup(std::exchange(request.handle, nullptr));
    curl_multi_cleanup(multi);
  }

  void Forget() {
    for (Request& request : requests) {
      if (std::exchange(request.sent, false)) curl_multi_remove_handle(multi, request.handle);
    }
    answers.clear();
  }

  void Perform() {
    int running = 0;
    curl_multi_perform(multi, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode result = message->data.result;
      Request* request = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
      const auto signal = static_cast<Signal>(request - requests.data());
      answers.push_back(request->Read(signal, result));
      curl_multi_remove_handle(multi, request->handle);
      request->sent = false;
    }
  }
};

HttpTransport::HttpTransport(tap::OtlpOutput spec) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  state_ = std::make_unique<State>(std::move(spec));
}

HttpTransport::~HttpTransport() = default;

Status HttpTransport::Open() {
  Cancel();
  return absl::OkStatus();
}

void HttpTransport::Send(Signal signal, const std::string& body) {
  const auto headers = ReadHeaders(state_->spec.headers);
  if (!headers.ok()) {
    state_->answers.push_back(NotSent(signal, headers.status()));
    return;
  }
  const bool gzip = state_->spec.compression == tap::Compression::kGzip;
  Request& request = state_->requests[static_cast<size_t>(signal)];
  request.Fill(*headers, gzip ? Gzip(body) : body, gzip);
  request.sent = true;
  curl_multi_add_handle(state_->multi, request.handle);
  state_->Perform();
}

std::optional<Answer> HttpTransport::Receive(base::Nanos wait) {
  const base::Deadline deadline(wait);
  for (;;) {
    state_->Perform();
    if (!state_->answers.empty()) {
      Answer out = std::move(state_->answers.front());
      state_->answers.pop_front();
      return out;
    }
    const int left_ms = deadline.left_ms();
    if (left_ms == 0) return std::nullopt;
    curl_multi_poll(state_->multi, nullptr, 0, left_ms, nullptr);
  }
}

void HttpTransport::Cancel() { state_->Forget(); }

}  // namespace traffictap::sinks
