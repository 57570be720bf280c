// SPDX-License-Identifier: Apache-2.0
#include "web/file_api.h"

#include <algorithm>
#include <charconv>
#include <list>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "observe/live_reader.h"
#include "web/live_stream.h"
#include "web/pushed_body.h"
#include "web/query.h"
#include "web/site_guard.h"

namespace traffictap::web {
namespace {

using Json = nlohmann::ordered_json;
using observe::Parameter;

constexpr base::Nanos kRoomWait = 100 * base::kMillisecond;
constexpr absl::Duration kStopWait = absl::Seconds(1);
constexpr char kResource[] = "files";

template <typename Number>
Status ReadNumber(const Parameter& parameter, Number* out) {
  const char* end = parameter.value.data() + parameter.value.size();
  const auto read = std::from_chars(parameter.value.data(), end, *out);
  if (read.ec == std::errc() && read.ptr == end) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{}: \"{}\" must be a whole number", parameter.name, parameter.value));
}

Json FileJson(const tap::OutputFile& file) {
  return {{"name", file.name},
          {"size", file.size},
          {"modifiedMs", file.modified / base::kMillisecond},
          {"current", file.current},
          {"compressed", file.compressed},
          {"head", file.head}};
}

}  // namespace

// A request on its way. The thread that waits for the disk may come back after the server is gone:
// `respond`, which holds a connection of it, is taken by whoever answers.
struct FileApi::Call {
  HttpRequest request;
  LiveScope scope;
  std::string tap = {};
  std::string output = {};             // empty: all
  std::string collector = {};          // who is meant; empty: whoever is asked
  std::optional<uint64_t> limit = {};  // of an answer's bytes
  tap::OutputRange range = {};
  Status read = absl::OkStatus();  // what is wrong with the request
  std::vector<FileStore::Output> outputs = {};
  absl::Mutex mutex = {};
  Route::Respond respond ABSL_GUARDED_BY(mutex) = nullptr;
  std::shared_ptr<PushedBody> body ABSL_GUARDED_BY(mutex) = nullptr;  // of the answer, or null

  void Respond(HttpResponse answer) { (void)Respond(std::move(answer), nullptr); }
  // False: somebody has answered.
  bool Respond(HttpResponse answer, const std::shared_ptr<PushedBody>& answers_body) {
    Route::Respond taken;
    {
      absl::MutexLock lock(&mutex);
      taken = std::exchange(respond, nullptr);
      if (taken) body = answers_body;
    }
    if (!taken) return false;
    taken(std::move(answer));
    return true;
  }
  // Answers, or ends the answer's body.
  void Break(const Status& why) {
    Respond(FailureResponse(why));
    absl::MutexLock lock(&mutex);
    if (body) body->Leave();
  }
  void Refuse(const Status& why) {
    AuditRefusal(scope.credentials, kResource, scope.ns.value_or(""), request.query, why);
    Respond(FailureResponse(why));
  }

  Status Read() {
    const auto parameters = ParseQuery(request.query);
    if (!parameters.ok()) return parameters.status();
    for (const auto& parameter : *parameters) TT_RETURN_IF_ERROR(Read(parameter));
    if (tap.empty()) return absl::InvalidArgumentError("tap: name the tap whose files are meant");
    if (!range.file.empty() && output.empty()) {
      return absl::InvalidArgumentError("output: name the output that the file is of");
    }
    return absl::OkStatus();
  }

  Status Read(const Parameter& parameter) {
    if (parameter.name == "tap") {
      tap = parameter.value;
      return QualifyTap(scope.ns, &tap);
    }
    if (parameter.name == "offset") return ReadNumber(parameter, &range.offset);
    if (parameter.name == "check") return ReadNumber(parameter, &range.check.emplace());
    if (parameter.name == "limit") return ReadLimit(parameter);
    if (parameter.name == "output") {
      output = parameter.value;
    } else if (parameter.name == "collector") {
      collector = parameter.value;
    } else if (parameter.name == "file") {
      range.file = parameter.value;
    } else if (parameter.name == "plain" && parameter.value == "true") {
      range.plain = true;
    } else {
      return absl::InvalidArgumentError(
          fmt::format("{}: use tap, output, collector, file, offset, limit, check and plain=true",
                      parameter.name));
    }
    return absl::OkStatus();
  }

