// SPDX-License-Identifier: Apache-2.0
import { csvCell, toJson } from "../../src/web/ui/src/export";
import { clock, durationMs, ms, rate, shortened, visible } from "../../src/web/ui/src/format";
import { endName, fullName, lookOf, outcome, parseRecord, RowStore, saysMore, toRow } from "../../src/web/ui/src/record";

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
const at = (id: string, second: number) => line(id, "/", { timings: { startTime: `2026-01-31T12:00:${String(second).padStart(2, "0")}Z` } });
const ids = (store: RowStore) => store.all.map((row) => row.id).join("");

test("a row holds what the list shows", () => {
  const row = toRow(line("a"), 7);
  expect(row).toMatchObject({ seq: 7, code: 200, clientMs: 10, betweenMs: 2, tries: "", tcp: false });
  expect([row.source.term, row.destination.name]).toEqual(["shop/frontend", "cart"]);
});

test("an end that the reader may not see shows its namespace alone", () => {
  expect(toRow(line("a", "/", { destination: { namespace: "bank", reduced: true } }), 0).destination).toMatchObject({ ns: "bank", name: "…" });
});

test("a service that never answered has its name, not its address", () => {
  const gone = toRow(line("a", "/", { destination: { name: "10.0.0.9", ip: "10.0.0.9", address: "10.0.0.9:80", service: "gone.bank.svc.cluster.local" } }), 0).destination;
  expect(gone).toEqual({ ns: "bank", name: "gone", term: "gone.bank.svc.cluster.local", note: "10.0.0.9:80" });
  expect(toRow(line("a", "/", { destination: { ip: "1.2.3.4", service: "api.example.com" } }), 0).destination).toMatchObject({ ns: "", name: "api.example.com" });
});

test("what lies between is not told of retries, whose earlier tries it holds", () => {
  const row = toRow(line("a", "/", { client: { attempts: 2 }, server: [{ code: 503 }, { code: 200 }] }), 0);
  expect(row.betweenMs).toBeNaN();
  expect(row.tries).toBe("503, 200");
});

test("a connection is TCP and a failed gRPC call its status; no response is none", () => {
  expect(outcome(toRow(line("a", "/", { request: { protocol: "TCP" }, response: {} }), 0))).toBe("TCP");
  expect(outcome(toRow(line("a", "/", { response: { code: 200, grpcStatus: "UNAVAILABLE" } }), 0))).toBe("UNAVAILABLE");
  expect(outcome(toRow(line("a", "/", { response: {} }), 0))).toBe("none");
});

test("why a request failed is in the row", () => {
  const reason = (extra: object) => toRow(line("a", "/", extra), 0).reason;
  expect(reason({ client: { upstreamTransportFailure: "delayed_connect_error:_Connection_refused" } })).toBe("Connection refused");
  expect(reason({ denial: { by: "AuthorizationPolicy", policy: "shop/deny" } })).toBe("denied by AuthorizationPolicy shop/deny");
});

test("rows are in the order of their start, whenever they come", () => {
  const store = new RowStore(10);
  for (const [id, second] of [["a", 1], ["c", 3]] as const) store.add(toRow(at(id, second), second));
  store.commit();
  for (const [id, second] of [["b", 2], ["d", 4]] as const) store.add(toRow(at(id, second), 10 + second));
  store.commit();
  expect(ids(store)).toBe("abcd");
  expect(store.indexOf(store.all[2])).toBe(2);
  expect(store.find("b")?.seq).toBe(12);
});

