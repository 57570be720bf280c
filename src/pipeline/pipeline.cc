#include "pipeline/pipeline.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "fmt/format.h"

namespace traffictap::pipeline {
namespace {

constexpr base::Nanos kTick = 50 * base::kMillisecond;
constexpr base::Nanos kOutputCloseWait = 5 * base::kSecond;
constexpr size_t kPeersMax = 100'000;

}  // namespace

Pipeline::Pipeline(PipelineOptions options, const base::Clock* clock)
    : options_(std::move(options)),
      clock_(clock),
      queue_(options_.queue_bytes_max),
      peers_(options_.warm_up, kPeersMax),
      admission_(&queue_, &peers_, clock),
      router_(&admission_),
      routed_(std::make_shared<Routed>()) {
  pairing::PairerOptions pairing;
  pairing.waiting_bytes_max = options_.waiting_bytes_max;
  pairing.window = [this](const traffic::TapSet& taps) {
    return router_.routed()->table->Window(taps);
  };
  pairer_ = std::make_unique<pairing::Pairer>(pairing, &peers_, &router_);
  thread_ = std::jthread([this] { Run(); });
}

Pipeline::~Pipeline() { Stop(0); }

std::shared_ptr<Routed> Pipeline::routed() const {
  absl::MutexLock lock(&mutex_);
  return routed_;
}

StatusOr<std::shared_ptr<TapRuntime>> Pipeline::MakeRuntime(const tap::TapSpecPtr& spec,
                                                            TapRuntime* former) {
  const sinks::SinkContext context{options_.output_dir, spec->key(), clock_};
  auto made = TapRuntime::Create(spec, options_.collector, context, options_.live);
  if (!made.ok()) return made.status();
  TT_RETURN_IF_ERROR((*made)->OpenOutputs(context, former));
  return std::shared_ptr<TapRuntime>(*std::move(made));
}

std::shared_ptr<Routed> Pipeline::Compile(const std::vector<tap::TapSpecPtr>& taps,
                                          std::vector<TapFault>* faults) {
  const auto current = routed();
  std::map<std::string, size_t> slots;
  for (size_t slot = 0; slot < current->runtimes.size(); ++slot) {
    if (current->runtimes[slot]) slots[current->runtimes[slot]->spec().key()] = slot;
  }
  std::map<size_t, std::shared_ptr<TapRuntime>> chosen;
  std::vector<std::shared_ptr<TapRuntime>> fresh;
  for (const auto& spec : taps) {
    const auto found = slots.find(spec->key());
    auto former = found == slots.end() ? nullptr : current->runtimes[found->second];
    if (former && former->spec().content_hash == spec->content_hash) {
      chosen[found->second] = former;
      continue;
    }
    auto made = MakeRuntime(spec, former.get());
    if (!made.ok()) faults->push_back({spec->key(), made.status()});
    auto runtime = made.ok() ? *made : former;
    if (former) {
      chosen[found->second] = runtime;
    } else if (runtime) {
      fresh.push_back(runtime);
    }
  }
  auto next = std::make_shared<Routed>();
  size_t free = 0;
  for (auto& runtime : fresh) {
    // A slot that was in use a moment ago is not given to another tap in the same change.
    while (chosen.contains(free) || (free < current->runtimes.size() && current->runtimes[free]))
      ++free;
    if (free >= traffic::TapSet::kTapsMax) {
      faults->push_back({runtime->spec().key(),
                         absl::ResourceExhaustedError(fmt::format(
                             "the collector holds at most {} taps", traffic::TapSet::kTapsMax))});
      continue;
    }
    chosen[free] = runtime;
  }
  const size_t size = chosen.empty() ? 0 : chosen.rbegin()->first + 1;
  std::vector<tap::TapSpecPtr> specs(size);
  std::vector<uint64_t> ids(size);
  next->runtimes.resize(size);
  for (auto& [slot, runtime] : chosen) {
    next->runtimes[slot] = runtime;
    specs[slot] = std::make_shared<const tap::TapSpec>(runtime->spec());
    const bool stays = slot < current->runtimes.size() && current->runtimes[slot];
    ids[slot] = stays ? current->table->id(slot) : next_id_++;
  }
  auto table = RouteTable::Create(std::move(specs), std::move(ids));
  if (!table.ok()) {
    faults->push_back({"", table.status()});
    return nullptr;
  }
  next->table = *table;
  return next;
}

std::vector<TapFault> Pipeline::SetTaps(const std::vector<tap::TapSpecPtr>& taps) {
  std::vector<TapFault> faults;
  const auto next = Compile(taps, &faults);
  if (!next) return faults;
  const auto former = routed();
  {
    absl::MutexLock lock(&mutex_);
    pending_ = next;
    mutex_.Await(absl::Condition(this, &Pipeline::Switched));
    routed_ = next;
  }
  admission_.SetRoutes(next->table);
  for (size_t slot = 0; slot < former->runtimes.size(); ++slot) {
    const auto& old = former->runtimes[slot];
    const auto successor = slot < next->runtimes.size() ? next->runtimes[slot] : nullptr;
    if (old && old != successor) old->Close(kOutputCloseWait, successor.get());
  }
  return faults;
}

void Pipeline::TakeOver(const std::shared_ptr<Routed>& next) {
  const auto former = router_.routed();
  traffic::TapSet removed;
  for (size_t slot = 0; former && slot < former->runtimes.size(); ++slot) {
    const auto& old = former->runtimes[slot];
    if (!old) continue;
    old->Deliver();
    const auto successor = slot < next->runtimes.size() ? next->runtimes[slot] : nullptr;
    if (!successor) {
      removed.Add(slot);
    } else if (successor != old) {
      successor->Inherit(old.get());
    }
  }
  router_.SetRouted(next);
  if (!removed.empty()) pairer_->RemoveTaps(removed, clock_->Monotonic());
}

void Pipeline::Take(const AdmittedBatch& batch, base::Nanos now) {
  const auto& routed = router_.routed();
  if (batch.routes != routed->table) {
    for (auto* entry : batch.entries->entries()) {
      entry->taps = routed->table->Surviving(entry->taps, *batch.routes);
    }
  }
  pairer_->Add(*batch.entries, now);
}

void Pipeline::Run() {
  while (true) {
    const bool closed = queue_.closed();
    const auto batches = queue_.PopAll(kTick);
    std::shared_ptr<Routed> next;
    {
      absl::MutexLock lock(&mutex_);
      next = pending_;
    }
    if (next) TakeOver(next);
    for (const auto& batch : batches) Take(batch, clock_->Monotonic());
    pairer_->Advance(clock_->Monotonic());
    const bool end = closed && batches.empty();
    if (end) pairer_->Flush(clock_->Monotonic());
    Publish();
    if (next) {
      absl::MutexLock lock(&mutex_);
      pending_ = nullptr;
    }
    if (end) return;
  }
}

void Pipeline::Publish() {
  if (router_.routed()) {
    for (const auto& runtime : router_.routed()->runtimes) {
      if (runtime) runtime->Deliver();
    }
  }
  absl::MutexLock lock(&mutex_);
  join_books_ = pairer_->books();
  waiting_bytes_ = pairer_->waiting_bytes();
}

PipelineFigures Pipeline::Figures() const {
  PipelineFigures out;
  out.admission = admission_.books();
  out.queue_bytes = queue_.bytes();
  std::shared_ptr<Routed> routed;
  {
    absl::MutexLock lock(&mutex_);
    routed = routed_;
    out.joins = join_books_;
    out.waiting_bytes = waiting_bytes_;
  }
  const auto doors = admission_.doors();
  for (size_t slot = 0; slot < routed->runtimes.size(); ++slot) {
    const auto& runtime = routed->runtimes[slot];
    if (!runtime) continue;
    const auto door = doors.find(routed->table->id(slot));
    out.taps.push_back({runtime->spec().key(), routed->table->specs()[slot], runtime->books(),
                        runtime->output_stats(), runtime->completed(),
                        door == doors.end() ? TapDoor() : door->second});
  }
  return out;
}

void Pipeline::Stop(base::Nanos wait) {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  const base::Nanos deadline = clock_->Monotonic() + wait;
  queue_.Close();
  if (thread_.joinable()) thread_.join();
  // Side by side: one output that hangs must not take the others' time.
  std::vector<std::jthread> closing;
  for (const auto& runtime : routed()->runtimes) {
    if (!runtime) continue;
    closing.emplace_back([this, &runtime, deadline] {
      runtime->Close(std::max<base::Nanos>(0, deadline - clock_->Monotonic()), nullptr);
    });
  }
}

}  // namespace traffictap::pipeline
