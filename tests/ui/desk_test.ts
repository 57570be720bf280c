// SPDX-License-Identifier: Apache-2.0
import { beforeAll, beforeEach, vi } from "vitest";
import { stubBrowser } from "./stub_browser";

let desk: typeof import("../../src/web/ui/src/desk");
let state: typeof import("../../src/web/ui/src/state");
beforeAll(async () => {
  stubBrowser();
  desk = await import("../../src/web/ui/src/desk");
  state = await import("../../src/web/ui/src/state");
});

const own = (tap: string, extra: object = {}) => ({ tap, ready: "", reason: "", message: "", drains: "", endsAt: "", refusal: "", ended: false, ...extra });
const now = () => performance.now() + 1000;

beforeEach(() => {
  state.own.value = [];
  state.tap.value = state.announced.value = "";
  state.view.value = "list";
});

test("what the server says of a field is put beside it, and the rest below the form", () => {
  expect(desk.faultOf("target: no workload \"crat\"")).toEqual({ field: "target", text: "No workload \"crat\"" });
  expect(desk.faultOf("user jane may not create: ask")).toEqual({ field: "", text: "User jane may not create: ask" });
  expect(desk.faultOf("")).toEqual({ field: "", text: "" });
});

test("a plan says what drains, and lists only what there is", () => {
  const plan = { refusal: "", status: { drains: "2 connections drain", patches: ["shop/x"], targets: [{ kind: "Service", name: "a", state: "Attached" }, { kind: "Service", name: "b", state: "NotAttached", reason: "NotFound", message: "no such" }] } };
  expect(desk.drainText(plan)).toBe("When the tap starts, and when it ends, 2 connections drain.");
  expect(desk.linesOf(plan)).toEqual([["Targets that cannot be tapped", ["Service/b: NotFound: no such"]], ["Objects that are added or changed", ["shop/x"]]]);
  expect(desk.drainText({ refusal: "", status: {} })).toBe("No connection drains.");
  expect(desk.drainText({ refusal: "", status: { attachment: "Standing" } })).toContain("attached permanently");
});

test("a form is the command line that starts the same tap, safe to paste", () => {
  const form = { namespace: "shop", target: "cart, svc/stock", duration: "10m", "attach-peers": "", "response-code": "404|503", method: "GET,POST", path: "/a b'; rm -rf ~", direction: "in" };
  expect(desk.commandOf(form)).toBe("kubectl traffictap tap cart svc/stock -n shop --duration 10m --response-code '404|503' --method GET,POST --path '/a b'\\''; rm -rf ~' --direction in");
  expect(desk.commandOf({ namespace: "shop", target: "", duration: "" })).toBe("kubectl traffictap tap -n shop");
});

test("of a tap's life it is said what is known", () => {
  const at = Date.parse("2026-01-31T12:00:00Z");
  const life = (tap: object, ms = 0) => desk.lifeOf(tap, at + ms);
  expect(life({ createdAt: "2026-01-31T11:48:00Z", endsAt: "2026-01-31T12:01:30Z", user: "jane" })).toBe("created 12 min ago by jane, ends in 90 s");
  expect(life({ createdAt: "2026-01-29T11:00:00Z", endsAt: "", user: "" })).toBe("created 2 d ago");
  expect(life({ endsAt: "2026-01-31T15:10:00Z" })).toBe("ends in 3 h");
  expect([life({ endsAt: "2026-01-31T12:00:00Z" }), life({})]).toEqual(["has ended", ""]);
  expect(life({ createdAt: "2026-01-31T12:00:00Z" }, -5000)).toBe("created 0 s ago"); // its clock is ahead of ours
});

test("a tap that was started is shown once it records", () => {
  desk.startedTap("shop/t");
  expect([state.view.value, state.own.value.length]).toEqual(["taps", 1]);
  desk.takeOwn([own("shop/t", { ready: "False" })], now());
  expect(state.view.value).toBe("taps");
  desk.takeOwn([own("shop/t", { ready: "True" })], now());
  expect([state.view.value, state.tap.value]).toEqual(["list", "shop/t"]);
});

test("a reader who went on is told, not moved", () => {
  desk.startedTap("shop/t");
  state.view.value = "map";
  desk.takeOwn([own("shop/t", { ready: "True" })], now());
  expect([state.view.value, state.tap.value]).toEqual(["map", ""]);
  expect(state.announced.value).toBe("Tap shop/t records.");
});

test("an answer from before the start does not count, and what ends the wait is told", () => {
  desk.startedTap("shop/t");
  desk.takeOwn([], 0);
  expect(state.own.value).toHaveLength(1);
  desk.takeOwn([own("shop/t", { refusal: "no pod matches" })], now());
  expect(state.announced.value).toBe("Tap shop/t: no pod matches");
  desk.startedTap("shop/u");
  desk.takeOwn([], now());
  expect(state.announced.value).toBe("Somebody deleted tap shop/u.");
});

test("a stopped tap is not shown any more", () => {
  desk.startedTap("shop/t");
  state.tap.value = "shop/t";
  desk.stoppedTap("shop/t");
  expect([state.own.value.length, state.tap.value]).toEqual([0, ""]);
});

test("a form goes with the token, and what fails comes back as a fault", async () => {
  const fetcher = vi.fn(async () => new Response('{"message":"duration: must be at least 1s"}', { status: 400 }));
  vi.stubGlobal("fetch", fetcher);
  state.token.value = "secret";
  expect(await desk.post("plan", { duration: "1ms" })).toEqual({ fault: { field: "duration", text: "Must be at least 1s" } });
  const [path, init] = fetcher.mock.calls[0] as unknown as [string, RequestInit];
  expect(path).toBe("/api/v1/page/plan");
  expect(init.headers).toEqual({ Authorization: "Bearer secret", "Content-Type": "application/json" });
  expect(init.body).toBe('{"duration":"1ms"}');
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("gone")));
  expect(await desk.post("stop", { tap: "shop/t" })).toMatchObject({ fault: { field: "" } });
});