  // An answer of no bytes says that there are no more.
  Status ReadLimit(const Parameter& parameter) {
    TT_RETURN_IF_ERROR(ReadNumber(parameter, &limit.emplace()));
    return *limit > 0 ? absl::OkStatus()
                      : absl::InvalidArgumentError("limit: must be a whole number from 1");
  }

  // A reader may have got this collector's address from one that is gone.
  Status CheckMeant(const std::string& own) const {
    if (collector.empty() || collector == own) return absl::OkStatus();
    return absl::NotFoundError(fmt::format(
        "collector: this one is called \"{}\", not \"{}\": list the files again", own, collector));
  }

  // Leaves the output that is meant.
  Status Choose() {
    if (outputs.empty()) {
      return absl::InvalidArgumentError(fmt::format(
          "output: tap \"{}\" has no output of type File: there is nothing to copy", tap));
    }
    if (output.empty()) return absl::OkStatus();
    std::erase_if(outputs, [&](const auto& one) { return one.name != output; });
    if (!outputs.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        fmt::format("output: tap \"{}\" has no output \"{}\" of type File", tap, output));
  }
};

// What the threads share with the API; those that hang outlive it.
struct FileApi::State {
  absl::Mutex mutex;
  bool stopped ABSL_GUARDED_BY(mutex) = false;
  std::list<std::shared_ptr<Call>> calls ABSL_GUARDED_BY(mutex);

  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return calls.empty(); }
  Status Enter(const std::shared_ptr<Call>& call, int calls_max) {
    absl::MutexLock lock(&mutex);
    if (stopped) return absl::UnavailableError("the collector stops");
    if (calls.size() >= static_cast<size_t>(calls_max)) {
      return absl::ResourceExhaustedError("too many files are being copied: try again later");
    }
    calls.push_back(call);
    return absl::OkStatus();
  }
  void Leave(const std::shared_ptr<Call>& call) {
    absl::MutexLock lock(&mutex);
    calls.remove(call);
  }
};

