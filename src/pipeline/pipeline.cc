// SPDX-License-Identifier: Apache-2.0

// Each pairing thread has its own shard: all halves of a request come to one, so that no order is
// needed between threads, but for a change of taps. In a turn:
//   1. note a pending change of taps, and only then take what the streams queued: all that was
//      admitted under the former taps is in the queues by then and goes the former way;
//   2. hand over, once all threads are here: the last one does it while the others wait. Removed taps
//      get what waits for them, edited ones go on with their counters and with the outputs that did
//      not change; the other outputs begin to close;
//   3. let windows end, give the records to the outputs; the first thread forgets the outputs that are
//      closed.
// What always holds: an entry's tap set refers to the table that came with it (Shard::Take maps it to
// the one in force), and a record that a tap offered is counted by each of its outputs, in whatever
// life, until the last of them is closed.
// Nobody waits for an output: BeginClose and Closed return at once, the outputs' own threads do the
// rest, and one that hangs is abandoned by the asking in Reap. So SetTaps waits for these threads
// alone, a turn or two. Stop is the one place that waits for outputs, side by side and with an end.
// A thread that ends cancels a change that has not been made: the others do not wait for it.
// Threads: streams push into the queues; one caller at a time calls SetTaps; Stop comes once, after
// the streams, and goes on with what the threads owned. Snapshot may be called by any.
#include "pipeline/pipeline.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/counters.h"
#include "base/log.h"
#include "fmt/format.h"

namespace traffictap::pipeline {
namespace {

constexpr base::Nanos kTick = 50 * base::kMillisecond;
constexpr size_t kProxiesMax = 100'000;
constexpr size_t kTombstonesMax = 1 << 18;  // of all shards together

using TapIngress = std::map<uint64_t, TapIngressCounters>;  // by the tap's id

TapIngressCounters IngressOf(const TapIngress& all, const TapsInForce& taps, size_t slot) {
  const auto found = all.find(taps.table->id(slot));
  return found == all.end() ? TapIngressCounters() : found->second;
}

void LogFinal(const TapRuntime& tap, const TapIngressCounters& ingress) {
  log::For("pipeline")
      .info("final counters tap={} {} {}", tap.spec().key(), base::CountersText(tap.counters()),
            base::CountersText(ingress));
}

void LogFinal(const PipelineSnapshot& all) {
  log::For("pipeline")
      .info("final counters entries {} joins {}", base::CountersText(all.ingress),
            base::CountersText(all.joins));
}

size_t ThreadsOf(const PipelineOptions& options) {
  return options.detour != nullptr ? 1 : std::max<size_t>(1, options.pairing_threads);
}

// Patterns may take their part of each thread, whatever those of the others take.
std::vector<std::unique_ptr<PatternTime>> MakePatternTimes(const PipelineOptions& options,
                                                           const base::Clock* clock) {
  std::vector<std::unique_ptr<PatternTime>> out;
  while (out.size() < ThreadsOf(options)) out.push_back(std::make_unique<PatternTime>(clock));
  return out;
}

std::vector<std::unique_ptr<Shard>> MakeShards(const PipelineOptions& options,
                                               ProxyDirectory* proxies, const base::Clock* clock) {
  const size_t count = ThreadsOf(options);
  std::vector<std::unique_ptr<Shard>> out;
  while (out.size() < count) {
    const ShardOptions shard{out.size(), std::max<size_t>(1, options.queue_bytes_max / count),
                             std::max<size_t>(1, options.waiting_bytes_max / count),
                             std::max<size_t>(1, kTombstonesMax / count), options.detour};
    out.push_back(std::make_unique<Shard>(shard, proxies, clock));
  }
  return out;
}

std::vector<AdmittedQueue*> QueuesOf(const std::vector<std::unique_ptr<Shard>>& shards) {
  std::vector<AdmittedQueue*> out;
  for (const auto& shard : shards) out.push_back(shard->queue());
  return out;
}

std::vector<PatternTime*> ViewsOf(const std::vector<std::unique_ptr<PatternTime>>& times) {
  std::vector<PatternTime*> out;
  for (const auto& time : times) out.push_back(time.get());
  return out;
}

}  // namespace

Pipeline::Pipeline(PipelineOptions options, const base::Clock* clock, traffic::RecordConsumer* live)
    : options_(std::move(options)),
      clock_(clock),
      live_(live),
      pattern_times_(MakePatternTimes(options_, clock)),
      proxies_(options_.warm_up, kProxiesMax),
      shards_(MakeShards(options_, &proxies_, clock)),
      ingress_(QueuesOf(shards_), &proxies_, clock),
      output_memory_(std::make_shared<sinks::MemoryPool>(options_.outputs_bytes_max)),
      in_force_(std::make_shared<TapsInForce>()) {
  if (!options_.threaded) return;
  for (size_t thread = 0; thread < shards_.size(); ++thread) {
    threads_.emplace_back([this, thread] { Run(thread); });
  }
}

Pipeline::~Pipeline() { Stop(0); }

std::shared_ptr<TapsInForce> Pipeline::in_force() const {
  absl::MutexLock lock(&mutex_);
  return in_force_;
}

StatusOr<std::shared_ptr<TapRuntime>> Pipeline::MakeRuntime(const tap::TapSpecPtr& spec,
                                                            TapRuntime* former) {
  const sinks::SinkContext context{options_.output_dir, spec->key(),        clock_,
                                   output_memory_,      options_.spool_dir, options_.transaction};
  auto made = TapRuntime::Create(spec, context, ViewsOf(pattern_times_), live_);
  if (!made.ok()) return made.status();
  if (options_.detour != nullptr) (*made)->UseTime(options_.detour->partition_time());
  if (options_.leases != nullptr && !spec->lease.empty()) {
    (*made)->UseLease(options_.leases->Of(spec->lease));
  }
  TT_RETURN_IF_ERROR((*made)->OpenOutputs(options_.open_sink, context, former));
  return std::shared_ptr<TapRuntime>(*std::move(made));
}

Pipeline::Chosen Pipeline::Choose(const std::vector<tap::TapSpecPtr>& taps,
                                  std::vector<TapFault>* faults) {
  const auto current = in_force();
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

std::shared_ptr<TapsInForce> Pipeline::Compile(const Chosen& chosen,
                                               std::vector<TapFault>* faults) {
  const auto current = in_force();
  auto runtimes = chosen.staying;
  size_t free = 0;
  for (const auto& runtime : chosen.fresh) {
    while (runtimes.contains(free)) ++free;
    runtimes[free] = runtime;
  }
  const size_t size = runtimes.empty() ? 0 : runtimes.rbegin()->first + 1;
  std::vector<tap::TapSpecPtr> specs(size);
  std::vector<uint64_t> ids(size);
  auto next = std::make_shared<TapsInForce>();
  next->runtimes.resize(size);
  for (const auto& [slot, runtime] : runtimes) {
    next->runtimes[slot] = runtime;
    specs[slot] = runtime->shared_spec();
    ids[slot] = chosen.staying.contains(slot) ? current->table->id(slot) : next_id_++;
  }
  auto table = TapTable::Create(std::move(specs), std::move(ids));
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
  {
    absl::MutexLock lock(&mutex_);
    if (ended_ == 0) pending_ = next;
  }
  if (!options_.threaded) Step(0);
  {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &Pipeline::Switched));
    if (in_force_ != next) {
      faults.push_back({"", absl::FailedPreconditionError("set taps: the collector stops")});
      return faults;
    }
  }
  ingress_.SetTable(next->table);
  return faults;
}

