// SPDX-License-Identifier: Apache-2.0
import { alike, buckets, countValues, FACETS, facetOf, sortRows } from "../../src/web/ui/src/facets";
import { KEYS } from "../../src/web/ui/src/filter_words";
import { toRow } from "../../src/web/ui/src/record";

const start = Date.parse("2026-01-31T12:00:00Z");
const row = (seq: number, extra: object = {}, timings: object = {}) =>
  toRow(JSON.stringify({ id: `${seq}`, verdict: "Ok", source: { name: "web" }, destination: { name: "cart" }, request: { method: "GET", path: `/${seq}?a=1` }, response: { code: 200 }, timings: { startTime: new Date(start + seq * 1000).toISOString(), ...timings }, ...extra }), seq);
const rows = [row(0, {}, { clientMs: 5 }), row(1, { verdict: "ServerError", response: { code: 500 } }, { clientMs: 50 }), row(2, {}, { serverMs: 1 }), row(3)];

test("values are counted, the most frequent first", () => {
  expect(countValues(rows, facetOf("code")!, 9)).toEqual([["200", 3], ["500", 1]]);
  expect(countValues(rows, facetOf("path")!, 2)).toHaveLength(2);
});

test("open streams are counted, and what has ended is not a value of its own", () => {
  expect(countValues([...rows, row(4, { state: "Open" })], facetOf("state")!, 9)).toEqual([["Open", 1]]);
  expect(countValues(rows, facetOf("state")!, 9)).toEqual([]);
});

test("requests like one end in the same way: a call of gRPC with its status, an open stream not at all", () => {
  const between = "source:web destination:cart";
  expect(alike(rows[1])).toBe(`${between} verdict:ServerError code:500`);
  expect(alike(row(4, { verdict: "ServerError", response: { code: 200, grpcStatus: "INTERNAL" } }))).toBe(`${between} verdict:ServerError grpc:INTERNAL`);
  expect(alike(row(5, { state: "Open", response: {} }))).toBe(`${between} state:Open`);
  expect(alike(row(6, { request: { protocol: "TCP" }, response: {}, client: { flags: ["UF"] } }))).toBe(`${between} verdict:Ok flags:UF`);
});

test("a record of a sample counts as all that it stands for", () => {
  const sampled = [row(0, { weight: 10 }, { clientMs: 5 }), row(1, {}, { clientMs: 50 }), row(2, { weight: 2.5, verdict: "Denied" })];
  expect(countValues(sampled, facetOf("verdict")!, 9)).toEqual([["Ok", 11], ["Denied", 2.5]]);
  const [bar] = buckets(sampled, start, start + 4000, 1);
  expect([bar.total, bar.counts, bar.p50]).toEqual([13.5, { Ok: 11, Denied: 2.5 }, 5]);
});

test("every facet is a key of the filter line", () => {
  for (const facet of FACETS) expect(KEYS[facet.key], facet.key).toBeDefined();
});

test("the plot counts verdicts by time and has quantiles only where something was measured", () => {
  const bars = buckets(rows, start, start + 4000, 4);
  expect(bars.map((bar) => bar.total)).toEqual([1, 1, 1, 1]);
  expect(bars[1].counts).toEqual({ ServerError: 1 });
  expect([bars[1].p50, bars[2].p99, bars[3].p50]).toEqual([50, 1, undefined]);
  expect(buckets(rows, start + 1000, start + 2000, 1)[0].total).toBe(1);
});

test("rows are sorted by what was chosen; unknown times are the least", () => {
  expect(sortRows(rows, "client", true).map((each) => each.seq).slice(0, 2)).toEqual([1, 0]);
  expect(sortRows(rows, "time", true)[0].seq).toBe(3);
});

test("rows are sorted by size, flags and pod; what was not answered has no size", () => {
  const some = [
    row(0, { response: { code: 200, bodyBytes: 9 }, server: [{ pod: "b" }], client: { flags: ["UF"] } }),
    row(1, { response: { code: 204 }, server: [{ pod: "c" }] }),
    row(2, { response: {}, server: [{ pod: "a" }], client: { flags: ["DC"] } }),
    row(3, { request: { protocol: "TCP" }, response: { bodyBytes: 99 } }),
  ];
  const order = (by: "size" | "flags" | "pod") => sortRows(some, by, true).map((each) => each.seq);
  expect(order("size").slice(0, 2)).toEqual([0, 1]);
  expect(order("flags").slice(0, 2)).toEqual([0, 2]);
  expect(order("pod")).toEqual([1, 0, 2, 3]);
});
