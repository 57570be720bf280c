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
  attempts?: number;
  grpcStatus?: string;
  grpcMessage?: string;
  upstreamTransportFailure?: string;
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
  state?: string; // "Open": it has not ended, and a newer record with this id follows
  reporter: string;
  source: End;
  destination: End;
  request: Message & { id?: string; method?: string; path?: string; protocol?: string; authority?: string; scheme?: string };
  response?: Message & { code?: number; flags?: string[]; codeDetails?: string; grpcStatus?: string; grpcMessage?: string };
  timings: { startTime: string; clientMs?: number; serverMs?: number; betweenMs?: number; clockOffsetMs?: number };
  client?: Side;
  server?: Side[];
  denial?: { by?: string; policy?: string; rule?: string; side?: string };
  dryRun?: { result?: string; policy?: string; rule?: string; side?: string };
  rpc?: { service?: string; method?: string };
  trace?: { traceId?: string; spanId?: string };
  weight?: number; // how many requests it stands for; absent: 1
}

// With the parts that a record may lack altogether.
export const whole = (r: Partial<PairRecord>) => ({ ...r, request: r.request ?? {}, source: r.source ?? {}, destination: r.destination ?? {}, timings: r.timings ?? {} }) as PairRecord;
export const parseRecord = (line: string) => whole(JSON.parse(line) as Partial<PairRecord>);

export const VERDICTS = ["Ok", "Retried", "ServerError", "NetworkOrProxy", "ClientAborted", "Mismatch", "Denied"] as const;

// One end by the name that says most, and the filter's value that finds it.
export interface EndName {
  ns: string;
  name: string;
  term: string;
  note: string; // what else is known: the address behind a service's name
}

// Of an end that no proxy told of, the service that was called says more than an address.
export function endName(end: End): EndName {
  const named = !!end.name && end.name !== end.ip;
  if (!named && end.service) {
    const [name, ns, svc] = end.service.split(".");
    const cluster = svc === "svc";
    return { ns: cluster ? ns : "", name: cluster ? name : end.service, term: end.service, note: end.address ?? end.ip ?? "" };
  }
  const name = end.name || end.ip || "";
  const ns = end.namespace ?? "";
  if (!name) return { ns, name: ns ? "…" : "unknown", term: ns ? `ns/${ns}` : "", note: end.reduced ? "no permission" : "" };
  return { ns, name, term: ns ? `${ns}/${name}` : name, note: end.address ?? "" };
}

export const fullName = ({ ns, name }: EndName) => (ns ? `${ns}/${name}` : name);

// What the list keeps of a record. The rest is parsed again from `line` when somebody looks at it.
export interface Row {
  seq: number; // in the order of arrival
  line: string;
  id: string;
  time: number; // ms since the epoch
  verdict: string;
  open: boolean; // it has not ended
  sides: number; // the client's and each server's
  orphan: string;
  source: EndName;
  destination: EndName;
  method: string;
  path: string;
  tcp: boolean;
  code: number;
  grpc: string;
  flags: string[];
  reason: string; // why a connection or request failed, in the words of a proxy
  tries: string; // of a retried request: "503, 200"
  pod: string; // of the server
  service: string; // the host that was routed to
  bytes: number; // of the answer's body
  clientMs: number; // NaN: not known
  serverMs: number;
  betweenMs: number; // NaN for retries: it would hold the earlier tries as well
  weight: number; // how many requests it stands for
}

const union = (lists: (string[] | undefined)[]) => [...new Set(lists.flatMap((list) => list ?? []))];

function reasonOf(r: PairRecord): string {
  if (r.denial?.by) return `denied by ${r.denial.policy ? `${r.denial.by} ${r.denial.policy}` : r.denial.by}`;
  const failure = [r.client, ...(r.server ?? [])].map((side) => side?.upstreamTransportFailure).find(Boolean);
  if (failure) return failure.replace(/_/g, " ").replace(/^.*connect error: */, "");
  return r.response?.grpcMessage ?? "";
}