test("an open stream's row gives way to newer ones of its id, and the end's to none", () => {
  const row = (clientMs: number, extra = {}, seq = 1) => toRow(line("b", "/", { timings: { startTime: "2026-01-31T12:00:02Z", clientMs }, ...extra }), seq);
  const [first, second, end] = [row(10_000, { state: "Open" }), row(20_000, { state: "Open" }, 2), row(30_000, {}, 3)];
  expect([lookOf(first), lookOf(end), outcome(row(1, { state: "Open", response: {} }))]).toEqual(["Open", "Ok", "open"]);
  expect([saysMore(second, first), saysMore(first, second), saysMore(end, second), saysMore(second, end)]).toEqual([true, false, true, false]);
  const store = new RowStore(10);
  for (const each of [toRow(at("a", 1), 0), first, toRow(at("c", 3), 9)]) store.add(each);
  store.replace(second, first); // before it was in sight
  store.commit();
  expect(store.find("b")).toBe(second);
  store.replace(end, second);
  expect([ids(store), store.length, store.all[1]]).toEqual(["abc", 3, end]);
  expect([store.find("b"), store.indexOf(first), end.seq]).toEqual([end, 1, 1]);
});

test("of two rows of one id that with more sides counts, whichever came first", () => {
  const [half, pair] = [{ server: undefined }, {}].map((extra, i) => toRow(line("a", "/", extra), i));
  const open = toRow(line("a", "/", { state: "Open" }), 2);
  expect([saysMore(pair, half), saysMore(half, pair), saysMore(pair, pair)]).toEqual([true, false, false]);
  expect([saysMore(half, open), saysMore(open, half)]).toEqual([true, false]);
});

test("rows without a time are found as well, in the order in which they came", () => {
  const store = new RowStore(10);
  for (const [i, id] of ["a", "b", "c"].entries()) store.add(toRow(line(id, "/", { timings: {} }), i));
  store.commit();
  expect(store.all.map((row) => store.indexOf(row))).toEqual([0, 1, 2]);
});

test("a record has all its parts, whatever its line lacks", () => {
  expect(parseRecord('{"id":"a","source":null}')).toEqual({ id: "a", request: {}, source: {}, destination: {}, timings: {} });
  expect(JSON.stringify(parseRecord(line("a")))).toBe(line("a"));
});

test("the full name of an end has its namespace, where it is known", () => {
  expect([{ name: "cart", namespace: "shop" }, { ip: "10.0.0.9" }, { namespace: "bank" }, {}].map((end) => fullName(endName(end)))).toEqual(["shop/cart", "10.0.0.9", "bank/…", "unknown"]);
});

test("the store keeps the newest, and forgets the ids of the others", () => {
  const store = new RowStore(3);
  const rows = [0, 1, 2, 3, 4].map((second) => toRow(at(`${second}`, second), second));
  for (const row of rows) {
    store.add(row);
    store.commit();
  }
  expect(ids(store)).toBe("234");
  expect(store.indexOf(rows[1])).toBe(-1);
  expect([store.has("0"), store.has("4")]).toEqual([false, true]);
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

test("a long name is cut in its middle", () => {
  expect(["cart", "cart-v10000", "checkout-service-v2"].map((name) => shortened(name, 10))).toEqual(["cart", "cart…10000", "chec…ce-v2"]);
  expect(shortened("checkout-service-v2", 11)).toBe("check…ce-v2");
});

test("durations, rates and times are short", () => {
  expect([ms(0.08), ms(12.34), ms(150), ms(1500), ms(NaN)]).toEqual(["0.08 ms", "12.3 ms", "150 ms", "1.50 s", "–"]);
  expect([rate(0.2), rate(12), rate(12_345)]).toEqual(["0.20/s", "12/s", "12.3k/s"]);
  expect(clock(Date.parse("2026-01-31T12:00:01.5Z"), true)).toBe("12:00:01.500");
  expect([durationMs("30s"), durationMs("10m"), durationMs("1h")]).toEqual([30_000, 600_000, 3_600_000]);
});

test.each([
  ["1h30m", 5_400_000],
  ["1m1s1ms", 61_001],
  ["250ms", 250],
  ["1500us", 1.5],
  ["2ms500000ns", 2.5],
  ["0s", 0],
])("the duration %j is %d ms", (text, wanted) => expect(durationMs(text)).toBeCloseTo(wanted, 9));

test.each(["", "5", "m", "1.5s", "-1s", "1s1m", "1s1s", "05s", "1 s", "1d", "1S", "x1s", "1s\n"])("%j is no duration", (text) => expect(durationMs(text)).toBeNaN());
