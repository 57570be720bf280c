// SPDX-License-Identifier: Apache-2.0
import { batch, computed, effect, signal } from "@preact/signals";
import { filterQuery, parseFilter } from "./filter";
import { type Row, RowRing, toRow } from "./record";
import { type Failure, LiveStream, failureOf } from "./stream";
import type { Summary, TapsStatus } from "./api";

export const ROWS_MAX = 50_000;
const SINCE = "10m";
const PUBLISH_MS = 100; // the screen changes at most ten times a second
const SLICE_MS = 8; // of parsing at a time, so that a key press never waits long
const PENDING_MAX = 100_000;
const PENDING_ENOUGH = 20_000; // beyond it the collector waits, and tells what we miss

export type View = "list" | "map" | "top" | "taps";

const hash = () => new URLSearchParams(location.hash.replace(/^#\/?/, ""));

// The token comes once, behind '#', which no server ever sees; then it leaves the address bar.
function takeToken(): string {
  const params = hash();
  const given = params.get("token");
  if (given) {
    sessionStorage.setItem("traffictap.token", given);
    params.delete("token");
    history.replaceState(null, "", `#${params}`);
  }
  return sessionStorage.getItem("traffictap.token") ?? "";
}

export const token = signal(takeToken());
export const view = signal<View>((hash().get("view") as View) || "list");
export const filterLine = signal(hash().get("q") ?? "");
export const tap = signal(hash().get("tap") ?? "");
export const selectedId = signal(hash().get("id") ?? "");
export const theme = signal<"" | "dark" | "light">((localStorage.getItem("traffictap.theme") as "") ?? "");
export const paused = signal(false);
export const helpOpen = signal(false);
export const connection = signal<"connecting" | "open" | "lost" | "ended">("connecting");
export const failure = signal<Failure | null>(null);
export const unauthorized = signal(!token.value);

export const ring = new RowRing(ROWS_MAX);
export const version = signal(0); // grows with every change of `ring`
export const selected = signal<Row | null>(null);
export const received = signal(0); // lines of the stream
export const gaps = signal(0); // records that this page did not get
export const waiting = signal(0); // come in while paused, not shown yet
export const shown = signal<string | null>(null); // the query that the rows are of
export const liveRate = signal(0);
export const summary = signal<Summary | null>(null);
export const status = signal<TapsStatus | null>(null);

export const parsed = computed(() => parseFilter(filterLine.value));
export const query = computed(() => {
  const out = filterQuery(parsed.value.error ? [] : parsed.value.terms);
  if (tap.value) out.set("tap", tap.value);
  return out.toString();
});

effect(() => {
  const params = new URLSearchParams();
  if (view.value !== "list") params.set("view", view.value);
  if (filterLine.value) params.set("q", filterLine.value);
  if (tap.value) params.set("tap", tap.value);
  if (selectedId.value) params.set("id", selectedId.value);
  if (`#${params}` !== location.hash) history.replaceState(null, "", `#${params}`);
});

window.addEventListener("hashchange", () => {
  const params = hash();
  batch(() => {
    if (params.has("token")) {
      token.value = takeToken();
      unauthorized.value = false;
    }
    view.value = (params.get("view") as View) || "list";
    filterLine.value = params.get("q") ?? "";
    tap.value = params.get("tap") ?? "";
    selectedId.value = params.get("id") ?? "";
  });
});

effect(() => {
  if (theme.value) document.documentElement.dataset.theme = theme.value;
  else delete document.documentElement.dataset.theme;
  localStorage.setItem("traffictap.theme", theme.value);
});

// --- from lines to rows ---
let pending: string[] = [];
let pendingAt = 0;
let scheduled = false;
let seq = 0;
let changed = false;
let receivedNow = 0; // `received` follows ten times a second
let roomFor: (() => void) | null = null;

function schedule() {
  if (scheduled || paused.value || pendingAt >= pending.length) return;
  scheduled = true;
  // Not at once: drawing comes in between.
  setTimeout(() => {
    scheduled = false;
    parseSlice();
  }, 4);
}

function take(line: string) {
  const row = toRow(line, seq);
  if (ring.has(row.id)) return;
  seq++;
  ring.push(row);
}

function parseSlice() {
  if (paused.value) return;
  const end = performance.now() + SLICE_MS;
  while (pendingAt < pending.length) {
    // Checking the time costs more than a few records.
    for (let i = 0; i < 32 && pendingAt < pending.length; i++) take(pending[pendingAt++]);
    changed = true;
    if (performance.now() > end) break;
  }
  if (pendingAt >= pending.length) {
    pending = [];
    pendingAt = 0;
  }
  if (pending.length - pendingAt < PENDING_ENOUGH) giveRoom();
  schedule();
}

function giveRoom() {
  roomFor?.();
  roomFor = null;
}

function takeLines(lines: string[]): Promise<void> | void {
  receivedNow += lines.length;
  if (pendingAt > 10_000) {
    pending = pending.slice(pendingAt);
    pendingAt = 0;
  }
  for (const line of lines) pending.push(line);
  const over = pending.length - pendingAt - PENDING_MAX;
  if (over > 0) {
    pendingAt += over;
    gaps.value += over;
  }
  if (paused.value) waiting.value = pending.length - pendingAt;
  schedule();
  if (!paused.value && pending.length - pendingAt > PENDING_ENOUGH) return new Promise((resolve) => (roomFor = resolve));
}

let rateAt = performance.now();
let rateFrom = 0;
setInterval(() => {
  const now = performance.now();
  received.value = receivedNow;
  if (now - rateAt >= 1000) {
    liveRate.value = ((received.peek() - rateFrom) * 1000) / (now - rateAt);
    rateAt = now;
    rateFrom = received.peek();
  }
  if (!changed) return;
  changed = false;
  batch(() => {
    version.value++;
    if (selectedId.peek() && !selected.peek()) findSelected();
  });
}, PUBLISH_MS);

function findSelected() {
  for (const row of ring.values()) if (row.id === selectedId.peek()) selected.value = row;
}

export function select(row: Row | null) {
  batch(() => {
    selected.value = row;
    selectedId.value = row?.id ?? "";
  });
}

export function setPaused(value: boolean) {
  paused.value = value;
  giveRoom(); // paused or not, the stream is read: a reader that stands still is cut off
  if (value) return;
  waiting.value = 0;
  schedule();
}

export function clearRows() {
  ring.clear();
  pending = [];
  pendingAt = 0;
  giveRoom();
  seq = 0;
  changed = false;
  batch(() => {
    received.value = receivedNow = 0;
    gaps.value = 0;
    waiting.value = 0;
    selected.value = null;
    version.value++;
  });
  rateFrom = 0;
}

// --- the stream follows the filter ---
let stream: LiveStream | null = null;

function open(params: string) {
  stream?.stop();
  clearRows();
  shown.value = params;
  const q = new URLSearchParams(params);
  q.set("follow", "true");
  q.set("since", SINCE);
  const mine: LiveStream = new LiveStream(q, () => token.peek(), {
    lines: (lines) => (mine === stream ? takeLines(lines) : undefined),
    control: (control) => {
      if (mine === stream && control.type === "Gap") gaps.value += control.droppedCount ?? 0;
    },
    state: (state, why) => {
      if (mine !== stream) return;
      batch(() => {
        connection.value = state;
        failure.value = why ?? null;
        if (why?.code === 401) unauthorized.value = true;
      });
    },
  });
  stream = mine;
  mine.start();
}

let typing = 0;
effect(() => {
  const params = query.value;
  if (unauthorized.value || !token.value || parsed.value.error) return;
  clearTimeout(typing);
  typing = window.setTimeout(() => open(params), stream ? 250 : 0);
});

// --- figures, asked for every two seconds ---
async function get<T>(path: string): Promise<T | null> {
  const response = await fetch(path, { headers: { Authorization: `Bearer ${token.peek()}` }, cache: "no-store" });
  if (response.ok) return (await response.json()) as T;
  const why = await failureOf(response);
  if (why.code === 401) unauthorized.value = true;
  return null;
}

async function refresh() {
  if (!unauthorized.peek() && token.peek() && !document.hidden) {
    const wantsSummary = (view.peek() === "map" || view.peek() === "top") && !parsed.peek().error && !paused.peek();
    const [newStatus, newSummary] = await Promise.all([
      get<TapsStatus>("/api/v1/taps").catch(() => null),
      wantsSummary ? get<Summary>(`/api/v1/summary?${query.peek()}`).catch(() => null) : null,
    ]);
    batch(() => {
      if (newStatus) status.value = newStatus;
      if (newSummary) summary.value = newSummary;
    });
  }
  timer = window.setTimeout(refresh, 2000);
}
let timer = window.setTimeout(refresh, 0);
effect(() => {
  void view.value;
  void query.value;
  void token.value;
  clearTimeout(timer);
  timer = window.setTimeout(refresh, 50);
});
