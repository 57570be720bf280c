// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Explanation } from "./api";
import { download } from "./export";
import { alike } from "./facets";
import { useEntering } from "./entering";
import { explain } from "./feed";
import { excludeTerm, toggleTerm } from "./filter";
import { bytes, instant, ms, visible } from "./format";
import { leaveDetails, moveSelection } from "./list";
import { endName, fullName, lookOf, outcome, parseRecord, type PairRecord, type Row, type Side } from "./record";
import { asCurl, asText, copy, linkTo, traceLink } from "./share";
import { Parts, PhaseTable, Timeline } from "./timeline";
import { VerdictTag, verdictLabel } from "./verdict";
import * as state from "./state";

const FACTS: [string, string][] = [
  ["code", "Code"],
  ["grpcStatus", "gRPC status"],
  ["grpcMessage", "gRPC message"],
  ["flags", "Flags"],
  ["codeDetails", "Code details"],
  ["upstreamTransportFailure", "Connection failed"],
  ["connectionTermination", "Terminated by"],
  ["durationMs", "Took"],
  ["pod", "Pod"],
  ["attempts", "Attempt"],
  ["spanId", "Span"],
  ["startTime", "Began"],
];
const CONNECTION: [string, string][] = [
  ["downstreamWireBytesSent", "Bytes sent"],
  ["downstreamWireBytesReceived", "Bytes received"],
  ["upstreamCluster", "Cluster"],
  ["routeName", "Route"],
  ["downstreamDirectRemote", "Called from"],
  ["downstreamLocal", "Called at"],
  ["upstreamLocal", "Went on from"],
  ["upstreamRemote", "Went on to"],
  ["peerPrincipal", "Peer’s identity"],
  ["localPrincipal", "Own identity"],
  ["sni", "SNI"],
];
const COMPARED = new Set(["code", "flags", "codeDetails", "grpcStatus"]);
// What of a record can be filtered by, and the filter's key for it.
const FILTERS: Record<string, string> = {
  code: "code", flags: "flags", grpcStatus: "grpc", method: "method", path: "path", authority: "host", userAgent: "agent", scheme: "scheme", protocol: "protocol", id: "text", policy: "text", traceId: "trace", pod: "pod",
};

function Value({ name, value }: { name: string; value: string }) {
  const key = FILTERS[name];
  const wanted = name === "path" || name === "userAgent" ? `=${value}` : value;
  const narrow = (event: MouseEvent) => {
    const change = event.altKey ? excludeTerm : toggleTerm;
    state.filterLine.value = change(state.filterLine.value, key, wanted);
  };
  return (
    <span class="value">
      {key && value && !value.includes('"') ? (
        <button class="link mono" title="Click: only these. Alt-click: none of these." onClick={narrow}>{visible(value)}</button>
      ) : (
        <span class="mono">{visible(value)}</span>
      )}
      <button class="copy" aria-label={`Copy ${name}`} title="Copy" onClick={() => void copy(value, name)}>
        <svg viewBox="0 0 12 12" aria-hidden="true"><path d="M4 4V1h7v7H8M1 4h7v7H1z" /></svg>
      </button>
    </span>
  );
}

function fact(side: Side | undefined, name: string, start: number): string {
  const value = side?.[name];
  if (value === undefined) return "";
  if (name === "durationMs") return ms(value as number);
  if (name.includes("WireBytes")) return bytes(value as number);
  if (name === "startTime") {
    const offset = Date.parse(value as string) - start;
    return Number.isNaN(offset) ? String(value) : offset === 0 ? instant(start) : `${offset > 0 ? "+" : "−"}${ms(Math.abs(offset))} by its own clock`;
  }
  return Array.isArray(value) ? value.join(" ") : String(value);
}

type Column = { title: string; side: Side };
const columnsOf = (record: PairRecord): Column[] => {
  const servers = record.server ?? [];
  const title = (i: number) => (servers.length > 1 ? `Server’s proxy, try ${i + 1}` : "Server’s proxy");
  return [...(record.client ? [{ title: "Client’s proxy", side: record.client }] : []), ...servers.map((side, i) => ({ title: title(i), side }))];
};

