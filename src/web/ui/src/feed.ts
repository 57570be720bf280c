// SPDX-License-Identifier: Apache-2.0

// From the stream's lines to rows, and the figures that are asked for every two seconds.
import { batch, effect, signal } from "@preact/signals";
import type { Explanation, Summary, TapsStatus, Words } from "./api";
import { takeOwn, type OwnTap } from "./desk";
import { sortRows } from "./facets";
import { durationMs } from "./format";
import { matcher } from "./match";
import { RowStore, saysMore, toRow, type PairRecord, type Row } from "./record";
import * as state from "./state";
import { type Control, LiveStream, failureOf } from "./stream";

const ROWS_MAX = 50_000;
const PUBLISH_MS = 100; // the screen changes at most ten times a second
const ANEW_MS = 1000;
const SLICE_MS = 8; // of parsing at a time, so that a key press never waits long
const PENDING_MAX = 100_000;
const PENDING_ENOUGH = 20_000; // beyond it the collector waits, and tells what we miss
const RATE_SECONDS = 10;
const LINK_WAIT_MS = 4000; // for the record that a link names

export const store = new RowStore(ROWS_MAX);

// --- from lines to rows ---
let pending: string[] = [];
let pendingAt = 0;
let scheduled = false;
let holding = false; // paused: lines wait
let seq = 0;
let copies = 0;
let changed = false;
let roomFor: (() => void) | null = null;
const namespaces = new Set<string>();
const seconds = new Map<number, number>(); // requests by the second in which they began
let newest = { time: 0, at: 0 };

function schedule() {
  if (scheduled || holding || pendingAt >= pending.length) return;
  scheduled = true;
  // Not at once: drawing comes in between.
  setTimeout(() => {
    scheduled = false;
    parseSlice();
  }, 4);
}

function take(line: string) {
  const row = toRow(line, seq);
  const range = state.range.peek();
  if (range && !(row.time >= range.from && row.time <= range.to)) return;
  const listed = store.find(row.id);
  if (listed) {
    if (saysMore(row, listed)) store.replace(row, listed);
    else copies++;
    return;
  }
  seq++;
  store.add(row);
  if (row.source.ns) namespaces.add(row.source.ns);
  if (row.destination.ns) namespaces.add(row.destination.ns);
  const second = Math.floor(row.time / 1000);
  seconds.set(second, (seconds.get(second) ?? 0) + row.weight);
  if (row.time > newest.time) newest = { time: row.time, at: performance.now() };
}

function parseSlice() {
  if (holding) return;
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
  if (pendingAt > 10_000) {
    pending = pending.slice(pendingAt);
    pendingAt = 0;
  }
  for (const line of lines) pending.push(line);
  const over = pending.length - pendingAt - PENDING_MAX;
  if (over > 0) {
    pendingAt += over;
    state.gaps.value = state.gaps.peek() + over;
  }
  if (holding) state.waiting.value = pending.length - pendingAt;
  schedule();
  if (!holding && pending.length - pendingAt > PENDING_ENOUGH) return new Promise((resolve) => (roomFor = resolve));
}

// Requests a second by their own times, so that a backlog is no burst. Late ones are left out: the last two seconds
// are not whole.
function rateNow(): number {
  if (!newest.time) return 0;
  const now = Math.floor((newest.time + performance.now() - newest.at) / 1000) - 2;
  let sum = 0;
  for (let i = 0; i < RATE_SECONDS; i++) sum += seconds.get(now - i) ?? 0;
  for (const second of seconds.keys()) if (second < now - 60) seconds.delete(second);
  return sum / RATE_SECONDS;
}

setInterval(() => {
  const rate = rateNow();
  if (Math.abs(rate - state.liveRate.peek()) > 0.01) state.liveRate.value = rate;
}, 1000);

setInterval(() => {
  if (changed) publish();
}, PUBLISH_MS);

function publish() {
  changed = false;
  store.commit();
  batch(() => {
    state.version.value = state.version.peek() + 1; // no effect may depend on what it changes
    state.listed.value = seq;
    state.copies.value = copies;
    state.manyNamespaces.value = namespaces.size > 1;
    const id = state.selectedId.peek();
    if (id) state.selected.value = store.find(id) ?? state.selected.peek();
  });
}

// What is made of all rows, anew at most once a second: nothing may jump while it is read, and ten times a second costs
// more than it tells. It is of the last rows even when no more come. A wait has no point where it was of rows that are
// gone, of none at all, or `by` something else.
let clearings = 0;
export function seldom<T>(make: () => T, by: () => unknown = () => null): () => T {
  const due = signal(0); // not the version: others would take it for a change of the rows, and wake this again
  let wake = 0;
  let made: { value: T; by: unknown; clearings: number; rows: number; version: number; at: number } | null = null;
  const later = (wait: number) => {
    wake ||= window.setTimeout(() => {
      wake = 0;
      due.value++;
    }, wait);
  };
  return () => {
    void due.value;
    const [key, version, at, last] = [by(), state.version.value, performance.now(), made];
    if (last?.rows && last.by === key && last.clearings === clearings) {
      if (last.version === version) return last.value;
      const wait = last.at + ANEW_MS - at;
      if (wait > 0) {
        later(wait);
        return last.value;
      }
    }
    made = { value: make(), by: key, clearings, rows: store.length, version, at };
    return made.value;
  };
}

