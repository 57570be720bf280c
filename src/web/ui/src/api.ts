// SPDX-License-Identifier: Apache-2.0
import { routePath } from "./filter";

// Answers of /api/v1/summary, /api/v1/taps and /api/v1/explain.
export interface Quantiles {
  p50: number;
  p99: number;
}
export interface GroupEnd {
  namespace: string;
  name: string;
  service?: string; // of a destination that is known by it alone
}
export interface Group {
  source: GroupEnd;
  destination: GroupEnd;
  method?: string;
  route?: string;
  records: number;
  requests?: number; // that the records stand for, where that is an estimate from a sample
  rate: number;
  errors: number;
  verdicts?: Record<string, number>;
  clientMs?: Quantiles;
  serverMs?: Quantiles;
  betweenMs?: Quantiles;
}
export interface Summary {
  windowMs: number;
  records: number;
  requests?: number;
  verdicts: Record<string, number>;
  edges: Group[];
  routes: Group[];
  edgesLeftOut: number;
  routesLeftOut: number;
}
export interface OutputStatus {
  name: string;
  type: string;
  healthy: boolean;
  offered: number;
  delivered: number;
  deliveredBytes: number;
  queued: number;
  dropped: Record<string, number>;
  message?: string;
}
export interface TapStatus {
  tap: string;
  spec?: Record<string, unknown>; // as in a TrafficTap, without defaults and outputs
  completed: boolean;
  proxies: number;
  lostEntries: number;
  brokenStreams: number;
  records: { seen: number; offered: number; filtered: number; sampled: number; droppedOrphans: number; limited: number };
  verdicts: Record<string, number>;
  orphans: Record<string, number>;
  outputs: OutputStatus[];
  limitedEdges?: { edges: { source: GroupEnd; destination: GroupEnd; records: number }[]; others: number };
  live: { published: number; dropped: number; backlogRecords: number; backlogBytes: number; oldestTimeMs: number };
}
// A pairer whose records are not in an answer: a reader asks several.
export interface Missing {
  pairer: string;
  reason: string;
}
export interface TapsStatus {
  taps: TapStatus[];
  partial?: { missing: Missing[] };
  traceUrl?: string; // where a trace can be looked at, with {traceId} in it
  collector?: {
    version: string;
    entries: { received: number; kept: number; filtered: number; sampled: number; rejected: Record<string, number> };
    joins: { kept: number; pairs: number; retries: number; orphans: Record<string, number>; duplicates: number; waiting: number };
    readers: number;
  };
}
export interface Lane {
  name: string;
  side: "client" | "server";
  beginMs: number;
  durationMs: number;
  phases: { name: string; beginMs: number; endMs: number }[];
}
export interface Explanation {
  cause: string;
  blame: string;
  missing: string;
  note: string;
  flags: { flag: string; meaning: string }[];
  parts: { name: string; ms: number }[];
  lanes: Lane[];
}
// Words of records and their meanings.
export interface Words {
  flags: Record<string, string>;
  verdicts: Record<string, string>;
  orphanReasons: Record<string, string>;
}

// The requests of a group or a summary, by which its errors and verdicts are counted, and the mark of an estimate.
export const requestCount = (of: { records: number; requests?: number }) => of.requests ?? of.records;
export const about = (of: { requests?: number }) => (of.requests === undefined ? "" : "≈");

// The filter's value for an end of a group.
export const termOf = (end: GroupEnd) => end.service || (end.namespace ? `${end.namespace}/${end.name}` : end.name);

export const keyOf = (end: GroupEnd) => `${end.namespace}/${end.name}`;
export const edgeKey = (group: Group) => `${keyOf(group.source)} ${keyOf(group.destination)}`;

// The filter line of the requests that a group counts; empty where nothing is known to filter by.
export function requestsOf({ source, destination, method, route }: Group): string {
  const [from, to] = [termOf(source), termOf(destination)];
  const terms = [from && `source:${from}`, to && `destination:${to}`, method && method !== "TCP" && `method:${method}`, route && `path:${routePath(route)}`];
  return terms.filter(Boolean).join(" ");
}
