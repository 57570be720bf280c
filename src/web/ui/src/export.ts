import type { PairRecord, Row } from "./record";

const COLUMNS = ["time", "verdict", "orphanReason", "source", "destination", "method", "path", "code", "clientMs", "serverMs", "betweenMs", "attempts", "id"];

// A cell that a spreadsheet would run as a formula gets an apostrophe in front.
export function csvCell(value: string | number): string {
  if (typeof value === "number") return Number.isNaN(value) ? "" : String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

export function toCsv(rows: Iterable<Row>): string {
  const lines = [COLUMNS.join(",")];
  for (const row of rows) {
    const time = Number.isNaN(row.time) ? "" : new Date(row.time).toISOString();
    const cells = [time, row.verdict, row.orphan, row.source, row.destination, row.method, row.path, row.code, row.clientMs, row.serverMs, row.betweenMs, row.attempts, row.id];
    lines.push(cells.map(csvCell).join(","));
  }
  return lines.join("\r\n") + "\r\n";
}

export function toJson(rows: Iterable<Row>): string {
  return Array.from(rows, (row) => row.line).join("\n") + "\n";
}

const headers = (list?: Record<string, string>) => Object.entries(list ?? {}).map(([name, value]) => ({ name, value }));

function harUrl(r: PairRecord): string {
  return `${r.request.scheme ?? "http"}://${r.request.authority ?? r.destination.address ?? "unknown"}${r.request.path ?? "/"}`;
}

function harQuery(path: string) {
  const query = path.includes("?") ? path.slice(path.indexOf("?") + 1) : "";
  return Array.from(new URLSearchParams(query), ([name, value]) => ({ name, value }));
}

// HAR 1.2, without bodies: `wait` is the server's time, `send` what the network and the proxies took.
function harEntry(r: PairRecord) {
  const total = r.timings.clientMs ?? r.timings.serverMs ?? 0;
  const wait = Math.min(r.timings.serverMs ?? total, total);
  const http = r.request.protocol ?? "HTTP/1.1";
  return {
    startedDateTime: r.timings.startTime,
    time: total,
    request: {
      method: r.request.method ?? "",
      url: harUrl(r),
      httpVersion: http,
      cookies: [],
      headers: headers(r.request.headers),
      queryString: harQuery(r.request.path ?? ""),
      headersSize: (r.request.headersBytes as number) ?? -1,
      bodySize: (r.request.bodyBytes as number) ?? 0,
    },
    response: {
      status: r.response?.code ?? 0,
      statusText: (r.response?.codeDetails as string) ?? "",
      httpVersion: http,
      cookies: [],
      headers: headers(r.response?.headers),
      content: { size: (r.response?.bodyBytes as number) ?? 0, mimeType: r.response?.headers?.["content-type"] ?? "" },
      redirectURL: r.response?.headers?.location ?? "",
      headersSize: (r.response?.headersBytes as number) ?? -1,
      bodySize: (r.response?.bodyBytes as number) ?? 0,
    },
    cache: {},
    timings: { send: total - wait, wait, receive: 0 },
    comment: `${r.verdict}${r.orphanReason ? ` (${r.orphanReason})` : ""}: ${r.source.name ?? "?"} -> ${r.destination.name ?? "?"}`,
  };
}

export function toHar(rows: Iterable<Row>): string {
  const entries = [];
  for (const row of rows) {
    const record = JSON.parse(row.line) as PairRecord;
    if (record.request?.method) entries.push(harEntry(record));
  }
  return JSON.stringify({ log: { version: "1.2", creator: { name: "TrafficTap", version: "1" }, entries } }, null, 1);
}

export function download(name: string, type: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
