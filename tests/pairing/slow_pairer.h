// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <list>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "fakes/collecting_consumer.h"
#include "pairing/peer_states.h"

namespace traffictap {

// A half as the model knows it: texts alone.
struct ModelHalf {
  std::string tag, node, id, method = "GET", path = "/", authority = "web", client_end, server_end;
  bool client = false;
  bool tcp = false;
  int open = 0;          // a periodic entry, the how manieth of its stream
  bool refused = false;  // UF
  uint32_t code = 200;
  std::string details = "via_upstream";
  uint32_t attempts = 1;
  base::Nanos start = 0;
  base::Nanos window = 0;
  size_t tap = 0;
  bool meshed = false;
};

// The rules of pairing, the obvious slow way: a list of what waits, walked from the oldest for
// every question.
class SlowPairer {
 public:
  using PeerLookup =
      std::function<pairing::PeerState(const std::string& ip, base::Nanos since, base::Nanos now)>;
  explicit SlowPairer(PeerLookup peer_state) : peer_state_(std::move(peer_state)) {}

  void Add(const ModelHalf& half, base::Nanos now) {
    ++counters.kept;
    if (half.open > 0) return AddOpen(half, now);
    if (!identities_.insert(Identity(half)).second) return void(++counters.duplicates);
    EndStream(half);
    if (JoinsNothing(half)) return Orphan(half, traffic::OrphanReason::kNeverArrived);
    for (const Waiting& other : waiting_) {
      const ModelHalf& c = half.client ? half : other.half;
      const ModelHalf& s = half.client ? other.half : half;
      if (!c.client || s.client || c.attempts > 1 || ConnectionFit(c, s) < kSure) continue;
      const ModelHalf client = c, server = s;
      Forget(other.half.tag);
      return Pair(client, {server});
    }
    waiting_.push_back({half, now});
    counters.waiting = waiting_.size();
    const Waiting* client = half.client ? &waiting_.back() : RetriedClientOf(half);
    if (client == nullptr || client->half.attempts == 1) return;
    const auto servers = Servers(client->half);
    if (servers.size() < client->half.attempts || ConnectionFit(client->half, servers.back()) == 0)
      return;
    Resolve(client->half, servers);
  }

  void Advance(base::Nanos now) {
    for (const base::Nanos window : Windows()) {
      const auto due = [&](const Waiting& w) {
        return w.half.window == window && w.arrival + window <= now;
      };
      for (auto at = waiting_.begin();
           (at = std::find_if(waiting_.begin(), waiting_.end(), due)) != waiting_.end();) {
        End(*at, now);
      }
    }
  }

  void RemoveTap(size_t tap, base::Nanos now) {
    for (const base::Nanos window : Windows()) {
      for (const Waiting& w : waiting_) {
        if (w.half.tap == tap && w.half.window == window)
          Alone(w.half, JoinsNothing(w.half) ? traffic::OrphanReason::kNeverArrived
                                             : PeerReason(w.half, w.arrival, now));
      }
    }
    removed_.Add(tap);
  }

  pairing::JoinCounters counters;
  std::vector<fakes::Emitted> emitted;

 private:
  struct Waiting {
    ModelHalf half;
    base::Nanos arrival;
  };

