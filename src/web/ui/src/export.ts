// SPDX-License-Identifier: Apache-2.0
import { parseRecord, type PairRecord, type Row, type Side } from "./record";

// One definition for the page and for `kubectl traffictap -o csv` and `-o har`: src/cli/print/README.md.
const flagsOf = (r: PairRecord) => [...new Set([r.client, ...(r.server ?? [])].flatMap((side) => side?.flags ?? []))];
const codeOf = (r: PairRecord, side?: { code?: number }) => (side && r.request.protocol !== "TCP" ? (side.code ?? 0) : "");
const lastServer = (r: PairRecord) => r.server?.[r.server.length - 1];
const timeOf = (r: PairRecord) => {
  const time = Date.parse(r.timings.startTime);
  return Number.isNaN(time) ? "" : new Date(time).toISOString();
};

type Cell = string | number | undefined;
const COLUMNS: Record<string, (r: PairRecord) => Cell> = {
  time: timeOf,
  tap: (r) => r.tap,
  id: (r) => r.id,
  requestId: (r) => r.request.id as string,
  verdict: (r) => r.verdict,
  orphanReason: (r) => r.orphanReason,
  reporter: (r) => r.reporter,
  sourceNamespace: (r) => r.source.namespace,
  source: (r) => r.source.name ?? r.source.ip,
  destinationNamespace: (r) => r.destination.namespace,
  destination: (r) => r.destination.name ?? r.destination.ip,
  service: (r) => r.destination.service,
  protocol: (r) => r.request.protocol,
  method: (r) => r.request.method,
  authority: (r) => r.request.authority,
  path: (r) => r.request.path,
  code: (r) => codeOf(r, r.response ?? {}),
  clientCode: (r) => codeOf(r, r.client),
  serverCode: (r) => codeOf(r, lastServer(r)),
  grpcStatus: (r) => r.response?.grpcStatus,
  flags: (r) => flagsOf(r).join(" "),
  attempts: (r) => r.server?.length ?? 0,
  clientMs: (r) => r.timings.clientMs,
  serverMs: (r) => r.timings.serverMs,
  betweenMs: (r) => r.timings.betweenMs,
  clockOffsetMs: (r) => r.timings.clockOffsetMs,
  requestBytes: (r) => (r.request.bodyBytes as number) ?? 0,
  responseBytes: (r) => (r.response?.bodyBytes as number) ?? 0,
  state: (r) => r.state,
  weight: (r) => r.weight ?? 1,
};

// A cell that a spreadsheet would run as a formula gets an apostrophe in front.
export function csvCell(value: Cell): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

export function toCsv(rows: Iterable<Row>): string {
  const lines = [Object.keys(COLUMNS).join(",")];
  for (const row of rows) {
    const record = parseRecord(row.line);
    lines.push(Object.values(COLUMNS).map((value) => csvCell(value(record))).join(","));
  }
  return lines.join("\r\n") + "\r\n";
}

export function toJson(rows: Iterable<Row>): string {
  return Array.from(rows, (row) => row.line).join("\n") + "\n";
}

const headers = (list?: Record<string, string>) =>
  Object.entries(list ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value }));