std::shared_ptr<TapRuntime> Pipeline::Successor(const TapsInForce& former, size_t slot,
                                                const TapsInForce& next) {
  const bool same_tap =
      slot < next.runtimes.size() && next.table->id(slot) == former.table->id(slot);
  return same_tap ? next.runtimes[slot] : nullptr;
}

void Pipeline::TakeOver(const std::shared_ptr<TapsInForce>& next) {
  const auto former = shards_[0]->in_force();
  traffic::TapSet removed;
  for (size_t slot = 0; former && slot < former->runtimes.size(); ++slot) {
    if (former->runtimes[slot] && !Successor(*former, slot, *next)) removed.Add(slot);
  }
  // While the removed taps can still be shown what waits for them.
  if (!removed.empty()) {
    for (const auto& shard : shards_) shard->RemoveTaps(removed);
  }
  // Of an edited tap the successor tells it.
  const TapIngress ingress = removed.empty() ? TapIngress() : ingress_.tap_counters();
  for (size_t slot = 0; former && slot < former->runtimes.size(); ++slot) {
    const auto& old = former->runtimes[slot];
    const auto successor = Successor(*former, slot, *next);
    if (!old || old == successor) continue;
    if (successor) successor->Inherit(old.get());
    old->DiscardKept(successor.get());
    old->Leave(options_.output_close_wait, successor.get());
    leaving_.push_back({old, !successor, IngressOf(ingress, *former, slot)});
  }
  for (const auto& shard : shards_) shard->SetTaps(next);
  absl::MutexLock lock(&mutex_);
  in_force_ = next;
  arrived_ = switched_ = 0;
}

std::shared_ptr<TapsInForce> Pipeline::Pending() const {
  absl::MutexLock lock(&mutex_);
  return pending_ == in_force_ ? nullptr : pending_;
}

bool Pipeline::HandOver(const std::shared_ptr<TapsInForce>& next) {
  {
    absl::MutexLock lock(&mutex_);
    const auto decided = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return in_force_ == next || pending_ != next;
    };
    if (decided()) return false;
    if (++arrived_ < shards_.size()) {
      mutex_.Await(absl::Condition(&decided));
      return in_force_ == next;
    }
  }
  // Nobody else is at work, and no thread can end before this is done.
  TakeOver(next);
  return true;
}