  static std::string Masked(std::string id) {
    if (id.size() > 14) id[14] = 'x';
    return id;
  }
  static std::string Connection(const ModelHalf& h) {
    if (h.client_end.empty() || h.server_end.empty()) return "";
    if (h.tcp) return "tcp " + h.client_end;
    if (!h.id.empty()) return h.client_end + " " + Masked(h.id);
    return h.client_end + ">" + h.server_end + " " + h.method + " " + h.path;
  }
  static std::string Exchange(const ModelHalf& h) {
    return Connection(h) + (h.tcp ? "" : " " + h.method + " " + h.path);
  }
  static std::string Request(const ModelHalf& h) {
    return Masked(h.id) + " " + h.path + " " + h.authority;
  }
  static std::string Identity(const ModelHalf& h) {
    return h.node + " " + Connection(h) + ">" + h.server_end + " " + Request(h) + " " +
           std::to_string(h.start) + " " + h.method + " " + h.details + std::to_string(h.code) +
           (h.client ? "c" : "s") + std::to_string(h.open);
  }
  static std::string Stream(const ModelHalf& h) {
    return h.node + " " + Masked(h.id) + " " + std::to_string(h.start / base::kMillisecond) +
           (h.client ? "c" : "s");
  }
  static bool JoinsNothing(const ModelHalf& h) {
    return (h.client && NeverReached(h)) || (h.id.empty() && Connection(h).empty());
  }
  static bool NeverReached(const ModelHalf& c) {
    return c.attempts == 1 && (c.server_end.empty() || (c.client_end.empty() && c.refused));
  }
  static bool ById(const ModelHalf& c) {
    return !c.id.empty() && (c.attempts > 1 || c.client_end.empty());
  }
  static std::string Ip(const std::string& end) { return end.substr(0, end.rfind(':')); }
  static bool Redirected(const ModelHalf& c) { return c.details == "internal_redirect"; }
  static bool CodesAgree(const ModelHalf& c, const ModelHalf& s) {
    return c.code == s.code || c.code == 0 || (c.details != "via_upstream" && !Redirected(c));
  }
  // 0: of different connections. From kSure on: joined at once.
  static constexpr int kSure = 64;
  static int ConnectionFit(const ModelHalf& c, const ModelHalf& s) {
    return (c.open > 0) == (s.open > 0) ? AnyConnectionFit(c, s) : 0;
  }
  // Whether either has ended or not.
  static int AnyConnectionFit(const ModelHalf& c, const ModelHalf& s) {
    if (c.tcp != s.tcp || Connection(c).empty() || Connection(c) != Connection(s)) return 0;
    const int server_end = c.server_end == s.server_end ? 16 : 0;
    if (c.tcp) return server_end != 0 ? kSure : 1;
    if (c.id.empty()) return CodesAgree(c, s) ? kSure : 1;
    const int method = c.method == s.method || Redirected(c) ? 8 : 0;
    const int path = (c.path == s.path) != Redirected(c) ? 4 : 0;
    const int code = CodesAgree(c, s) ? 2 : 0;
    const bool sure = method != 0 && code != 0 && (path != 0 || Redirected(c));
    return (sure ? kSure : 0) + 1 + server_end + method + path + code;
  }
  int RequestFit(const ModelHalf& c, const ModelHalf& s, base::Nanos since, base::Nanos now) const {
    const auto known = [&](const std::string& end) {
      return peer_state_(Ip(end), since, now) != pairing::PeerState::kUnknown;
    };
    if (c.id.empty() || c.tcp || s.tcp || Request(c) != Request(s) || c.method != s.method ||
        c.node == s.node || (c.open > 0) != (s.open > 0)) {
      return 0;
    }
    if (c.client_end.empty() && c.server_end == s.server_end) return 3;
    if (!c.client_end.empty() && Ip(c.client_end) == Ip(s.client_end)) return 0;
    return !CodesAgree(c, s) || known(c.server_end) || known(s.client_end) ? 0 : 1;
  }
  static bool MaybeAttempt(const ModelHalf& c, const ModelHalf& s) {
    if (c.id.empty() || c.attempts == 1 || s.tcp || Request(c) != Request(s)) return false;
    if ((c.open > 0) != (s.open > 0)) return false;
    if (!c.client_end.empty() && !s.client_end.empty() && Ip(c.client_end) != Ip(s.client_end))
      return false;
    return s.code >= 400 || (c.client_end.empty() && c.server_end == s.server_end);
  }
  static bool NamesOneRequest(const ModelHalf& h) { return h.tcp || !h.id.empty(); }

  // The client's servers: the earlier attempts, oldest first, then the one that its addresses tell
  // of: that which fits best, the newest of equals.
  std::vector<ModelHalf> Servers(const ModelHalf& c) const {
    std::vector<ModelHalf> last, others;
    int last_fit = 1;
    for (const Waiting& w : waiting_) {
      const int fit = w.half.client ? 0 : ConnectionFit(c, w.half);
      if (fit < last_fit) continue;
      last = {w.half};
      last_fit = fit;
    }
    for (const Waiting& w : waiting_) {
      const bool claimed = std::any_of(waiting_.begin(), waiting_.end(), [&](const Waiting& o) {
        return o.half.client && o.half.tag != c.tag && ConnectionFit(o.half, w.half) > 0;
      });
      if (w.half.client || claimed || !MaybeAttempt(c, w.half)) continue;
      if (!last.empty() && w.half.tag == last[0].tag) continue;
      if (others.size() < c.attempts - last.size()) others.push_back(w.half);
    }
    others.insert(others.end(), last.begin(), last.end());
    return others;
  }

