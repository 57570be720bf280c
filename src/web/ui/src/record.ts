// SPDX-License-Identifier: Apache-2.0

// A record as the collector sends it (traffictap.v1.TrafficPair as JSON; empty fields are left out).
export interface End {
  name?: string;
  namespace?: string;
  pod?: string;
  ip?: string;
  service?: string;
  address?: string;
  serviceAccount?: string;
  principal?: string;
  reduced?: boolean;
}
export interface Side {
  [field: string]: unknown;
  pod?: string;
  code?: number;
  codeDetails?: string;
  flags?: string[];
  startTime?: string;
  durationMs?: number;
  reduced?: boolean;
}
export interface Message {
  [field: string]: unknown;
  headers?: Record<string, string>;
}
export interface PairRecord {
  id: string;
  tap: string;
  verdict: string;
  orphanReason?: string;
  reporter: string;
  source: End;
  destination: End;
  request: Message & { method?: string; path?: string; protocol?: string; authority?: string; scheme?: string };
  response?: Message & { code?: number; flags?: string[]; codeDetails?: string; grpcStatus?: string };
  timings: { startTime: string; clientMs?: number; serverMs?: number; betweenMs?: number; clockOffsetMs?: number };
  client?: Side;
  server?: Side[];
  denial?: Record<string, unknown>;
  rpc?: Record<string, unknown>;
}

export const VERDICTS = ["Ok", "Retried", "ServerError", "NetworkOrProxy", "ClientAborted", "Mismatch", "Denied"] as const;

// What the list keeps of a record. The rest is parsed again from `line` when somebody looks at it.
export interface Row {
  seq: number;
  line: string;
  id: string;
  time: number; // ms since the epoch
  verdict: string;
  orphan: string;
  source: string;
  destination: string;
  method: string;
  path: string;
  code: number;
  clientMs: number; // NaN: not known
  serverMs: number;
  betweenMs: number;
  attempts: number;
}

export const endLabel = (end: End) => end.name ?? (end.namespace ? `${end.namespace}/…` : end.ip ?? "unknown");

export function toRow(line: string, seq: number): Row {
  const r = JSON.parse(line) as PairRecord;
  const t = r.timings ?? {};
  return {
    seq,
    line,
    id: r.id,
    time: Date.parse(t.startTime),
    verdict: r.verdict,
    orphan: r.orphanReason ?? "",
    source: endLabel(r.source ?? {}),
    destination: endLabel(r.destination ?? {}),
    method: r.request?.method ?? r.request?.protocol ?? "",
    path: r.request?.path ?? "",
    code: r.response?.code ?? 0,
    clientMs: t.clientMs ?? NaN,
    serverMs: t.serverMs ?? NaN,
    betweenMs: t.betweenMs ?? NaN,
    attempts: r.server?.length ?? 0,
  };
}

// The last `capacity` rows, oldest first. `evicted` counts those that fell out, so that a view can keep its place.
export class RowRing {
  private rows: Row[] = [];
  private ids = new Set<string>();
  private start = 0;
  evicted = 0;
  constructor(readonly capacity: number) {}

  get length() {
    return this.rows.length;
  }
  // Several taps may show one request: it is listed once.
  has(id: string) {
    return this.ids.has(id);
  }
  push(row: Row) {
    this.ids.add(row.id);
    if (this.rows.length < this.capacity) {
      this.rows.push(row);
      return;
    }
    this.ids.delete(this.rows[this.start].id);
    this.rows[this.start] = row;
    this.start = (this.start + 1) % this.capacity;
    this.evicted++;
  }
  at(index: number): Row | undefined {
    return this.rows[(this.start + index) % this.rows.length];
  }
  // The index of the row with this seq; seqs ascend by one.
  indexOf(seq: number): number {
    const first = this.at(0);
    const index = first ? seq - first.seq : -1;
    return index >= 0 && index < this.length ? index : -1;
  }
  *values() {
    for (let i = 0; i < this.length; i++) yield this.at(i)!;
  }
  clear() {
    this.rows = [];
    this.ids.clear();
    this.start = 0;
    this.evicted = 0;
  }
}
