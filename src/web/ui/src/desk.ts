// SPDX-License-Identifier: Apache-2.0

// Taps that are started from the page, where `kubectl traffictap ui` serves it: what its own paths answer.
import { batch } from "@preact/signals";
import { age } from "./format";
import { shell } from "./share";
import * as state from "./state";
import { failureOf } from "./stream";

// Of /api/v1/page/taps: what this page's server started, and deletes when it ends.
export interface OwnTap {
  tap: string;
  ready: string; // "True", "False", "Unknown", "": not looked at yet
  reason: string;
  message: string;
  drains: string; // what happens to open connections when it starts and when it ends
  endsAt: string; // empty: no limit ends it
  refusal: string; // why it will never record
  ended: boolean;
}
export interface Plan {
  refusal: string;
  status: {
    drains?: string;
    attachment?: string;
    workloads?: { matched?: number; pods?: number; proxies?: number };
    conditions?: { type: string; reason?: string; message?: string }[];
    targets?: { kind?: string; name?: string; state?: string; reason?: string; message?: string }[];
    peers?: { kind?: string; name?: string; namespace?: string }[];
    patches?: string[];
    notVisible?: { subject?: string; reason?: string; message?: string }[];
  };
}
// By the names of the options of `kubectl traffictap tap`.
export type Form = Record<string, string>;
export const FIELDS = ["namespace", "target", "duration", "attach-peers", "response-code", "min-duration", "method", "path", "direction"];
export interface Fault {
  field: string; // of the form; empty: none in particular
  text: string;
}

// What the server says of a field begins with its name.
export function faultOf(message: string): Fault {
  const field = FIELDS.find((name) => message.startsWith(`${name}: `)) ?? "";
  const text = field ? message.slice(field.length + 2) : message;
  return { field, text: text.charAt(0).toUpperCase() + text.slice(1) };
}

export type Answer<T> = { value: T } | { fault: Fault };

export async function post<T>(what: "plan" | "start" | "stop" | "peers", body: Form, signal?: AbortSignal): Promise<Answer<T>> {
  try {
    const response = await fetch(`/api/v1/page/${what}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${state.token.peek()}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      cache: "no-store",
      signal,
    });
    if (response.ok) return { value: (await response.json()) as T };
    return { fault: faultOf((await failureOf(response)).message) };
  } catch {
    return { fault: { field: "", text: "The server of this page does not answer. Is kubectl traffictap ui still running?" } };
  }
}

// What a plan comes to: of each list its heading and its lines, those that are empty left out.
export function linesOf({ status }: Plan): [string, string[]][] {
  const text = (...parts: (string | undefined)[]) => parts.filter(Boolean).join(": ");
  const lost = (status.targets ?? []).filter((target) => target.state === "NotAttached");
  const lists: [string, string[]][] = [
    ["Targets that cannot be tapped", lost.map((target) => text(`${target.kind}/${target.name}`, target.reason, target.message))],
    ["Attached too, so that records have both sides", (status.peers ?? []).map((peer) => [peer.namespace, peer.kind, peer.name].filter(Boolean).join("/"))],
    ["Not visible", (status.notVisible ?? []).map((each) => text(each.subject, each.reason, each.message))],
    [status.attachment === "Standing" ? "Objects that attach the proxies permanently" : "Objects that are added or changed", status.patches ?? []],
  ];
  return lists.filter(([, lines]) => lines.length > 0);
}

export function drainText({ status }: Plan): string {
  if (status.drains) return `When the tap starts, and when it ends, ${status.drains}.`;
  return status.attachment === "Standing" ? "No connection drains: the proxies are attached permanently." : "No connection drains.";
}

// The command line that starts the same tap, for a terminal or for somebody else.
export function commandOf({ namespace, target, ...options }: Form): string {
  const word = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : shell(text));
  const targets = target.split(/[\s,]+/).filter(Boolean);
  const given = Object.entries(options).filter(([, value]) => value).map(([name, value]) => `--${name} ${word(value)}`);
  return ["kubectl traffictap tap", ...targets.map(word), `-n ${word(namespace)}`, ...given].join(" ");
}

// Since when it is there, by whom, and how long it has left; what is not known is left out.
export function lifeOf(tap: { createdAt?: string; endsAt?: string; user?: string }, now: number): string {
  const [created, ends] = [Date.parse(tap.createdAt ?? ""), Date.parse(tap.endsAt ?? "")];
  const by = tap.user ? ` by ${tap.user}` : "";
  const begun = Number.isNaN(created) ? "" : `created ${age(now - created)} ago${by}`;
  const left = Number.isNaN(ends) ? "" : ends > now ? `ends in ${age(ends - now)}` : "has ended";
  return [begun, left].filter(Boolean).join(", ");
}

let awaited = ""; // was started here, and does not record yet
let awaitedSince = 0;

export function startedTap(tap: string) {
  awaited = tap;
  awaitedSince = performance.now();
  batch(() => {
    state.own.value = [...state.own.peek(), { tap, ready: "", reason: "", message: "", drains: "", endsAt: "", refusal: "", ended: false }];
    state.view.value = "taps";
  });
  state.say(`Tap ${tap} is starting. Its requests are shown as soon as it records.`);
}

export function stoppedTap(tap: string) {
  if (awaited === tap) awaited = "";
  batch(() => {
    state.own.value = state.own.peek().filter((each) => each.tap !== tap);
    if (state.tap.peek() === tap) state.tap.value = "";
  });
  state.say(`Tap ${tap} is stopped.`);
}

export function watchTap(tap: string) {
  batch(() => {
    state.filterLine.value = "";
    state.range.value = null;
    state.tap.value = tap;
    state.view.value = "list";
  });
}

// The answer to a question that was asked at `askedAt`. A stream of a tap that does not record yet would be refused,
// so that it is shown only then, and only to a reader who still waits for it.
export function takeOwn(taps: OwnTap[], askedAt: number) {
  if (awaited && askedAt < awaitedSince) return;
  state.own.value = taps;
  if (!awaited) return;
  const tap = taps.find((each) => each.tap === awaited);
  if (tap && !tap.refusal && !tap.ended && tap.ready !== "True") return;
  const name = awaited;
  awaited = "";
  if (!tap) return state.say(`Somebody deleted tap ${name}.`);
  if (tap.refusal) return state.say(`Tap ${name}: ${tap.refusal}`);
  if (tap.ended) return state.say(`Tap ${name} has ended.`);
  if (state.view.peek() === "taps" && !state.deskAsks.peek()) watchTap(name);
  state.say(`Tap ${name} records.`);
}
