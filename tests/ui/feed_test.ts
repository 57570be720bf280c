// SPDX-License-Identifier: Apache-2.0
import { effect } from "@preact/signals";
import { afterEach, beforeAll, beforeEach, vi } from "vitest";
import { toRow } from "../../src/web/ui/src/record";

let feed: typeof import("../../src/web/ui/src/feed");
let state: typeof import("../../src/web/ui/src/state");
let answer: (path: string) => Promise<unknown>;
let pairs: () => Promise<unknown> = () => new Promise(() => undefined); // the stream
let asked = 0; // how often for the taps

const good = { ok: true, json: () => Promise.resolve({ taps: [], flags: { UF: "" } }) };
const brokenOff = { ok: true, json: () => Promise.reject(new SyntaxError("Unexpected end of JSON input")) };
const askedIn = async (ms: number) => {
  const before = asked;
  await vi.advanceTimersByTimeAsync(ms);
  return asked - before;
};

beforeAll(async () => {
  vi.useFakeTimers();
  const storage = { getItem: (name: string) => (name === "traffictap.token" ? "t" : null), setItem: () => undefined };
  vi.stubGlobal("location", { hash: "", origin: "http://127.0.0.1:1", pathname: "/" });
  vi.stubGlobal("sessionStorage", storage);
  vi.stubGlobal("localStorage", storage);
  vi.stubGlobal("history", { replaceState: () => undefined, pushState: () => undefined });
  vi.stubGlobal("window", { addEventListener: () => undefined, setTimeout: (...given: Parameters<typeof setTimeout>) => setTimeout(...given) });
  vi.stubGlobal("document", { documentElement: { dataset: {} }, hidden: false });
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("fetch", (path: string) => {
    if (path === "/api/v1/taps") asked++;
    return /^\/api\/v1\/(taps|summary|explain)/.test(path) ? answer(path) : path.startsWith("/api/v1/pairs") ? pairs() : new Promise(() => undefined);
  });
  answer = () => Promise.resolve(good);
  state = await import("../../src/web/ui/src/state");
  feed = await import("../../src/web/ui/src/feed");
});
beforeEach(() => (answer = () => Promise.resolve(good)));
afterEach(() => feed.store.clear());

test("figures are asked for every two seconds", async () => {
  await vi.advanceTimersByTimeAsync(100);
  expect(await askedIn(20_000)).toBe(10);
});

test("an answer that breaks off ends neither the asking nor the details", async () => {
  answer = () => Promise.resolve(brokenOff);
  expect(await askedIn(20_000)).toBe(10);
  expect(await feed.explain('{"id":"a"}')).toBeNull();
  answer = () => Promise.reject(new TypeError("Failed to fetch"));
  expect(await askedIn(20_000)).toBe(10);
  expect(await feed.explain('{"id":"a"}')).toBeNull();
});

test("what is changed while an answer is awaited is asked for once, not ever after twice", async () => {
  let release = () => {};
  answer = () => new Promise((resolve) => (release = () => resolve(good)));
  await vi.advanceTimersByTimeAsync(2000);
  for (const view of ["taps", "list", "taps"] as const) {
    const first = release;
    state.view.value = view;
    await vi.advanceTimersByTimeAsync(100);
    first();
  }
  answer = () => Promise.resolve(good);
  release();
  await vi.advanceTimersByTimeAsync(100);
  expect(await askedIn(20_000)).toBe(10);
});

const line = (id: string, clientMs: number) => JSON.stringify({ id, timings: { startTime: "2026-01-31T12:00:00Z", clientMs } });
const add = (id: string, clientMs: number) => {
  feed.store.add(toRow(line(id, clientMs), 0));
  feed.store.commit();
  state.version.value++;
};
const order = () => feed.rowsInOrder().map((row) => row.id).join("");

test("a sorted list jumps at most once a second, and has the last rows when no more come", async () => {
  state.sort.value = { by: "client", down: true };
  expect(order()).toBe("");
  add("a", 1);
  expect(order()).toBe("a");
  add("b", 2);
  expect(order()).toBe("a");
  await vi.advanceTimersByTimeAsync(250);
  const count = feed.seldom(() => feed.store.length); // with a second of its own
  const drawn: string[] = [];
  const stop = effect(() => void drawn.push(`${order()} ${count()}`));
  add("c", 3);
  expect(drawn.at(-1)).toBe("a 2");
  await vi.advanceTimersByTimeAsync(750);
  expect(drawn.at(-1)).toBe("cba 2");
  await vi.advanceTimersByTimeAsync(250);
  expect(drawn.at(-1)).toBe("cba 3");
  const { length } = drawn;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(drawn).toHaveLength(length); // nothing wakes itself
  stop();
});