function SideRows({ record, facts }: { record: PairRecord; facts: [string, string][] }) {
  const columns = columnsOf(record);
  const start = Date.parse(record.timings.startTime);
  const rows = facts
    .map(([name, label]) => ({ name, label, values: columns.map(({ side }) => fact(side, name, start)) }))
    .filter(({ values }) => values.some(Boolean))
    .map((row) => ({ ...row, differ: COMPARED.has(row.name) && columns.length > 1 && new Set(row.values).size > 1 }));
  if (!rows.length) return null;
  rows.sort((a, b) => Number(b.differ) - Number(a.differ));
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label={facts === FACTS ? "Both sides" : "Connection"}>
      <table class="sides">
        <thead>
          <tr>
            <td />
            {columns.map(({ title, side }) => (
              <th key={title} scope="col">{title}{side.reduced && <span class="faint block">no permission</span>}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, label, values, differ }) => (
            <tr key={name} class={differ ? "differ" : ""}>
              <th scope="row">{label}{differ && <span class="faint block">differs</span>}</th>
              {values.map((value, i) => <td key={i} class={differ && value !== values[0] ? "odd-one" : ""}>{value ? <Value name={name} value={value} /> : <span class="faint">–</span>}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Facts({ of }: { of?: object }) {
  const entries = Object.entries(of ?? {}).flatMap(([name, value]): [string, string][] =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.entries(value).map(([k, v]) => [`${name}: ${k}`, String(v)])
      : [[name, Array.isArray(value) ? value.join(", ") : String(value)]],
  );
  return (
    <dl class="facts">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{visible(name)}</dt>
          <dd><Value name={name} value={value} /></dd>
        </div>
      ))}
    </dl>
  );
}

function Section({ title, of, open }: { title: string; of?: object; open?: boolean }) {
  if (!of || !Object.keys(of).length) return null;
  return (
    <details class="fold" open={open}>
      <summary>{title}</summary>
      <Facts of={of} />
    </details>
  );
}

function Ends({ record }: { record: PairRecord }) {
  const link = (which: "source" | "destination", children: ComponentChildren) => {
    const { term } = endName(record[which]);
    if (!term) return children;
    const key = term.startsWith("ns/") ? "ns" : which;
    return (
      <button class="link" title="Click: only these. Alt-click: none of these."
        onClick={(e) => (state.filterLine.value = (e.altKey ? excludeTerm : toggleTerm)(state.filterLine.value, key, term.replace(/^ns\//, "")))}>
        {children}
      </button>
    );
  };
  const text = (which: "source" | "destination") => visible(fullName(endName(record[which])));
  const note = endName(record.destination).note;
  return (
    <p class="edge">
      {link("source", text("source"))} <span class="faint">→</span> {link("destination", text("destination"))}
      {note && <span class="faint"> · {visible(note)}</span>}
    </p>
  );
}

function Why({ told }: { told: Explanation }) {
  return (
    <>
      {told.cause && <p class="cause">{visible(told.cause)}</p>}
      {told.missing && <p>{visible(told.missing)}</p>}
      {told.blame && <p class="faint">In short: {told.blame}.</p>}
      {told.flags.length > 0 && (
        <ul class="flags">
          {told.flags.map(({ flag, meaning }) => (
            <li key={flag}><Value name="flags" value={flag} /> {meaning || "newer than this page: see Envoy’s %RESPONSE_FLAGS%"}</li>
          ))}
        </ul>
      )}
    </>
  );
}

// Read out when it comes.
const Told = ({ told }: { told: Explanation | null | undefined }) => (
  <div class="told" aria-live="polite">
    {told ? <Why told={told} /> : <p class="faint">{told === undefined ? "Asking why…" : "The collector does not answer, so the cause cannot be shown."}</p>}
  </div>
);

function Actions({ record, told }: { record: PairRecord; told: Explanation | null }) {
  return (
    <p class="actions">
      <span class="faint small">Copy:</span>
      <button class="action small" onClick={() => void copy(linkTo(record), "the link")}>link</button>
      <button class="action small" onClick={() => void copy(asText(record, told), "the text")}>text</button>
      {record.request.protocol !== "TCP" && <button class="action small" onClick={() => void copy(asCurl(record), "the command")}>curl</button>}
      <button class="action small" onClick={() => void copy(`${JSON.stringify(record, null, 2)}\n`, "the JSON")}>JSON</button>
      <button class="action small" onClick={() => download(`${record.id}.json`, "application/json", `${JSON.stringify(record, null, 2)}\n`)}>Save JSON</button>
    </p>
  );
}

function useExplanation(line: string | undefined) {
  const [told, setTold] = useState<{ line?: string; value: Explanation | null | undefined }>({ value: undefined });
  useEffect(() => {
    if (!line) return;
    let current = true;
    void explain(line).then((value) => current && setTold({ line, value }));
    return () => {
      current = false;
    };
  }, [line]);
  return told.line === line ? told.value : undefined;
}

function Links({ row, record }: { row: Row; record: PairRecord }) {
  const id = record.request.id;
  const trace = record.trace?.traceId;
  const url = trace ? traceLink(state.status.value?.traceUrl, trace) : "";
  return (
    <p class="actions">
      <button class="action small" onClick={() => (state.filterLine.value = alike(row))}>Requests like this one</button>
      {id && <button class="action small" onClick={() => (state.filterLine.value = `text:${id.length === 36 ? id.slice(15) : id}`)}>All hops with this id</button>}
      {trace && <button class="action small" onClick={() => (state.filterLine.value = `trace:${trace}`)}>All requests of this trace</button>}
      {url && <a class="action small" href={url} target="_blank" rel="noopener noreferrer">Open the trace</a>}
    </p>
  );
}

export function Details() {
  const row = state.selected.value;
  const told = useExplanation(row?.line);
  const ref = useEntering();
  if (!row) return null;
  const record = parseRecord(row.line);
  const { client, server } = record;
  return (
    <aside ref={ref} class={`details d-${lookOf(row)}`} aria-label={`Details of ${visible(row.method)} ${visible(row.path)}: ${verdictLabel(lookOf(row))}`} tabIndex={-1}>
      <header>
        <VerdictTag verdict={lookOf(record)} />
        <span class={`num code c${Math.floor(row.code / 100)}`}>{row.tcp ? "TCP" : ["none", "open"].includes(outcome(row)) ? (row.open ? "no response yet" : "no response") : visible(outcome(row))}</span>
        {row.grpc === "OK" && <span class="faint">gRPC OK</span>}
        <span class="grow" />
        <button class="icon" aria-label="Previous request" title="Previous (k)" onClick={() => moveSelection(-1)}>↑</button>
        <button class="icon" aria-label="Next request" title="Next (j)" onClick={() => moveSelection(1)}>↓</button>
        <button class="icon" aria-label="Close" title="Close (Esc)" onClick={leaveDetails}>✕</button>
      </header>
      <h2><span class="method">{visible(row.method)}</span> <span class="mono">{visible(row.path)}</span></h2>
      <Ends record={record} />
      <Told told={told} />
      <Actions record={record} told={told ?? null} />
      {told && (
        <>
          <h3>Where the time went{record.timings.clientMs !== undefined && ` · ${ms(record.timings.clientMs)} in all`}</h3>
          <Parts told={told} total={record.timings.clientMs} />
          <Timeline told={told} />
          <PhaseTable told={told} />
        </>
      )}
      {(client || server?.length) && <h3>{client && server?.length ? "Both sides" : client ? "Client’s side" : "Server’s side"}</h3>}
      <SideRows record={record} facts={FACTS} />
      <Section title="Denied by" of={record.denial} open />
      <Section title="Dry run of policies" of={record.dryRun} open />
      <Section title="gRPC call" of={record.rpc} open />
      <Section title="Trace" of={record.trace} open />
      <details class="fold"><summary>Connection, bytes and identities</summary><SideRows record={record} facts={CONNECTION} /></details>
      <Section title="Request" of={record.request} open />
      <Section title="Response" of={record.response} />
      <Section title="Source" of={record.source} />
      <Section title="Destination" of={record.destination} />
      <Links row={row} record={record} />
      <p class="faint small">{record.tap} · <Value name="record" value={record.id} /> · {instant(row.time)}</p>
    </aside>
  );
}
