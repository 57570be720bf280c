// SPDX-License-Identifier: Apache-2.0

// What the page shows, as the address in the browser holds it. Each change is a step of Back.
import { batch, computed, effect, signal } from "@preact/signals";
import type { Missing, Summary, TapsStatus, Words } from "./api";
import { filterQuery, parseFilter } from "./filter";
import type { OwnTap } from "./desk";
import type { SortKey } from "./facets";
import type { Row } from "./record";
import type { Failure } from "./stream";

export type View = "list" | "map" | "top" | "taps";
export interface Range {
  from: number; // ms since the epoch
  to: number;
}
export const LASTS = ["1m", "5m", "10m", "30m", "60m"];
const VIEWS: View[] = ["list", "map", "top", "taps"];
const SAID_MS = 8000; // for which a note stays
const TYPING_MS = 1500; // letters typed one after another are one step of Back

const hash = () => new URLSearchParams(location.hash.replace(/^#\/?/, ""));

function store(given: string) {
  sessionStorage.setItem("traffictap.token", given);
  return given;
}

// The token comes once, behind '#', which no server ever sees; then it leaves the address bar.
function takeToken(): string {
  const params = hash();
  const given = params.get("token");
  if (given) {
    store(given);
    params.delete("token");
    history.replaceState(null, "", `#${params}`);
  }
  return sessionStorage.getItem("traffictap.token") ?? "";
}

export const token = signal(takeToken());
export const view = signal<View>("list");
export const filterLine = signal("");
export const tap = signal("");
export const selectedId = signal("");
export const last = signal("10m");
export const range = signal<Range | null>(null); // instead of `last`
export const utc = signal(localStorage.getItem("traffictap.utc") === "true");
export const theme = signal<"" | "dark" | "light">((localStorage.getItem("traffictap.theme") as "") ?? "");
export const sort = signal<{ by: SortKey; down: boolean }>({ by: "time", down: false });
export const paused = signal(false);
export const helpOpen = signal(false);
export const facetsOpen = signal(false);
export const connection = signal<"connecting" | "open" | "lost" | "ended" | "done">("connecting");
export const failure = signal<Failure | null>(null);
export const unauthorized = signal(!token.value);
export const file = signal(""); // the name of an opened file: its records are shown instead of live ones
export const announced = signal(""); // for screen readers, and as a note

export const version = signal(0); // grows with every change of the rows
export const selected = signal<Row | null>(null);
export const listed = signal(0); // requests, since the filter is as it is
export const copies = signal(0); // of them that a second tap showed too
export const gaps = signal(0); // records that this page did not get
export const missing = signal<Missing[]>([]); // pairers whose records the stream does not have now
export const waiting = signal(0); // come in while paused, not shown yet
export const shown = signal<string | null>(null); // the query that the rows are of
export const shownLine = signal(""); // the filter line that it came from
export const liveRate = signal(0);
export const manyNamespaces = signal(false);
export const summary = signal<{ of: string; at: number; value: Summary } | null>(null);
export const tallies = signal<Record<string, number>>({}); // verdicts, whatever of them the filter leaves out
export const status = signal<TapsStatus | null>(null);
export const statusAt = signal(0);
export const desk = signal(""); // the namespace in which this page can start taps, "*": any; empty: none
export const own = signal<OwnTap[]>([]); // that it started
export const deskAsks = signal<"" | "start" | OwnTap>(""); // the dialog that is open; of a tap: whether to stop it
export const words = signal<Words>({ flags: {}, verdicts: {}, orphanReasons: {} });

export const parsed = computed(() => parseFilter(filterLine.value));
const queryOf = (keep: (name: string) => boolean) => {
  const out = filterQuery(parsed.value.error ? [] : parsed.value.terms.filter((term) => keep(term.name)));
  if (tap.value) out.set("tap", tap.value);
  return out.toString();
};
export const query = computed(() => queryOf(() => true));
export const queryOfAllVerdicts = computed(() => queryOf((name) => name !== "verdict"));
export const isFollowing = computed(() => !file.value && !range.value);

export function address(at: Partial<{ id: string; range: Range | null; last: string }> = {}): string {
  const params = new URLSearchParams();
  const span = at.range === undefined ? range.value : at.range;
  if (view.value !== "list") params.set("view", view.value);
  if (filterLine.value) params.set("q", filterLine.value);
  if (tap.value) params.set("tap", tap.value);
  if (span) {
    params.set("from", new Date(span.from).toISOString());
    params.set("to", new Date(span.to).toISOString());
  } else if (last.value !== "10m") {
    params.set("last", last.value);
  }
  const id = at.id ?? selectedId.value;
  if (id) params.set("id", id);
  return `#${params}`;
}

function readRange(params: URLSearchParams): Range | null {
  const [from, to] = [Date.parse(params.get("from") ?? ""), Date.parse(params.get("to") ?? "")];
  return from < to ? { from, to } : null;
}

function readAddress() {
  const params = hash();
  batch(() => {
    if (params.has("token")) {
      token.value = takeToken();
      unauthorized.value = false;
    }
    const asked = params.get("view") as View;
    view.value = VIEWS.includes(asked) ? asked : "list";
    filterLine.value = params.get("q") ?? "";
    tap.value = params.get("tap") ?? "";
    const span = params.get("last") ?? "";
    last.value = LASTS.includes(span) ? span : "10m";
    range.value = readRange(params);
    selectedId.value = params.get("id") ?? "";
    if (selected.peek()?.id !== selectedId.peek()) selected.value = null;
  });
}
readAddress();
window.addEventListener("popstate", readAddress);
window.addEventListener("hashchange", readAddress);

let written = { line: filterLine.peek(), id: selectedId.peek(), at: 0 };
let first = true; // the address that the page was opened with is no step of its own
effect(() => {
  const now = performance.now();
  const next = address();
  const { line, id, at } = written;
  const typing = filterLine.value !== line && now - at < TYPING_MS;
  const chosen = selectedId.value !== id && filterLine.value === line;
  written = { line: filterLine.value, id: selectedId.value, at: filterLine.value === line ? at : now };
  const opened = first;
  first = false;
  if (next === (location.hash || "#")) return;
  if (opened || typing || chosen) history.replaceState(null, "", next);
  else history.pushState(null, "", next);
});

effect(() => {
  if (theme.value) document.documentElement.dataset.theme = theme.value;
  else delete document.documentElement.dataset.theme;
  localStorage.setItem("traffictap.theme", theme.value);
  localStorage.setItem("traffictap.utc", String(utc.value));
});

// A tab that was opened by a link asks the others of this address for the token.
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("traffictap");
tabs?.addEventListener("message", (event: MessageEvent<{ ask?: boolean; token?: string }>) => {
  const known = token.peek();
  if (event.data.ask && known && !unauthorized.peek()) tabs.postMessage({ token: known });
  if (event.data.token && unauthorized.peek()) useToken(event.data.token);
});
if (!token.peek()) tabs?.postMessage({ ask: true });

export function useToken(given: string) {
  batch(() => {
    token.value = store(given);
    unauthorized.value = false;
    failure.value = null;
  });
}

// What was opened by a key takes the focus when it is drawn.
export const entering = signal(false);

let saidAt = 0;
export function say(text: string) {
  announced.value = text;
  clearTimeout(saidAt);
  saidAt = window.setTimeout(() => (announced.value = ""), SAID_MS);
}

export function select(row: Row | null) {
  batch(() => {
    selected.value = row;
    selectedId.value = row?.id ?? "";
  });
}

// From an aggregate to the requests that it counts.
export function showRequests(line: string) {
  batch(() => {
    filterLine.value = line;
    view.value = "list";
    select(null);
  });
}
