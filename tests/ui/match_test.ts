// SPDX-License-Identifier: Apache-2.0
import { parseFilter } from "../../src/web/ui/src/filter";
import { matcher } from "../../src/web/ui/src/match";
import type { PairRecord } from "../../src/web/ui/src/record";

const record = {
  id: "a",
  tap: "shop/all",
  verdict: "NetworkOrProxy",
  source: { name: "frontend", namespace: "shop", pod: "frontend-0" },
  destination: { name: "10.0.0.9", ip: "10.0.0.9", service: "gone.shop.svc.cluster.local" },
  request: { method: "GET", path: "/cart/42?x=1", scheme: "http", authority: "gone", protocol: "HTTP/1.1", userAgent: "curl/8" },
  response: { code: 503, grpcStatus: "UNAVAILABLE" },
  timings: { startTime: "2026-01-31T12:00:00Z", clientMs: 120 },
  client: { flags: ["UF"] },
  trace: { traceId: "00000000000000008448eb211c80319c", spanId: "b7ad6b7169203331" },
} as unknown as PairRecord;
const keeps = (line: string, of = record) => matcher(parseFilter(line).terms).matches(of);

test.each([
  "", "code:5xx", "code:404|503", "code:500-599", "verdict:NetworkOrProxy|Ok", "flags:UF", "method:get", "path:/cart", "path:=/cart/42", "path:~/cart/[0-9]+",
  "path:=/cart/42?x=1", "source:frontend", "source:shop/front*", "source:pod/frontend-0", "destination:gone", "destination:svc/gone", "destination:gone.shop.svc.cluster.local",
  "destination:shop/gone", "workload:gone", "ns:shop", "to-ns:sh*", "min:100ms", "min:0s119ms", "min:120000us", "agent:curl/", "grpc:unavailable", "state:ended", "-state:Open", "orphan:none", "-orphan:any", "-code:2xx", "gone", "protocol:HTTP/1.1", "scheme:http",
  "trace:8448EB211C80319C", "trace:00-00000000000000008448eb211c80319c-b7ad6b7169203331-01",
])("%j keeps it", (line) => expect(keeps(line)).toBe(true));

test.each(["code:2xx", "code:0", "verdict:Ok", "-flags:UF", "path:/carts", "source:cart", "source:bank/frontend", "min:1s", "min:1h30m", "min:121000us", "ns:bank", "absent", "method:POST", "trace:8448eb211c80319d", "state:open", "-state:ended", "orphan:any", "orphan:NeverArrived"])(
  "%j leaves it out",
  (line) => expect(keeps(line)).toBe(false),
);

const tried = {
  ...record,
  client: { code: 200, attempts: 2 },
  server: [{ code: 503, pod: "gone-1" }, { code: 200, pod: "gone-2" }],
  destination: { name: "gone-v1", namespace: "shop", pod: "gone-2", service: "gone.shop.svc.cluster.local" },
} as unknown as PairRecord;
test.each([
  "client-code:2xx", "server-code:503", "server-code:2xx", "attempts:2", "attempts:1", "pod:gone-2", "pod:front*", "pod:other|gone-*", "service:gone", "service:shop/gone", "service:svc/gone.",
  "service:gone.shop.svc.cluster.local", "frontend cart", 'text:gone text:"/cart/42"', "-service:cart",
])("%j keeps what was tried twice", (line) => expect(keeps(line, tried)).toBe(true));
test.each(["client-code:5xx", "server-code:0", "attempts:3", "pod:gone", "service:bank/gone", "service:gon", "service:gone-v1", "frontend absent", '"frontend cart"', "-pod:gone-*"])(
  "%j leaves out what was tried twice",
  (line) => expect(keeps(line, tried)).toBe(false),
);

test("a side that is missing, open or a connection has no code", () => {
  expect(keeps("server-code:0")).toBe(false);
  expect(keeps("client-code:0")).toBe(true);
  expect(keeps("client-code:0", { ...record, state: "Open" } as PairRecord)).toBe(false);
  expect(keeps("client-code:0", { ...record, request: { protocol: "TCP" } } as PairRecord)).toBe(false);
});

test("a server's side alone is found by the host that was asked for", () => {
  const lone = { ...record, client: undefined, server: [{ code: 200 }], destination: { name: "cart-v1", namespace: "shop" }, request: { authority: "cart:8080" } } as unknown as PairRecord;
  expect(["service:cart", "service:cart.shop", "service:shop/cart", "service:bank/cart", "service:cart-v1"].map((line) => keeps(line, lone))).toEqual([true, true, true, false, false]);
});

test("one-sided records are told by their reason", () => {
  const lone = { ...record, orphanReason: "NeverArrived" } as PairRecord;
  expect(["orphan:any", "orphan:never-arrived", "orphan:PeerNotMeshed|NeverArrived", "orphan:None", "orphan:PeerNotMeshed", "-orphan:any"].map((line) => keeps(line, lone))).toEqual([true, true, true, false, false, false]);
});

test("no response does not mean a connection", () => {
  const tcp = { ...record, request: { protocol: "TCP" }, response: {} } as PairRecord;
  expect(keeps("code:0", tcp)).toBe(false);
  expect(keeps("code:0", { ...record, response: {} } as PairRecord)).toBe(true);
});

test("an open stream is told from what has ended", () => {
  const open = { ...record, state: "Open" } as PairRecord;
  expect([keeps("state:open", open), keeps("state:Open|Ended", open), keeps("state:ended", open), keeps("-state:open", open)]).toEqual([true, true, false, false]);
});

test("a record without most of its fields is no trouble", () => expect(keeps("code:0", { id: "a" } as PairRecord)).toBe(true));

test("what only the collector knows is refused by name", () => {
  expect(matcher(parseFilter("direction:in").terms).unknown).toContain("direction");
});