// What may not stand in a URL (RFC 3986) is percent-encoded.
function encoded(text: string, marks: string): string {
  const bytes = new TextEncoder().encode(text);
  const hex = (at: number) => /^[0-9A-Fa-f]{2}$/.test(String.fromCharCode(bytes[at] ?? 0, bytes[at + 1] ?? 0));
  return Array.from(bytes, (byte, i) => {
    const c = String.fromCharCode(byte);
    const stays = /[A-Za-z0-9\-._~]/.test(c) || marks.includes(c) || (c === "%" && hex(i + 1));
    return stays ? c : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

function harUrl(r: PairRecord): string {
  const { scheme, authority, path = "" } = r.request;
  const host = encoded(authority || r.destination.address || "unknown", ":@[]!$&'()*+,;=");
  return `${scheme === "https" ? "https" : "http"}://${host}${encoded(path.startsWith("/") ? path : `/${path}`, "/?:@!$&'()*+,;=")}`;
}

// As it was sent: nothing is decoded.
function harQuery(path: string) {
  const query = path.includes("?") ? path.slice(path.indexOf("?") + 1) : "";
  return query.split("&").filter(Boolean).map((part) => {
    const equals = part.includes("=") ? part.indexOf("=") : part.length;
    return { name: part.slice(0, equals), value: part.slice(equals + 1) };
  });
}

const micros = (ms: number) => Math.round(ms * 1000) / 1000;

// The whole time in parts that one clock measured; a moment that did not come is the one before it.
function harTimings(side: Side, total: number) {
  let last = 0;
  const until = (moment: unknown, otherwise = last) => {
    const at = Math.min(Math.max(typeof moment === "number" ? moment : otherwise, last), total);
    const part = at - last;
    last = at;
    return micros(part);
  };
  const blocked = until(side.firstUpstreamTxByteMs);
  const send = until(side.lastUpstreamTxByteMs);
  const wait = until(side.firstUpstreamRxByteMs, total);
  return { blocked, send, wait, receive: until(total) };
}

// What HAR has no words for; what is empty is left out.
function beyondHar(r: PairRecord) {
  const texts = {
    id: r.id,
    tap: r.tap,
    requestId: r.request.id as string,
    verdict: r.verdict,
    orphanReason: r.orphanReason,
    reporter: r.reporter,
    sourceNamespace: r.source.namespace,
    source: r.source.name,
    destinationNamespace: r.destination.namespace,
    destination: r.destination.name,
    codeDetails: r.response?.codeDetails,
    grpcStatus: r.response?.grpcStatus,
    flags: flagsOf(r).join(","),
  };
  const { clientMs, serverMs, betweenMs } = r.timings;
  const known = Object.fromEntries(Object.entries(texts).filter(([, text]) => text));
  return { ...known, clientMs, serverMs, betweenMs, attempts: r.server?.length ?? 0, weight: r.weight };
}

function harEntry(r: PairRecord) {
  const total = r.timings.clientMs ?? r.timings.serverMs ?? 0;
  const side = r.client ?? lastServer(r) ?? {};
  const http = r.request.protocol ?? "HTTP/1.1";
  return {
    startedDateTime: timeOf(r) || "1970-01-01T00:00:00.000Z",
    time: micros(total),
    request: {
      method: r.request.method ?? "",
      url: harUrl(r),
      httpVersion: http,
      cookies: [],
      headers: headers(r.request.headers),
      queryString: harQuery(r.request.path ?? ""),
      headersSize: (r.request.headersBytes as number) || -1,
      bodySize: (r.request.bodyBytes as number) ?? 0,
    },
    response: {
      status: r.response?.code ?? 0,
      statusText: "",
      httpVersion: http,
      cookies: [],
      headers: headers(r.response?.headers),
      content: { size: (r.response?.bodyBytes as number) ?? 0, mimeType: r.response?.headers?.["content-type"] ?? "" },
      redirectURL: r.response?.headers?.location ?? "",
      headersSize: (r.response?.headersBytes as number) || -1,
      bodySize: (r.response?.bodyBytes as number) ?? 0,
    },
    cache: {},
    timings: harTimings(side, total),
    serverIPAddress: r.destination.ip || undefined,
    connection: (side.upstreamLocal as string) || undefined,
    _traffictap: beyondHar(r),
  };
}

export function toHar(rows: Iterable<Row>): string {
  const records = Array.from(rows, (row) => parseRecord(row.line));
  const entries = records.filter((r) => r.request.protocol !== "TCP" && !r.state).map(harEntry);
  return JSON.stringify({ log: { version: "1.2", creator: { name: "TrafficTap", version: "v1" }, entries } }, null, 1);
}

export function download(name: string, type: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
