// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from "preact";
import { bytes, ms, visible } from "./format";
import type { PairRecord, Side } from "./record";
import { Timeline } from "./timeline";
import { VerdictTag } from "./verdict";
import { download } from "./export";
import { toggleTerm } from "./filter";
import * as state from "./state";

const FACTS: [string, string][] = [
  ["pod", "Pod"],
  ["code", "Code"],
  ["flags", "Flags"],
  ["durationMs", "Duration"],
  ["codeDetails", "Code details"],
  ["attempts", "Attempt"],
  ["startTime", "Started"],
  ["upstreamCluster", "Cluster"],
  ["routeName", "Route"],
  ["downstreamDirectRemote", "From address"],
  ["downstreamLocal", "At address"],
  ["upstreamLocal", "Onward from"],
  ["upstreamRemote", "Onward to"],
  ["peerPrincipal", "Peer identity"],
  ["localPrincipal", "Own identity"],
  ["sni", "SNI"],
  ["upstreamTransportFailure", "Transport failure"],
  ["connectionTermination", "Terminated by"],
  ["downstreamWireBytesSent", "Bytes sent"],
  ["downstreamWireBytesReceived", "Bytes received"],
];
const COMPARED = new Set(["code", "flags", "codeDetails"]);

function fact(side: Side | undefined, name: string): string {
  const value = side?.[name];
  if (value === undefined) return "";
  if (name === "durationMs") return ms(value as number);
  if (name.endsWith("BytesSent") || name.endsWith("BytesReceived")) return bytes(value as number);
  return visible(Array.isArray(value) ? value.join(", ") : String(value));
}

const missing = (record: PairRecord, side?: Side) =>
  side?.reduced ? "Not yours to see" : side ? "" : record.orphanReason ? `Silent: ${record.orphanReason}` : "Silent";

function Sides({ record }: { record: PairRecord }) {
  const servers = record.server?.length ? record.server : [undefined];
  const columns: [string, Side | undefined][] = [["Client’s proxy", record.client]];
  servers.forEach((server, i) => columns.push([servers.length > 1 ? `Server’s proxy, attempt ${i + 1}` : "Server’s proxy", server]));
  const rows = FACTS.filter(([name]) => columns.some(([, side]) => fact(side, name)));
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label="Both sides">
      <table class="sides">
        <thead>
          <tr>
            <td />
            {columns.map(([title, side]) => (
              <th key={title} scope="col">
                {title}
                {missing(record, side) && <span class="faint block">{missing(record, side)}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, label]) => {
            const values = columns.map(([, side]) => fact(side, name));
            const differ = COMPARED.has(name) && columns.every(([, side]) => side) && new Set(values).size > 1;
            return (
              <tr key={name} class={differ ? "differ" : ""}>
                <th scope="row">{label}</th>
                {values.map((value, i) => (
                  <td key={i} class="mono">
                    {value || <span class="faint">–</span>}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Facts({ title, of }: { title: string; of?: Record<string, unknown> }) {
  const entries = Object.entries(of ?? {}).flatMap(([name, value]) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.entries(value).map(([k, v]) => [`${name}: ${k}`, String(v)])
      : [[name, Array.isArray(value) ? value.join(", ") : String(value)]],
  );
  if (!entries.length) return null;
  return (
    <section>
      <h3>{title}</h3>
      <dl class="facts">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{visible(name)}</dt>
            <dd class="mono">{visible(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const Narrow = ({ term, children }: { term: [string, string]; children: ComponentChildren }) => (
  <button class="link" onClick={() => (state.filterLine.value = toggleTerm(state.filterLine.value, ...term))}>
    {children}
  </button>
);

export function Details() {
  const row = state.selected.value;
  if (!row) return null;
  const record = JSON.parse(row.line) as PairRecord;
  const between = record.timings.betweenMs;
  return (
    <aside class="details" aria-label="Details">
      <header>
        <VerdictTag verdict={record.verdict} />
        <span class={`num code c${Math.floor(row.code / 100)}`}>{row.code || "no response"}</span>
        {record.response?.grpcStatus && <span class="faint">{visible(record.response.grpcStatus)}</span>}
        <span class="grow" />
        <button class="action" onClick={() => download(`${record.id}.json`, "application/json", `${JSON.stringify(record, null, 2)}\n`)}>
          JSON
        </button>
        <button class="icon" aria-label="Close" title="Close (Esc)" onClick={() => state.select(null)}>
          ✕
        </button>
      </header>
      <h2>
        <span class="method">{visible(row.method)}</span> <span class="mono">{visible(row.path)}</span>
      </h2>
      <p class="edge">
        <Narrow term={["source", row.source]}>{visible(row.source)}</Narrow> <span class="faint">→</span>{" "}
        <Narrow term={["destination", row.destination]}>{visible(row.destination)}</Narrow>
        {record.destination?.service && <span class="faint"> · {visible(record.destination.service)}</span>}
      </p>
      <dl class="timings">
        <div><dt>Client saw</dt><dd class="num">{ms(record.timings.clientMs)}</dd></div>
        <div><dt>Server took</dt><dd class="num">{ms(record.timings.serverMs)}</dd></div>
        <div><dt>Between</dt><dd class="num">{ms(between)}</dd></div>
      </dl>
      <Timeline record={record} />
      <h3>Both sides</h3>
      <Sides record={record} />
      {record.denial && <Facts title="Denied" of={record.denial} />}
      {record.rpc && <Facts title="gRPC call" of={record.rpc} />}
      <Facts title="Request" of={record.request} />
      <Facts title="Response" of={record.response} />
      <Facts title="Source" of={record.source as Record<string, unknown>} />
      <Facts title="Destination" of={record.destination as Record<string, unknown>} />
      <p class="faint small">
        {record.tap} · {record.id}
      </p>
    </aside>
  );
}
