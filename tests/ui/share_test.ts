// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { beforeAll } from "vitest";
import { parseRecord, type PairRecord } from "../../src/web/ui/src/record";
import { stubBrowser } from "./stub_browser";

const record = {
  id: "r1",
  tap: "shop/all",
  verdict: "ServerError",
  source: { name: "web", namespace: "shop" },
  destination: { name: "cart", namespace: "shop" },
  request: { id: "q", method: "POST", path: "/a'; touch x; '$(id)\u001b[31m", authority: "cart:80", scheme: "http", protocol: "HTTP/1.1", userAgent: "it's" },
  timings: { startTime: "2026-01-31T12:00:00Z", clientMs: 2 },
  client: { code: 500, flags: ["UF"] },
} as unknown as PairRecord;

let share: typeof import("../../src/web/ui/src/share");
beforeAll(async () => {
  stubBrowser();
  share = await import("../../src/web/ui/src/share");
});

test("a command means to a shell what the record says", () => {
  const words = execFileSync("sh", ["-c", `printf '%s\\n' ${share.asCurl(record).replace(/^curl/, "")}`]).toString().split("\n");
  expect(words).toContain("http://cart:80/a'; touch x; '$(id)\u001b[31m");
  expect(words).toContain("user-agent: it's");
  expect(words).toContain("POST");
});

test("a text tells the cause, and nothing in it steers a terminal", () => {
  const text = share.asText(record, { cause: "cart answered 500.", blame: "the server", missing: "", note: "", flags: [], parts: [], lanes: [] });
  expect(text).toContain("cart answered 500.");
  expect(text).toContain("shop/web → shop/cart");
  expect(text).not.toContain("\u001b");
});

test("a record without its ends is told of all the same", () => {
  const bare = parseRecord('{"id":"a","tap":"shop/all","verdict":"Ok","timings":{"startTime":"2026-01-31T12:00:00Z"}}');
  expect(share.asText(bare, null)).toContain("unknown → unknown");
  expect(share.asCurl(bare)).toContain("http://unknown/");
  expect(share.linkTo(bare)).toContain("id=a");
});

test("a trace is linked by a web address alone, and its id cannot leave its place", () => {
  expect(share.traceLink("https://jaeger.example/trace/{traceId}?uiFind={traceId}", "4bf9")).toBe("https://jaeger.example/trace/4bf9?uiFind=4bf9");
  expect(share.traceLink("https://jaeger.example/{traceId}", "../?a=b&c")).toBe("https://jaeger.example/..%2F%3Fa%3Db%26c");
  for (const bad of [undefined, "", "javascript:alert('{traceId}')", "//jaeger.example/{traceId}"]) expect(share.traceLink(bad, "4bf9")).toBe("");
});

test("a link has the absolute time around its request, and names it", () => {
  const link = new URL(share.linkTo(record));
  const params = new URLSearchParams(link.hash.slice(1));
  expect(params.get("id")).toBe("r1");
  expect(Date.parse(params.get("from")!)).toBeLessThan(Date.parse("2026-01-31T12:00:00Z"));
  expect(link.href).not.toContain("token");
});
