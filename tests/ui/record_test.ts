// SPDX-License-Identifier: Apache-2.0
import { csvCell, toJson } from "../../src/web/ui/src/export";
import { ms, rate, visible } from "../../src/web/ui/src/format";
import { RowRing, toRow } from "../../src/web/ui/src/record";

const line = (id: string, path = "/cart", extra = {}) =>
  JSON.stringify({
    id,
    tap: "shop/all",
    verdict: "Ok",
    source: { name: "frontend", namespace: "shop" },
    destination: { name: "cart", namespace: "shop" },
    request: { method: "GET", path, scheme: "http", authority: "cart", protocol: "HTTP/1.1" },
    response: { code: 200 },
    timings: { startTime: "2026-01-31T12:00:00Z", clientMs: 10, serverMs: 8, betweenMs: 2 },
    client: {},
    server: [{}],
    ...extra,
  });

test("a row holds what the list shows", () => {
  const row = toRow(line("a"), 7);
  expect(row).toMatchObject({ seq: 7, source: "frontend", destination: "cart", code: 200, clientMs: 10, attempts: 1 });
});

test("an end that the reader may not see shows its namespace alone", () => {
  expect(toRow(line("a", "/", { destination: { namespace: "bank", reduced: true } }), 0).destination).toBe("bank/…");
});

test("the ring keeps the newest, knows its rows, and forgets the ids of the others", () => {
  const ring = new RowRing(3);
  for (let i = 0; i < 5; i++) ring.push(toRow(line(`id${i}`), i));
  expect(ring.length).toBe(3);
  expect(ring.evicted).toBe(2);
  expect(Array.from(ring.values(), (row) => row.seq)).toEqual([2, 3, 4]);
  expect(ring.indexOf(3)).toBe(1);
  expect(ring.indexOf(1)).toBe(-1);
  expect(ring.has("id0")).toBe(false);
  expect(ring.has("id4")).toBe(true);
});

test.each([
  ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
  ["+1", "'+1"],
  ["@x", "'@x"],
  ["-1", "'-1"],
  ["\t=1", "'\t=1"],
  ['a "b", c', '"a ""b"", c"'],
  ["plain", "plain"],
])("the cell %j becomes %j", (value, wanted) => expect(csvCell(value)).toBe(wanted));

test("JSON is the records as they came", () => expect(toJson([toRow(line("a"), 0)])).toBe(`${line("a")}\n`));

test("what could deceive the eye is shown as its code", () => {
  expect(visible("a\u001b[31mb")).toBe("a\\u{1b}[31mb");
  expect(visible("abc\u202etxt")).toBe("abc\\u{202e}txt");
  expect(visible("<script>")).toBe("<script>");
});

test("durations and rates are short", () => {
  expect([ms(0.08), ms(12.34), ms(150), ms(1500), ms(NaN)]).toEqual(["0.08 ms", "12.3 ms", "150 ms", "1.50 s", "–"]);
  expect([rate(0.2), rate(12), rate(12_345)]).toEqual(["0.20/s", "12/s", "12.3k/s"]);
});