namespace {

StatusOr<HttpResponse> ListAnswer(const FileStore& store, const std::string& tap,
                                  const std::vector<FileStore::Output>& outputs) {
  Json out = {{"tap", tap}, {"collector", store.collector()}, {"outputs", Json::array()}};
  for (const auto& output : outputs) {
    const auto files = store.List(output);
    if (!files.ok()) return files.status();
    Json list = Json::array();
    for (const auto& file : *files) list.push_back(FileJson(file));
    out["outputs"].push_back({{"name", output.name}, {"files", std::move(list)}});
  }
  return JsonResponse(out.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n');
}

// After the `sent` bytes of the first piece: until the file's end, the limits of an answer (in
// time: `end`), or the reader's. A piece that cannot be read ends the body early: the reader asks
// for the rest, and is told then.
void Fill(tap::OutputFileReader& bytes, PushedBody& body, uint64_t sent, const base::Clock& clock,
          base::Nanos end, uint64_t bytes_max) {
  std::string piece;
  while (sent > 0 && sent < bytes_max && clock.Monotonic() < end) {
    piece.clear();
    const auto more = bytes.Read(&piece);
    if (!more.ok() || *more == 0) break;
    sent += *more;
    Status put = body.Put(piece);
    while (absl::IsResourceExhausted(put) && clock.Monotonic() < end) put = body.Put(piece);
    if (!put.ok()) break;
  }
  body.End();
}

}  // namespace

FileApi::FileApi(std::shared_ptr<const FileStore> store, observe::Authorizer* authorizer,
                 const base::Clock* clock, FileApiOptions options)
    : store_(std::move(store)),
      authorizer_(authorizer),
      clock_(clock),
      options_(options),
      state_(std::make_shared<State>()) {}

void FileApi::Stop() {
  std::list<std::shared_ptr<Call>> calls;
  {
    absl::MutexLock lock(&state_->mutex);
    state_->stopped = true;
    calls = state_->calls;
  }
  for (const auto& call : calls) call->Break(absl::UnavailableError("the collector stops"));
  absl::MutexLock lock(&state_->mutex);
  state_->mutex.AwaitWithTimeout(absl::Condition(state_.get(), &State::Idle), kStopWait);
}

void FileApi::Answer(const HttpRequest& request, LiveScope scope,
                     const Route::Respond& respond) const {
  auto call = std::make_shared<Call>();
  call->request = request;
  call->scope = std::move(scope);
  {
    absl::MutexLock lock(&call->mutex);
    call->respond = respond;
  }
  call->read = call->Read();
  std::set<std::string> asked;
  if (call->scope.ns) asked.insert(*call->scope.ns);
  if (!call->tap.empty()) asked.insert(observe::NamespaceOf(call->tap));
  authorizer_->Authorize(
      call->scope.credentials, asked,
      [this, call](const StatusOr<observe::Access>& access) { Check(call, access); });
}

// Names are told apart from "not found" only to those who may read them.
void FileApi::Check(const std::shared_ptr<Call>& call,
                    const StatusOr<observe::Access>& access) const {
  if (!access.ok()) return call->Refuse(access.status());
  if (call->scope.ns && !access->MayRead(*call->scope.ns)) {
    return call->Refuse(absl::PermissionDeniedError(
        fmt::format("user \"{}\" may not watch the records of namespace \"{}\"", access->user,
                    *call->scope.ns)));
  }
  if (!call->read.ok()) return call->Respond(FailureResponse(call->read));
  const std::string ns = observe::NamespaceOf(call->tap);
  if (!access->MayRead(ns)) {
    return call->Refuse(absl::PermissionDeniedError(fmt::format(
        "user \"{}\" may not watch the records of {}, which copying the files of tap \"{}\" needs",
        access->user, ns.empty() ? "all namespaces" : fmt::format("namespace \"{}\"", ns),
        call->tap)));
  }
  if (const Status meant = call->CheckMeant(store_->collector()); !meant.ok()) {
    return call->Respond(FailureResponse(meant));
  }
  auto outputs = store_->OutputsOf(call->tap);
  if (!outputs.ok()) return call->Respond(FailureResponse(outputs.status()));
  call->outputs = *std::move(outputs);
  if (const Status chosen = call->Choose(); !chosen.ok()) {
    return call->Respond(FailureResponse(chosen));
  }
  AuditFiles(*access, call->scope.credentials, call->tap, call->request.query);
  Start(call);
}

void FileApi::Start(const std::shared_ptr<Call>& call) const {
  if (const Status entered = state_->Enter(call, options_.calls_max); !entered.ok()) {
    return call->Respond(FailureResponse(entered));
  }
  const auto list = [call, store = store_] {
    auto answer = ListAnswer(*store, call->tap, call->outputs);
    call->Respond(answer.ok() ? *std::move(answer) : FailureResponse(answer.status()));
  };
  const auto copy = [call, store = store_, clock = clock_, options = options_] {
    const base::Nanos end = clock->Monotonic() + options.answer_time;
    auto bytes = store->Open(call->outputs.front(), call->range);
    if (!bytes.ok()) return call->Respond(FailureResponse(bytes.status()));
    std::string piece;
    const auto sent = (*bytes)->Read(&piece);
    if (!sent.ok()) return call->Respond(FailureResponse(sent.status()));
    const auto body = std::make_shared<PushedBody>(
        PushedBodyOptions{.bytes_max = options.buffer_bytes, .room_wait = kRoomWait});
    // Before the answer, whatever comes between: one that has nothing reads as the file's end.
    (void)body->Put(piece);
    HttpResponse answer = JsonResponse({});
    answer.content_type = "application/octet-stream";
    answer.stream = body;
    if (!call->Respond(std::move(answer), body)) return;  // Stop has answered
    Fill(**bytes, *body, *sent, *clock, end,
         std::min(options.answer_bytes_max, call->limit.value_or(options.answer_bytes_max)));
  };
  try {
    std::thread([call, state = state_, list, copy] {
      call->range.file.empty() ? list() : copy();
      state->Leave(call);
    }).detach();
  } catch (const std::system_error&) {
    state_->Leave(call);
    call->Respond(FailureResponse(absl::UnavailableError("no thread can be started: try later")));
  }
}

Route FileApi::Standalone() const {
  return LocalRoute([this](const HttpRequest& request, observe::Credentials credentials,
                           const Route::Respond& respond) {
    Answer(request, {std::move(credentials)}, respond);
  });
}

}  // namespace traffictap::web
