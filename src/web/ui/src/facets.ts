// SPDX-License-Identifier: Apache-2.0

// The values that rows have of what one can filter by, counted.
import { answerBytes, outcome, type Row } from "./record";

export interface Facet {
  key: string; // of the filter line
  title: string;
  values: (row: Row) => string[];
}

const some = (value: string) => (value ? [value] : []);

export const FACETS: Facet[] = [
  { key: "verdict", title: "Verdict", values: (row) => some(row.verdict) },
  { key: "orphan", title: "One-sided", values: (row) => some(row.orphan) },
  { key: "state", title: "State", values: (row) => (row.open ? ["Open"] : []) },
  { key: "code", title: "Code", values: (row) => (row.tcp ? [] : [String(row.code)]) },
  { key: "grpc", title: "gRPC status", values: (row) => some(row.grpc) },
  { key: "flags", title: "Flag", values: (row) => row.flags },
  { key: "method", title: "Method", values: (row) => (row.tcp ? [] : some(row.method)) },
  { key: "source", title: "From", values: (row) => some(row.source.term) },
  { key: "destination", title: "To", values: (row) => some(row.destination.term) },
  { key: "path", title: "Path", values: (row) => some(row.path.split("?")[0]) },
];
const EITHER: Facet[] = [
  { key: "workload", title: "Workload", values: (row) => [row.source.term, row.destination.term].filter(Boolean) },
  { key: "pod", title: "Pod", values: (row) => some(row.pod) },
  { key: "service", title: "Service", values: (row) => some(row.service) },
  { key: "ns", title: "Namespace", values: (row) => [...new Set([row.source.ns, row.destination.ns])].filter(Boolean) },
  { key: "source-ns", title: "Namespace of the caller", values: (row) => some(row.source.ns) },
  { key: "destination-ns", title: "Namespace of the callee", values: (row) => some(row.destination.ns) },
];
export const facetOf = (key: string) => [...FACETS, ...EITHER].find((facet) => facet.key === key);

// The filter line of requests that ended in the same way between the same two, or have not ended either.
export function alike(row: Row): string {
  const terms = [row.source.term && `source:${row.source.term}`, row.destination.term && `destination:${row.destination.term}`, row.open ? "state:Open" : `verdict:${row.verdict}`];
  if (row.grpc && row.grpc !== "OK") terms.push(`grpc:${row.grpc}`);
  else if (!row.tcp && !row.open) terms.push(`code:${row.code}`);
  if (row.flags[0]) terms.push(`flags:${row.flags[0]}`);
  return terms.filter((term) => term && !term.includes(":ns/")).join(" ");
}

// How many requests have each value: a record of a sample counts as all that it stands for.
export function countValues(rows: readonly Row[], facet: Facet, max: number): [string, number][] {
  const counts = new Map<string, number>();
  for (const row of rows) for (const value of facet.values(row)) counts.set(value, (counts.get(value) ?? 0) + row.weight);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, max);
}

// Of a list of values and their weights, in order, the one below which a share of all weights is.
function quantile(list: readonly (readonly [number, number])[], share: number): number {
  const first = list[0][1];
  let left = share * (list.reduce((sum, [, weight]) => sum + weight, 0) - first);
  for (const [value, weight] of list) if ((left -= weight) < 0) return value;
  return list[list.length - 1][0];
}

// --- the plot: how many requests of each verdict, and how long they took ---
export interface Bucket {
  from: number;
  counts: Record<string, number>;
  total: number;
  p50?: number;
  p99?: number;
}
const LATENCIES_MAX = 20_000; // of rows that are sorted for quantiles; the newest

export function buckets(rows: readonly Row[], from: number, to: number, count: number): Bucket[] {
  const width = (to - from) / count;
  const out: Bucket[] = Array.from({ length: count }, (_, i) => ({ from: from + i * width, counts: {}, total: 0 }));
  const times: [number, number][][] = out.map(() => []);
  for (let i = rows.length - 1, n = 0; i >= 0; i--, n++) {
    const row = rows[i];
    if (row.time < from) break;
    const slot = Math.floor((row.time - from) / width);
    if (!(slot >= 0 && slot < count)) continue;
    const bucket = out[slot];
    bucket.total += row.weight;
    bucket.counts[row.verdict] = (bucket.counts[row.verdict] ?? 0) + row.weight;
    const took = Number.isNaN(row.clientMs) ? row.serverMs : row.clientMs;
    if (n < LATENCIES_MAX && !Number.isNaN(took)) times[slot].push([took, row.weight]);
  }
  times.forEach((list, i) => {
    if (!list.length) return;
    list.sort(([a], [b]) => a - b);
    out[i].p50 = quantile(list, 0.5);
    out[i].p99 = quantile(list, 0.99);
  });
  return out;
}

export type SortKey = "time" | "outcome" | "request" | "edge" | "client" | "server" | "between" | "size" | "flags" | "pod";
const number = (value: number) => (Number.isNaN(value) ? -1 : value);
const SORTS: Record<SortKey, (row: Row) => number | string> = {
  time: (row) => row.time,
  outcome: (row) => outcome(row),
  request: (row) => `${row.path} ${row.method}`,
  edge: (row) => `${row.source.name} ${row.destination.name}`,
  client: (row) => number(row.clientMs),
  server: (row) => number(row.serverMs),
  between: (row) => number(row.betweenMs),
  size: (row) => answerBytes(row) ?? -1,
  flags: (row) => row.flags.join(" "),
  pod: (row) => row.pod,
};
export function sortRows(rows: readonly Row[], by: SortKey, down: boolean): Row[] {
  const value = SORTS[by];
  const keyed = rows.map((row) => [value(row), row] as const);
  keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const out = keyed.map(([, row]) => row);
  return down ? out.reverse() : out;
}