  std::set<base::Nanos> Windows() const {
    std::set<base::Nanos> out;
    for (const Waiting& waiting : waiting_) out.insert(waiting.half.window);
    return out;
  }

  // The half for which fit(half) is highest, the oldest of equals; null where it is 0 for all.
  template <typename Fit>
  const Waiting* Best(Fit fit) const {
    const Waiting* best = nullptr;
    int best_fit = 0;
    for (const Waiting& w : waiting_) {
      const int found = fit(w.half);
      if (found <= best_fit) continue;
      best = &w;
      best_fit = found;
    }
    return best;
  }

  // A client of several attempts: the one on the server's connection, or else the oldest that may
  // have tried it.
  const Waiting* RetriedClientOf(const ModelHalf& server) const {
    const auto retried = [](const ModelHalf& h) { return h.client && h.attempts > 1; };
    const Waiting* exact =
        Best([&](const ModelHalf& h) { return retried(h) ? ConnectionFit(h, server) : 0; });
    if (exact != nullptr) return exact;
    return Best([&](const ModelHalf& h) { return retried(h) && MaybeAttempt(h, server) ? 1 : 0; });
  }

  // Of a request that was tried once: by connection, or else by request.
  const Waiting* OtherOf(const ModelHalf& half, base::Nanos since, base::Nanos now) const {
    const auto fit_of = [&](const ModelHalf& other, auto fit) {
      const ModelHalf& c = half.client ? half : other;
      return half.client == other.client || c.attempts > 1 ? 0 : fit(c, half.client ? other : half);
    };
    const Waiting* exact =
        Best([&](const ModelHalf& other) { return fit_of(other, ConnectionFit); });
    if (exact != nullptr) return exact;
    return Best([&](const ModelHalf& other) {
      return fit_of(other, [&](const ModelHalf& c, const ModelHalf& s) {
        return RequestFit(c, s, since, now);
      });
    });
  }

  void End(const Waiting& due, base::Nanos now) {
    const Waiting ended = due;
    const bool retried = ended.half.client && ended.half.attempts > 1;
    const Waiting* client = retried             ? &due
                            : ended.half.client ? nullptr
                                                : RetriedClientOf(ended.half);
    if (client != nullptr) {
      const auto servers = Servers(client->half);
      const bool takes_part = std::any_of(servers.begin(), servers.end(), [&](const ModelHalf& s) {
        return s.tag == ended.half.tag;
      });
      if (!servers.empty() && (ended.half.client || takes_part))
        return Resolve(client->half, servers);
    }
    const Waiting* other =
        retried ? nullptr : OtherOf(ended.half, ended.arrival - ended.half.window, now);
    if (other != nullptr) {
      const ModelHalf found = other->half;
      return ended.half.client ? Resolve(ended.half, {found}) : Resolve(found, {ended.half});
    }
    if (ended.half.open > 0 && OtherSideEnded(ended.half)) return Unseen(ended.half.tag);
    Forget(ended.half.tag);
    Orphan(ended.half, Reason(ended.half, ended.arrival, now));
  }

  void AddOpen(const ModelHalf& half, base::Nanos now) {
    any_open_ = true;
    if (ended_.contains(Stream(half))) return void(++counters.intermediate);
    for (Waiting& w : waiting_) {
      if (w.half.open == 0 || Stream(w.half) != Stream(half)) continue;
      ++counters.intermediate;
      const base::Nanos window = w.half.window;
      w.half = half;
      w.half.window = window;
      return;
    }
    waiting_.push_back({half, now});
    counters.waiting = waiting_.size();
  }

  void EndStream(const ModelHalf& half) {
    if (!any_open_ || Redirected(half)) return;
    ended_.insert(Stream(half));
    for (const Waiting& w : waiting_) {
      if (w.half.open > 0 && Stream(w.half) == Stream(half)) return Unseen(w.half.tag);
    }
  }