// The rows in the order that was chosen.
const sorted = seldom(() => sortRows(store.all, state.sort.peek().by, state.sort.peek().down), () => state.sort.value);
export function rowsInOrder(): readonly Row[] {
  const { by, down } = state.sort.value;
  return by === "time" && !down ? store.all : sorted();
}

export function setPaused(value: boolean) {
  state.paused.value = holding = value;
  giveRoom(); // paused or not, the stream is read: a reader that stands still is cut off
  if (value) return;
  state.waiting.value = 0;
  schedule();
  // What was asked for while paused ended with what there was.
  if (state.connection.peek() === "done" && state.isFollowing.peek() && shownParams !== null) follow(shownParams, stream?.position ?? "");
}

function clearRows() {
  store.clear();
  clearings++;
  pending = [];
  pendingAt = 0;
  giveRoom();
  seq = copies = 0;
  namespaces.clear();
  seconds.clear();
  newest = { time: 0, at: 0 };
  state.gaps.value = 0;
  state.waiting.value = 0;
  publish();
}

// --- the stream follows the filter ---
let stream: LiveStream | null = null; // whose rows are shown
let candidate: LiveStream | null = null; // of a filter that the collector has not accepted yet
let shownParams: string | null = null;
let shownOf = ""; // what the stream was asked for

const wanted = () => `${state.token.peek()} ${scope()}`;

function onControl(mine: LiveStream, control: Control) {
  if (mine !== stream) return;
  if (control.type === "Gap") state.gaps.value = state.gaps.peek() + (control.droppedCount ?? 0);
  if (control.type === "Partial") state.missing.value = control.missing ?? [];
}

// A connection says whose records are missing where they are.
function onState(mine: LiveStream, now: string) {
  if (mine === stream && now === "open") state.missing.value = [];
}

// The rows of the last filter stay until the collector takes the new one.
function open(params: string) {
  candidate?.stop();
  const range = state.range.peek();
  const q = new URLSearchParams(params);
  const line = state.filterLine.peek();
  const of = wanted();
  q.set("follow", String(!range && !holding));
  q.set("since", range ? new Date(range.from).toISOString() : state.last.peek());
  const mine: LiveStream = new LiveStream(q, () => state.token.peek(), {
    lines: (lines) => (mine === stream ? takeLines(lines) : undefined),
    control: (control) => onControl(mine, control),
    state: (now, why) => {
      if (mine === candidate && now === "open") adopt(mine, params, line, of);
      onState(mine, now);
      if (mine === candidate && now === "ended") candidate = null;
      else if (mine !== stream && stream) return;
      batch(() => {
        if (why?.code === 401) state.unauthorized.value = true;
        state.failure.value = why ?? null;
        if (mine === stream || !stream) state.connection.value = now;
      });
    },
  });
  candidate = mine;
  mine.start();
}

function adopt(mine: LiveStream, params: string, line: string, of: string) {
  stream?.stop();
  stream = mine;
  candidate = null;
  shownOf = of;
  // A filter that was set while paused shows what there is until now.
  const wasHolding = holding;
  holding = false;
  batch(() => {
    clearRows();
    state.shown.value = shownParams = params;
    state.shownLine.value = line;
  });
  holding = wasHolding && mine.follows;
  setTimeout(() => {
    const gone = mine === stream && state.selectedId.peek() && !state.selected.peek();
    if (gone) state.say("The request in this link is not listed: it is no longer stored, or the filter excludes it.");
  }, LINK_WAIT_MS);
}

function follow(params: string, after: string) {
  const q = new URLSearchParams(params);
  q.set("follow", "true");
  q.set("since", state.last.peek());
  const mine: LiveStream = new LiveStream(q, () => state.token.peek(), {
    lines: (lines) => (mine === stream ? takeLines(lines) : undefined),
    control: (control) => onControl(mine, control),
    state: (now, why) => {
      if (mine !== stream) return;
      onState(mine, now);
      state.connection.value = now;
      state.failure.value = why ?? null;
    },
  });
  mine.position = after;
  stream = mine;
  mine.start();
}

let typing = 0;
effect(() => {
  const params = state.query.value;
  void state.range.value;
  void state.last.value;
  void state.token.value;
  const idle = state.unauthorized.value || !state.token.value || !!state.parsed.value.error || !!state.file.value;
  clearTimeout(typing);
  if (idle) return;
  if (stream && wanted() === shownOf && state.connection.peek() === "open") {
    // What was typed is taken back: its rows are here.
    candidate?.stop();
    candidate = null;
    state.failure.value = null;
    return;
  }
  typing = window.setTimeout(() => open(params), stream ? 250 : 0);
});

// --- a file instead of the stream ---
let fileLines: string[] = [];