void Pipeline::EndTurns(const std::shared_ptr<TapsInForce>& next, size_t shards, size_t ended) {
  if (!next && ended == 0) return;
  absl::MutexLock lock(&mutex_);
  if (next && (switched_ += shards) == shards_.size()) pending_ = nullptr;
  ended_ += ended;
  if (ended == 0 || pending_ == in_force_) return;
  pending_ = nullptr;
  arrived_ = 0;
}

void Pipeline::Run(size_t thread) {
  Shard& shard = *shards_[thread];
  for (bool more = true; more;) {
    auto next = Pending();
    more = shard.Take(next ? 0 : kTick);
    if (next && !HandOver(next)) next = nullptr;
    shard.Finish(!more);
    if (thread == 0) Reap();
    EndTurns(next, 1, more ? 0 : 1);
  }
}

bool Pipeline::Step(base::Nanos wait) {
  const auto next = Pending();
  bool more = false;
  for (const auto& shard : shards_) {
    const bool first = shard == shards_.front();
    if (shard->Take(next || !first ? 0 : wait)) more = true;
  }
  if (next) TakeOver(next);
  for (const auto& shard : shards_) shard->Finish(!more);
  Reap();
  EndTurns(next, shards_.size(), more ? 0 : shards_.size());
  return more;
}

base::Nanos Pipeline::last_turn() const {
  base::Nanos oldest = INT64_MAX;
  for (const auto& shard : shards_) oldest = std::min(oldest, shard->last_turn());
  return oldest;
}

void Pipeline::Reap() {
  std::erase_if(leaving_, [](const Leaving& leaving) {
    if (!leaving.runtime->Left()) return false;
    if (leaving.ends) LogFinal(*leaving.runtime, leaving.ingress);
    return true;
  });
}

std::vector<tap::TapSpecPtr> Pipeline::Taps() const {
  std::vector<tap::TapSpecPtr> out;
  const auto taps = in_force();
  for (const auto& runtime : taps->runtimes) {
    if (runtime) out.push_back(runtime->shared_spec());
  }
  return out;
}

PipelineSnapshot Pipeline::Snapshot() const {
  PipelineSnapshot out;
  out.ingress = ingress_.counters();
  out.output_bytes = output_memory_->bytes();
  for (const auto& shard : shards_) {
    out.queue_bytes += shard->queue_bytes();
    out.waiting_bytes += shard->waiting_bytes();
    base::AddCounters(shard->joins(), &out.joins);
  }
  const auto in_force = this->in_force();
  const TapIngress ingress = ingress_.tap_counters();
  for (size_t slot = 0; slot < in_force->runtimes.size(); ++slot) {
    const auto& runtime = in_force->runtimes[slot];
    if (!runtime) continue;
    out.taps.push_back({runtime->spec().key(), in_force->table->specs()[slot], runtime->counters(),
                        runtime->limited_edges(), runtime->output_counters(), runtime->completed(),
                        IngressOf(ingress, *in_force, slot), runtime->peers_met(),
                        runtime->recorder_state(), runtime->request_metrics()});
  }
  return out;
}

Status Pipeline::RequestDump(const std::string& tap, DumpRequest request) {
  const auto taps = in_force();
  for (const auto& runtime : taps->runtimes) {
    if (runtime && runtime->spec().key() == tap) return runtime->RequestDump(std::move(request));
  }
  return absl::NotFoundError(fmt::format("tap \"{}\" is not active here", tap));
}

void Pipeline::Stop(base::Nanos wait) {
  if (!BeginStop(wait)) return;
  for (const auto& leaving : leaving_) leaving.runtime->AwaitLeft();
  Stopped();
}

bool Pipeline::BeginStop(base::Nanos wait) {
  {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(stopping_, true)) return false;
  }
  const base::Nanos deadline = clock_->Monotonic() + wait;
  for (const auto& shard : shards_) shard->queue()->Close();
  for (auto& thread : threads_) thread.join();
  if (!options_.threaded) {
    while (Step(0)) {
    }
  }
  const base::Nanos left = std::max<base::Nanos>(0, deadline - clock_->Monotonic());
  const auto taps = in_force();
  const TapIngress ingress = ingress_.tap_counters();
  for (size_t slot = 0; slot < taps->runtimes.size(); ++slot) {
    const auto& runtime = taps->runtimes[slot];
    if (!runtime) continue;
    runtime->Leave(left, nullptr);
    leaving_.push_back({runtime, true, IngressOf(ingress, *taps, slot)});
  }
  return true;
}

bool Pipeline::Stopped() {
  Reap();
  if (!leaving_.empty()) return false;
  if (!std::exchange(final_logged_, true)) LogFinal(Snapshot());
  return true;
}

}  // namespace traffictap::pipeline
