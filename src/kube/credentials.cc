// SPDX-License-Identifier: Apache-2.0
#include "kube/credentials.h"

#include <utility>

#include "base/log.h"
#include "base/text_file.h"
#include "fmt/format.h"
#include "kube/base64.h"

namespace traffictap::kube {
namespace {

constexpr size_t kFileBytesMax = 1 << 20;
// A plugin's answer is renewed a little before it expires.
constexpr base::Nanos kExpiryMargin = 10 * base::kSecond;
// A server that refuses everything must not make us run the plugin for every call.
constexpr base::Nanos kForgetPeriod = 5 * base::kSecond;

StatusOr<std::string> FileOrText(const std::string& file, const std::string& text) {
  return file.empty() ? text : base::ReadTextFile(file, kFileBytesMax);
}

Status ReadInto(const std::string& file, const std::string& text, std::string* out) {
  auto read = FileOrText(file, text);
  if (!read.ok()) return read.status();
  *out = *std::move(read);
  return absl::OkStatus();
}

// A line feed in a token would end the header and begin another.
StatusOr<std::string> BearerHeader(const std::string& token) {
  for (const char c : token) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) {
      return absl::InvalidArgumentError("read token: it has spaces or control characters in it");
    }
  }
  return "Bearer " + token;
}

}  // namespace

Credentials::Credentials(ClusterAccess access, base::Nanos period, const base::Clock* clock)
    : access_(std::move(access)), period_(period), clock_(clock) {}

StatusOr<CurrentCredentials> Credentials::Current() {
  absl::MutexLock lock(&mutex_);
  const base::Nanos now = clock_->Monotonic();
  const bool expired =
      has_exec_ && exec_.expires_at && clock_->Wall() >= *exec_.expires_at - kExpiryMargin;
  if (has_current_ && !forgotten_ && !expired && now - read_at_ < period_) return current_;
  if (forgotten_ || expired) has_exec_ = false;
  auto read = Read();
  if (!read.ok() && has_current_) {
    log::For("kube").warn("credentials not renewed, keeping the old ones err={}",
                          Message(read.status()));
    read_at_ = now;
    return current_;
  }
  if (!read.ok()) return read.status();
  current_ = *std::move(read);
  has_current_ = true;
  forgotten_ = false;
  read_at_ = now;
  return current_;
}

void Credentials::Forget() {
  absl::MutexLock lock(&mutex_);
  if (clock_->Monotonic() - read_at_ >= kForgetPeriod) forgotten_ = true;
}

StatusOr<CurrentCredentials> Credentials::Read() {
  CurrentCredentials out;
  TT_RETURN_IF_ERROR(ReadTls(&out.tls));
  auto token = ReadToken();
  if (!token.ok()) return token.status();
  if (!token->empty()) {
    auto header = BearerHeader(*token);
    if (!header.ok()) return header.status();
    out.authorization = *std::move(header);
  } else if (!access_.username.empty()) {
    out.authorization = "Basic " + EncodeBase64(access_.username + ":" + access_.password);
  } else if (!access_.exec.command.empty()) {
    TT_RETURN_IF_ERROR(ApplyExec(&out));
  }
  return out;
}

Status Credentials::ReadTls(TlsSettings* tls) const {
  tls->insecure_skip_verify = access_.insecure_skip_tls_verify;
  tls->server_name = access_.tls_server_name;
  TT_RETURN_IF_ERROR(ReadInto(access_.ca_file, access_.ca_pem, &tls->ca_pem));
  TT_RETURN_IF_ERROR(ReadInto(access_.client_certificate_file, access_.client_certificate_pem,
                              &tls->certificate_pem));
  return ReadInto(access_.client_key_file, access_.client_key_pem, &tls->key_pem);
}

// As client-go: where there are both, what the file last said wins.
StatusOr<std::string> Credentials::ReadToken() const {
  auto token = FileOrText(access_.token_file, access_.token);
  return token.ok() || access_.token.empty() ? token : access_.token;
}

Status Credentials::ApplyExec(CurrentCredentials* current) {
  if (!has_exec_) {
    auto answer = RunExecPlugin(access_);
    if (!answer.ok()) return answer.status();
    exec_ = *std::move(answer);
    has_exec_ = true;
  }
  if (!exec_.token.empty()) {
    auto header = BearerHeader(exec_.token);
    if (!header.ok()) return header.status();
    current->authorization = *std::move(header);
  }
  if (!exec_.certificate_pem.empty()) {
    current->tls.certificate_pem = exec_.certificate_pem;
    current->tls.key_pem = exec_.key_pem;
  }
  return absl::OkStatus();
}

}  // namespace traffictap::kube
