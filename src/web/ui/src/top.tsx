// SPDX-License-Identifier: Apache-2.0
import { signal } from "@preact/signals";
import { about, edgeKey, requestCount, requestsOf, type Group } from "./api";
import { count, ms, percent, rate, shortened, visible } from "./format";
import { VerdictBar } from "./verdict";
import * as state from "./state";

const order = signal<{ by: string; down: boolean }>({ by: "rate", down: true });
const per = signal<"routes" | "edges">("routes");
const ROUTE_MAX = 48; // characters: about what its column has room for in a window of 1440 pixels

const COLUMNS: [string, string, (g: Group) => number | string][] = [
  ["edge", "From → to", (g) => `${g.source.name} ${g.destination.name}`],
  ["route", "Route", (g) => `${g.method} ${g.route}`],
  ["rate", "Rate", (g) => g.rate],
  ["errors", "Failed", (g) => g.errors / Math.max(requestCount(g), 1)],
  ["verdicts", "Verdicts", (g) => 1 - (g.verdicts?.Ok ?? 0) / Math.max(requestCount(g), 1)],
  ["c50", "Client p50", (g) => g.clientMs?.p50 ?? -1],
  ["c99", "p99", (g) => g.clientMs?.p99 ?? -1],
  ["s50", "Server p50", (g) => g.serverMs?.p50 ?? -1],
  ["s99", "p99", (g) => g.serverMs?.p99 ?? -1],
  ["b50", "Between p50", (g) => g.betweenMs?.p50 ?? -1],
  ["b99", "p99", (g) => g.betweenMs?.p99 ?? -1],
];
const TEXTS = new Set(["edge", "route", "verdicts"]);

function sorted(groups: Group[]): Group[] {
  const value = COLUMNS.find(([name]) => name === order.value.by)![2];
  const sign = order.value.down ? -1 : 1;
  return [...groups].sort((a, b) => {
    const x = value(a);
    const y = value(b);
    return sign * (typeof x === "string" ? x.localeCompare(y as string) : x - (y as number));
  });
}

const end = (of: Group["source"]) => visible(state.manyNamespaces.value && of.namespace ? `${of.namespace}/${of.name}` : of.name || "unknown");

function Line({ group }: { group: Group }) {
  const times = [group.clientMs, group.serverMs, group.betweenMs];
  const show = () => state.showRequests(requestsOf(group));
  const route = `${group.method ?? ""} ${group.route ?? ""}`;
  return (
    <tr class="leads" onClick={show}>
      <th scope="row">
        <button class="link" title="Show its requests" onClick={(e) => { e.stopPropagation(); show(); }}>
          {end(group.source)} <span class="faint">→</span> {end(group.destination)}
        </button>
      </th>
      {per.value === "routes" && <td class="mono route" title={visible(route)}>{visible(shortened(route, ROUTE_MAX))}</td>}
      <td class="num right" title={`${about(group)}${count(requestCount(group))} requests`}>{about(group)}{rate(group.rate)}</td>
      <td class={`num right ${group.errors ? "bad" : ""}`}>{percent(group.errors, requestCount(group))}</td>
      <td><VerdictBar counts={group.verdicts ?? {}} total={requestCount(group)} brief /></td>
      {times.flatMap((t, i) => [<td key={i} class="num right">{ms(t?.p50)}</td>, <td key={`p${i}`} class="num right">{ms(t?.p99)}</td>])}
    </tr>
  );
}

function Head({ columns }: { columns: typeof COLUMNS }) {
  return (
    <tr>
      {columns.map(([name, label]) => {
        const mine = order.value.by === name;
        return (
          <th key={name} scope="col" class={TEXTS.has(name) ? "" : "right"} aria-sort={mine ? (order.value.down ? "descending" : "ascending") : undefined}>
            <button onClick={() => (order.value = { by: name, down: mine ? !order.value.down : true })}>
              {label}
              {mine && <span aria-hidden="true">{order.value.down ? " ↓" : " ↑"}</span>}
            </button>
          </th>
        );
      })}
    </tr>
  );
}

export function Top() {
  const summary = state.summary.value?.value;
  if (state.file.value) return <div class="empty"><h2>No statistics for files</h2><p><code>kubectl traffictap top --file FILE</code> counts its edges and routes.</p></div>;
  if (!summary) return <div class="empty">Counting…</div>;
  const columns = COLUMNS.filter(([name]) => name !== "route" || per.value === "routes");
  const leftOut = per.value === "routes" ? summary.routesLeftOut : summary.edgesLeftOut;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Busiest routes and edges">
      <div class="pad line">
        <div class="segments" role="group" aria-label="Group by">
          <button aria-pressed={per.value === "routes"} onClick={() => (per.value = "routes")}>Routes</button>
          <button aria-pressed={per.value === "edges"} onClick={() => (per.value = "edges")}>Edges</button>
        </div>
        <span class="faint small">
          {about(summary)}{count(requestCount(summary))} requests in {Math.round(summary.windowMs / 1000)} s {summary.requests !== undefined && `, estimated from ${count(summary.records)} records`} · a row leads to its requests{leftOut > 0 && ` · ${count(leftOut)} in groups that are not shown`}
        </span>
      </div>
      <table class="top">
        <thead><Head columns={columns} /></thead>
        <tbody>{sorted(summary[per.value]).map((group) => <Line key={`${edgeKey(group)} ${group.method} ${group.route}`} group={group} />)}</tbody>
      </table>
      {!summary.records && <div class="empty"><h2>No traffic in this time range</h2></div>}
    </div>
  );
}
