#include "pipeline/pipeline.h"

#include <algorithm>
#include <map>
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

Pipeline::Chosen Pipeline::Choose(const std::vector<tap::TapSpecPtr>& taps,
                                  std::vector<TapFault>* faults) {
  const auto current = routed();
  std::map<std::string, size_t> slots;
  for (size_t slot = 0; slot < current->runtimes.size(); ++slot) {
    if (current->runtimes[slot]) slots[current->runtimes[slot]->spec().key()] = slot;
  }
  const auto staying = std::count_if(taps.begin(), taps.end(),
                                     [&](const auto& spec) { return slots.contains(spec->key()); });
  size_t room = traffic::TapSet::kTapsMax - static_cast<size_t>(staying);
  Chosen out;
  for (const auto& spec : taps) {
    const auto found = slots.find(spec->key());
    auto former = found == slots.end() ? nullptr : current->runtimes[found->second];
    if (former && former->spec().content_hash == spec->content_hash) {
      out.staying[found->second] = former;
      continue;
    }
    auto made = former || room > 0 ? MakeRuntime(spec, former.get())
                                   : absl::ResourceExhaustedError(fmt::format(
                                         "the collector holds at most {} taps: remove others first",
                                         traffic::TapSet::kTapsMax));
    if (!made.ok()) faults->push_back({spec->key(), made.status()});
    if (former) {
      out.staying[found->second] = made.ok() ? *made : former;
    } else if (made.ok()) {
      out.fresh.push_back(*made);
      --room;
    }
  }
  return out;
}

std::shared_ptr<Routed> Pipeline::Compile(const Chosen& chosen, std::vector<TapFault>* faults) {
  const auto current = routed();
  auto runtimes = chosen.staying;
  size_t free = 0;
  for (const auto& runtime : chosen.fresh) {
    while (runtimes.contains(free)) ++free;
    runtimes[free] = runtime;
  }
  const size_t size = runtimes.empty() ? 0 : runtimes.rbegin()->first + 1;
  std::vector<tap::TapSpecPtr> specs(size);
  std::vector<uint64_t> ids(size);
  auto next = std::make_shared<Routed>();
  next->runtimes.resize(size);
  for (const auto& [slot, runtime] : runtimes) {
    next->runtimes[slot] = runtime;
    specs[slot] = std::make_shared<const tap::TapSpec>(runtime->spec());
    ids[slot] = chosen.staying.contains(slot) ? current->table->id(slot) : next_id_++;
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
  const auto next = Compile(Choose(taps, &faults), &faults);
  if (!next) return faults;
  const auto former = routed();
  {
    absl::MutexLock lock(&mutex_);
    if (!ended_) pending_ = next;
    mutex_.Await(absl::Condition(this, &Pipeline::Switched));
    if (routed_ != next) {
      faults.push_back({"", absl::FailedPreconditionError("set taps: the collector stops")});
      return faults;
    }
  }
  admission_.SetRoutes(next->table);
  std::vector<Closing> closing;
  for (size_t slot = 0; slot < former->runtimes.size(); ++slot) {
    const auto& old = former->runtimes[slot];
    const auto successor = Successor(*former, slot, *next);
    if (old && old != successor) closing.push_back({old, successor});
  }
  CloseAll(closing, kOutputCloseWait);
  return faults;
}

std::shared_ptr<TapRuntime> Pipeline::Successor(const Routed& former, size_t slot,
                                                const Routed& next) {
  const bool same_tap =
      slot < next.runtimes.size() && next.table->id(slot) == former.table->id(slot);
  return same_tap ? next.runtimes[slot] : nullptr;
}

// Side by side: one output that hangs must not take the others' time.
void Pipeline::CloseAll(const std::vector<Closing>& closing, base::Nanos wait) {
  std::vector<std::jthread> threads;
  for (const Closing& one : closing) {
    threads.emplace_back([&one, wait] { one.runtime->Close(wait, one.successor.get()); });
  }
}

void Pipeline::TakeOver(const std::shared_ptr<Routed>& next) {
  const auto former = router_.routed();
  traffic::TapSet removed;
  for (size_t slot = 0; former && slot < former->runtimes.size(); ++slot) {
    if (former->runtimes[slot] && !Successor(*former, slot, *next)) removed.Add(slot);
  }
  // While the removed taps can still be shown what waits for them.
  if (!removed.empty()) pairer_->RemoveTaps(removed, clock_->Monotonic());
  for (size_t slot = 0; former && slot < former->runtimes.size(); ++slot) {
    const auto& old = former->runtimes[slot];
    if (!old) continue;
    old->Deliver();
    const auto successor = Successor(*former, slot, *next);
    if (successor && successor != old) successor->Inherit(old.get());
  }
  router_.SetRouted(next);
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
  for (bool end = false; !end;) {
    const bool closed = queue_.closed();
    std::shared_ptr<Routed> next;
    {
      absl::MutexLock lock(&mutex_);
      next = pending_;
    }
    // All that was admitted before the change is in the queue by now, and goes the former way.
    const auto batches = queue_.PopAll(next ? 0 : kTick);
    for (const auto& batch : batches) Take(batch, clock_->Monotonic());
    if (next) TakeOver(next);
    pairer_->Advance(clock_->Monotonic());
    end = closed && batches.empty();
    if (end) pairer_->Flush(clock_->Monotonic());
    Publish();
    absl::MutexLock lock(&mutex_);
    if (next) routed_ = next;
    if (next || end) pending_ = nullptr;
    ended_ = end;
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
  std::vector<Closing> closing;
  for (const auto& runtime : routed()->runtimes) {
    if (runtime) closing.push_back({runtime, nullptr});
  }
  CloseAll(closing, std::max<base::Nanos>(0, deadline - clock_->Monotonic()));
}

}  // namespace traffictap::pipeline