test("whose records are missing is shown until the stream says otherwise", async () => {
  const came = ['{"type":"Partial","missing":[{"pairer":"a:1","reason":"away"}]}\n', '{"type":"Partial","missing":[]}\n'];
  let next = () => {};
  const read = () =>
    new Promise((resolve) => (next = () => resolve({ done: false, value: new TextEncoder().encode(came.shift()) })));
  pairs = () => Promise.resolve({ ok: true, body: { getReader: () => ({ read }) } });
  state.last.value = "7m"; // asks anew
  await vi.advanceTimersByTimeAsync(1000);
  next();
  await vi.advanceTimersByTimeAsync(1);
  expect(state.missing.value).toEqual([{ pairer: "a:1", reason: "away" }]);
  next();
  await vi.advanceTimersByTimeAsync(1);
  expect(state.missing.value).toEqual([]);
});

// The stream's answer: these texts, and then no more comes.
const streamOf = (...texts: string[]) => {
  const left = texts.map((text) => ({ done: false, value: new TextEncoder().encode(text) }));
  const read = () => (left.length ? Promise.resolve(left.shift()) : new Promise(() => undefined));
  return () => Promise.resolve({ ok: true, body: { getReader: () => ({ read }) } });
};
const linesAt = (...records: [string, number][]) => records.map(([id, time]) => `${JSON.stringify({ id, verdict: "Ok", timings: { startTime: new Date(time).toISOString() } })}\n`).join("");
// Asks anew by another time to look back.
const askFor = async (last: string, ms = 1000) => {
  state.last.value = last;
  await vi.advanceTimersByTimeAsync(ms);
};

test("a request that a second tap shows too is listed and counted once", async () => {
  const now = Date.now();
  pairs = streamOf(linesAt(["a", now], ["a", now], ["b", now]));
  await askFor("5m");
  expect([feed.store.length, state.listed.value, state.copies.value]).toEqual([2, 2, 1]);
});

test("the rate is of the requests' own times: a backlog is no burst", async () => {
  const now = Date.now();
  const backlog = Array.from({ length: 200 }, (_, i): [string, number] => [`old${i}`, now - 300_000]);
  const fresh = Array.from({ length: 12 }, (_, i): [string, number] => [`new${i}`, now - 11_000 + i * 1000]);
  pairs = streamOf(linesAt(...backlog, ...fresh));
  await askFor("6m", 2000);
  expect(state.listed.value).toBe(212);
  expect(state.liveRate.value).toBeGreaterThan(0.5);
  expect(state.liveRate.value).toBeLessThanOrEqual(1);
});

test("that the request of a link is not here any more is said", async () => {
  state.selectedId.value = "gone";
  pairs = streamOf(linesAt(["a", Date.now()]));
  await askFor("8m", 5000);
  expect(state.announced.value).toContain("The request in this link is not listed");
  state.selectedId.value = "a";
  state.announced.value = "";
  pairs = streamOf(linesAt(["a", Date.now()]));
  await askFor("9m", 5000);
  expect([state.announced.value, state.selected.value?.id]).toEqual(["", "a"]);
  state.select(null);
});

test("a pause ends following, not counting: another filter has its map, once", async () => {
  let counted = 0;
  answer = (path) => {
    const summary = path.startsWith("/api/v1/summary");
    if (summary) counted++;
    return Promise.resolve({ ok: true, headers: { get: () => null }, json: () => (summary ? Promise.resolve({ edges: [] }) : good.json()) });
  };
  pairs = streamOf();
  feed.setPaused(true);
  state.view.value = "map";
  state.filterLine.value = "code:5xx";
  await vi.advanceTimersByTimeAsync(10_000);
  expect(state.summary.value?.of).toContain("code=5xx");
  expect(counted).toBe(1);
  feed.setPaused(false);
});