export async function openFile(given: File) {
  const lines = (await given.text()).split("\n").filter((line) => line.startsWith("{") && !line.startsWith('{"type":'));
  const good = lines.filter((line) => {
    try {
      const record = JSON.parse(line) as Partial<PairRecord>;
      return !!record.id && !!record.timings?.startTime;
    } catch {
      return false;
    }
  });
  if (!good.length) return state.say(`${given.name} has no records: a record is one line with a JSON object.`);
  stream?.stop();
  candidate?.stop();
  stream = candidate = null;
  fileLines = good;
  const skipped = lines.length - good.length;
  batch(() => {
    state.select(null);
    state.range.value = null;
    state.view.value = "list";
    state.connection.value = "done";
    state.file.value = given.name;
  });
  state.say(`${given.name}: ${good.length} records${skipped ? `, ${skipped} other lines skipped` : ""}`);
}

export function closeFile() {
  fileLines = [];
  batch(() => {
    state.select(null);
    state.shown.value = shownParams = null;
    state.connection.value = "connecting";
    state.file.value = "";
  });
}

effect(() => {
  const { terms, error } = state.parsed.value;
  void state.range.value;
  if (!state.file.value || error) return;
  const { matches, unknown } = matcher(terms);
  state.failure.value = unknown ? { code: 400, message: unknown } : null;
  if (unknown) return;
  clearRows();
  holding = false;
  for (const line of fileLines) if (matches(JSON.parse(line) as PairRecord)) take(line);
  state.shown.value = state.query.peek();
  state.shownLine.value = state.filterLine.peek();
  publish();
});

// --- figures, asked for every two seconds ---
async function call(path: string, init: RequestInit = {}): Promise<Response | null> {
  const response = await fetch(path, { ...init, headers: { Authorization: `Bearer ${state.token.peek()}` }, cache: "no-store" });
  const desk = response.headers.get("TrafficTap-Desk");
  if (desk) state.desk.value = desk;
  if (response.ok) return response;
  if ((await failureOf(response)).code === 401) state.unauthorized.value = true;
  return null;
}
// Null as well where the answer breaks off: it is asked for again.
const get = <T>(path: string, init?: RequestInit): Promise<T | null> =>
  call(path, init)
    .then((response) => (response ? (response.json() as Promise<T>) : null))
    .catch(() => null);

export async function explain(line: string): Promise<Explanation | null> {
  const record = JSON.parse(line) as PairRecord;
  // Captured headers say nothing of the cause, and may be long.
  const { request, response } = record;
  const body = JSON.stringify({ ...record, request: { ...request, headers: undefined }, response: response && { ...response, headers: undefined, trailers: undefined } });
  return get<Explanation>("/api/v1/explain", { method: "POST", body });
}

function summaryPath(query: string): string {
  const range = state.range.peek();
  const length = range ? range.to - range.from : durationMs(state.last.peek());
  const window = Math.min(3600, Math.max(1, Math.round(length / 1000)));
  return `/api/v1/summary?${query}${query ? "&" : ""}window=${window}s${range ? `&until=${new Date(range.to).toISOString()}` : ""}`;
}

// What a summary is of: it is asked for again while paused, or of a time that has passed, only when this changes.
const scope = () => `${state.query.peek()} ${state.last.peek()} ${state.range.peek()?.from} ${state.range.peek()?.to}`;
let talliesOf = "";

async function refreshSummary() {
  const view = state.view.peek();
  const of = scope();
  const still = state.paused.peek() || !!state.range.peek();
  if (view === "list") {
    if (still && talliesOf === of) return;
    const found = await get<Summary>(summaryPath(state.queryOfAllVerdicts.peek()));
    if (!found || scope() !== of) return;
    talliesOf = of;
    state.tallies.value = found.verdicts ?? {};
  } else if (view !== "taps") {
    if (still && state.summary.peek()?.of === of) return;
    const found = await get<Summary>(summaryPath(state.query.peek()));
    if (found && scope() === of) state.summary.value = { of, at: Date.now(), value: found };
  }
}

async function refreshOwn() {
  if (!state.desk.peek()) return;
  const askedAt = performance.now();
  const found = await get<{ taps: OwnTap[] }>("/api/v1/page/taps");
  if (found) takeOwn(found.taps, askedAt);
}

let timer = 0;
async function refresh() {
  const mine = timer;
  const asks = !state.unauthorized.peek() && !!state.token.peek() && !document.hidden && !state.file.peek();
  if (asks) {
    const [status] = await Promise.all([get<TapsStatus>("/api/v1/taps"), state.parsed.peek().error ? null : refreshSummary(), refreshOwn()]);
    if (!Object.keys(state.words.peek().flags).length) state.words.value = (await get<Words>("/api/v1/explain")) ?? state.words.peek();
    if (status) {
      state.status.value = status;
      state.statusAt.value = Date.now();
    }
  }
  // Unless something was changed meanwhile, and is asked for already.
  if (timer === mine) timer = window.setTimeout(refresh, 2000);
}
effect(() => {
  void state.view.value;
  void state.query.value;
  void state.token.value;
  void state.range.value;
  void state.last.value;
  void state.unauthorized.value;
  clearTimeout(timer);
  timer = window.setTimeout(refresh, 50);
});
