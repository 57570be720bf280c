// SPDX-License-Identifier: Apache-2.0

// A request as a link, as a text for others, and as a command that sends it again.
import type { Explanation } from "./api";
import { durationMs, instant, ms, visible } from "./format";
import { endName, fullName, lookOf, type PairRecord, type Side } from "./record";
import * as state from "./state";

const AROUND_MS = 30_000; // before and after the request that a link names

// With the absolute time, so that the link shows tomorrow what it shows today, as long as the collector has it.
export function linkTo(record?: PairRecord): string {
  const time = Date.parse(record?.timings.startTime ?? "");
  const now = Date.now();
  const listed = state.range.peek() ?? { from: now - durationMs(state.last.peek()), to: now };
  const range = record && !Number.isNaN(time) ? { from: time - AROUND_MS, to: time + AROUND_MS } : listed;
  return `${location.origin}${location.pathname}${state.address({ range, ...(record ? { id: record.id } : {}) })}`;
}

export async function copy(text: string, what: string) {
  try {
    await navigator.clipboard.writeText(text);
    state.say(`Copied ${what}.`);
  } catch {
    state.say(`The browser did not let the page copy ${what}.`);
  }
}

const end = (of: PairRecord["source"]) => fullName(endName(of));
// Where the trace can be looked at; empty where nobody said so, or not by a web address.
export function traceLink(template: string | undefined, traceId: string): string {
  if (!template || !/^https?:\/\//.test(template)) return "";
  return template.replaceAll("{traceId}", encodeURIComponent(traceId));
}

const answer = (side?: Side) => (side ? [side.grpcStatus || String(side.code ?? 0), ...(side.flags ?? [])].join(" ") : "–");

export function asText(record: PairRecord, told: Explanation | null): string {
  const { request, timings } = record;
  const lines = [
    `${request.method ?? request.protocol ?? ""} ${request.authority ?? ""}${request.path ?? ""} → ${answer(record.client ?? record.server?.at(-1))} (${lookOf(record)})`,
    `${end(record.source)} → ${end(record.destination)}, ${instant(Date.parse(timings.startTime))}`,
    ...(told ? [told.cause, told.missing, told.blame && `To blame: ${told.blame}.`] : []),
    `client ${ms(timings.clientMs)} [${answer(record.client)}], server ${ms(timings.serverMs)} [${(record.server ?? []).map(answer).join(", then ") || "–"}]`,
    ...(told?.parts.length ? [told.parts.map((part) => `${part.name} ${ms(part.ms)}`).join(" · ")] : []),
    `request id ${request.id ?? "–"}, record ${record.id}, tap ${record.tap}`,
    `kubectl traffictap explain ${record.id}`,
  ];
  return `${lines.filter(Boolean).map((line) => visible(String(line))).join("\n")}\n`;
}

// Nothing in the quotes is special to a POSIX shell.
export const shell = (text: string) => `'${text.replace(/'/g, "'\\''")}'`;

// Without its body, and with the headers that were captured: the rest is not known.
export function asCurl(record: PairRecord): string {
  const { request } = record;
  const url = `${request.scheme === "https" ? "https" : "http"}://${request.authority ?? record.destination.address ?? "unknown"}${request.path ?? "/"}`;
  const headers = { ...(request.userAgent ? { "user-agent": String(request.userAgent) } : {}), ...request.headers };
  const options = Object.entries(headers).filter(([name]) => !name.startsWith(":")).map(([name, value]) => `-H ${shell(`${name}: ${value}`)}`);
  const method = request.method && request.method !== "GET" ? ["-X", shell(request.method)] : [];
  return ["curl", "--globoff", "--path-as-is", ...method, ...options, "--", shell(url)].join(" ");
}