  void Unseen(const std::string& tag) {
    const std::string kept = tag;
    ++counters.intermediate;
    Forget(kept);
  }

  bool OtherSideEnded(const ModelHalf& h) const {
    return std::any_of(waiting_.begin(), waiting_.end(), [&](const Waiting& w) {
      if (w.half.open > 0 || w.half.client == h.client) return false;
      return (h.client ? AnyConnectionFit(h, w.half) : AnyConnectionFit(w.half, h)) > 0;
    });
  }

  traffic::OrphanReason Reason(const ModelHalf& h, base::Nanos arrival, base::Nanos now) {
    if (JoinsNothing(h)) return traffic::OrphanReason::kNeverArrived;
    if (h.open > 0) return PeerReason(h, arrival, now);
    const bool named = NamesOneRequest(h) && !Connection(h).empty();
    const bool late =
        (named && finished_.contains(Exchange(h))) ||
        (!h.client && !h.id.empty() && h.code >= 400 && finished_.contains(Request(h)));
    Finish(h);
    return late ? traffic::OrphanReason::kLateBeyondWindow : PeerReason(h, arrival, now);
  }
  traffic::OrphanReason PeerReason(const ModelHalf& h, base::Nanos arrival, base::Nanos now) const {
    const std::string peer = h.client ? h.server_end : h.client_end;
    switch (peer_state_(peer.substr(0, peer.rfind(':')), arrival - h.window, now)) {
      case pairing::PeerState::kLost: return traffic::OrphanReason::kLostInBuffer;
      case pairing::PeerState::kWarmingUp: return traffic::OrphanReason::kDrainingConnection;
      case pairing::PeerState::kTapped: return traffic::OrphanReason::kNeverArrived;
      case pairing::PeerState::kUnknown: break;
    }
    return h.meshed ? traffic::OrphanReason::kPeerNotTapped : traffic::OrphanReason::kPeerNotMeshed;
  }

  void Finish(const ModelHalf& h) {
    if (NamesOneRequest(h) && !Connection(h).empty()) finished_.insert(Exchange(h));
    if (h.client && ById(h)) finished_.insert(Request(h));
  }
  void Forget(const std::string& tag) {
    std::erase_if(waiting_, [&](const Waiting& w) { return w.half.tag == tag; });
    counters.waiting = waiting_.size();
  }
  void Resolve(const ModelHalf& client, const std::vector<ModelHalf>& servers) {
    const ModelHalf kept = client;
    Forget(kept.tag);
    for (const auto& server : servers) Forget(server.tag);
    Pair(kept, servers);
  }
  void Pair(const ModelHalf& client, const std::vector<ModelHalf>& servers) {
    if (client.open > 0) {
      counters.open += 1 + servers.size();
    } else {
      ++counters.pairs;
      counters.retries += servers.size() - 1;
      Finish(client);
    }
    fakes::Emitted out{client.tag, {}, traffic::OrphanReason::kNone, Taps(client)};
    for (const auto& server : servers) {
      out.servers.push_back(server.tag);
      out.taps |= Taps(server);
    }
    emitted.push_back(out);
    counters.waiting = waiting_.size();
  }
  void Orphan(const ModelHalf& h, traffic::OrphanReason reason) {
    ++(h.open > 0 ? counters.open : counters.orphans[static_cast<size_t>(reason)]);
    Alone(h, reason);
  }
  void Alone(const ModelHalf& h, traffic::OrphanReason reason) {
    fakes::Emitted out{h.client ? h.tag : "", {}, reason, Taps(h)};
    if (!h.client) out.servers.push_back(h.tag);
    emitted.push_back(out);
    counters.waiting = waiting_.size();
  }
  traffic::TapSet Taps(const ModelHalf& h) const {
    traffic::TapSet out;
    out.Add(h.tap);
    return out - removed_;
  }

  const PeerLookup peer_state_;
  traffic::TapSet removed_;
  std::list<Waiting> waiting_;
  std::set<std::string> identities_;
  std::set<std::string> finished_;
  bool any_open_ = false;
  std::set<std::string> ended_;  // streams
};

}  // namespace traffictap