export function toRow(line: string, seq: number): Row {
  const r = parseRecord(line);
  const t = r.timings;
  const servers = r.server ?? [];
  const retried = servers.length > 1 || (r.client?.attempts ?? 1) > 1;
  const last = servers[servers.length - 1];
  return {
    seq,
    line,
    id: r.id,
    time: Date.parse(t.startTime),
    verdict: r.verdict,
    open: r.state === "Open",
    sides: (r.client ? 1 : 0) + servers.length,
    orphan: r.orphanReason ?? "",
    source: endName(r.source),
    destination: endName(r.destination),
    method: r.request.method ?? r.request.protocol ?? "",
    path: r.request.path ?? "",
    tcp: r.request.protocol === "TCP",
    code: r.response?.code ?? 0,
    grpc: r.response?.grpcStatus ?? "",
    flags: union([r.client?.flags, ...servers.map((server) => server.flags), r.response?.flags]),
    reason: reasonOf(r),
    tries: retried ? servers.map((server) => server.grpcStatus || server.code || "no answer").join(", ") : "",
    pod: last?.pod ?? r.destination.pod ?? "",
    service: r.destination.service ?? "",
    bytes: (r.response?.bodyBytes as number) ?? 0,
    clientMs: t.clientMs ?? NaN,
    serverMs: t.serverMs ?? NaN,
    betweenMs: retried ? NaN : (t.betweenMs ?? NaN),
    weight: r.weight && r.weight > 0 ? r.weight : 1,
  };
}

// What stands in the column of codes.
export const outcome = (row: Row) => (row.tcp ? "TCP" : row.grpc && row.grpc !== "OK" ? row.grpc : row.code ? String(row.code) : row.open ? "open" : "none");
// Of its answer's body; undefined where nothing was answered, and for a connection, whose bytes each side counts.
export const answerBytes = (row: Row) => (row.tcp || !row.code ? undefined : row.bytes);
// What a row looks like: its verdict, which an open one does not have yet.
export const lookOf = (of: { verdict: string; open?: boolean; state?: string }) => (of.open || of.state === "Open" ? "Open" : of.verdict);
// How long it took, or takes so far.
const age = (row: Row) => Math.max(row.clientMs || 0, row.serverMs || 0);
// Whether a row says more than the one of the same id that is listed: the end goes before what was known until then, and
// more sides before fewer, as another tap may show one alone.
export const saysMore = (row: Row, listed: Row) => {
  if (row.open !== listed.open) return listed.open;
  return row.sides === listed.sides ? row.open && age(row) > age(listed) : row.sides > listed.sides;
};

const order = (a: Row, b: Row) => (a.time || 0) - (b.time || 0) || a.seq - b.seq;

// The latest `capacity` rows by their start, oldest first. Rows come in any order: a record with one side comes after
// the window in which the other could have come. They are in sight after `commit`.
export class RowStore {
  private rows: Row[] = [];
  private fresh: Row[] = [];
  private ids = new Map<string, Row>();
  estimated = false; // a row was of a sample: what is counted by weights is an estimate
  constructor(readonly capacity: number) {}

  get length() {
    return this.rows.length;
  }
  get all(): readonly Row[] {
    return this.rows;
  }
  // Several taps may show one request: it is listed once.
  has(id: string) {
    return this.ids.has(id);
  }
  add(row: Row) {
    this.ids.set(row.id, row);
    if (row.weight !== 1) this.estimated = true;
    this.fresh.push(row);
  }
  // Puts a newer row of the same request into the place of the one that is listed.
  replace(row: Row, listed: Row) {
    row.seq = listed.seq;
    row.time = listed.time; // of one start: the order stays
    const index = this.indexOf(listed);
    if (index >= 0) this.rows[index] = row;
    else this.fresh = this.fresh.map((each) => (each === listed ? row : each));
    this.ids.set(row.id, row);
  }
  commit() {
    if (!this.fresh.length) return;
    this.fresh.sort(order);
    const tail = this.rows.splice(this.place(this.fresh[0]));
    let i = 0;
    for (const row of this.fresh) {
      while (i < tail.length && order(tail[i], row) < 0) this.rows.push(tail[i++]);
      this.rows.push(row);
    }
    for (; i < tail.length; i++) this.rows.push(tail[i]);
    this.fresh = [];
    if (this.rows.length <= this.capacity) return;
    for (const row of this.rows.splice(0, this.rows.length - this.capacity)) this.ids.delete(row.id);
  }
  // The index of the first row that is not before this one.
  private place(row: Row): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (order(this.rows[mid], row) < 0) low = mid + 1;
      else high = mid;
    }
    return low;
  }
  // -1: it is not here any more.
  indexOf(row: Row): number {
    const index = this.place(row);
    return this.rows[index]?.id === row.id ? index : -1;
  }
  find(id: string): Row | undefined {
    return this.ids.get(id);
  }
  clear() {
    this.rows = [];
    this.fresh = [];
    this.ids.clear();
    this.estimated = false;
  }
}
