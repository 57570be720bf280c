// SPDX-License-Identifier: Apache-2.0
import { signal } from "@preact/signals";
import type { Group } from "./api";
import { count, ms, percent, rate, visible } from "./format";
import * as state from "./state";

const order = signal<{ by: string; down: boolean }>({ by: "rate", down: true });
const per = signal<"routes" | "edges">("routes");

const COLUMNS: [string, string, (g: Group) => number | string][] = [
  ["edge", "From → to", (g) => `${g.source.name} ${g.destination.name}`],
  ["route", "Route", (g) => `${g.method} ${g.route}`],
  ["rate", "Rate", (g) => g.rate],
  ["records", "Records", (g) => g.records],
  ["errors", "Errors", (g) => g.errors / Math.max(g.records, 1)],
  ["c50", "Client p50", (g) => g.clientMs?.p50 ?? -1],
  ["c99", "p99", (g) => g.clientMs?.p99 ?? -1],
  ["s50", "Server p50", (g) => g.serverMs?.p50 ?? -1],
  ["s99", "p99", (g) => g.serverMs?.p99 ?? -1],
  ["b50", "Between p50", (g) => g.betweenMs?.p50 ?? -1],
  ["b99", "p99", (g) => g.betweenMs?.p99 ?? -1],
];

function sorted(groups: Group[]): Group[] {
  const value = COLUMNS.find(([name]) => name === order.value.by)![2];
  const sign = order.value.down ? -1 : 1;
  return [...groups].sort((a, b) => {
    const x = value(a);
    const y = value(b);
    return sign * (typeof x === "string" ? x.localeCompare(y as string) : x - (y as number));
  });
}

function Line({ group }: { group: Group }) {
  const times = [group.clientMs, group.serverMs, group.betweenMs];
  return (
    <tr>
      <td>{visible(group.source.name)} <span class="faint">→</span> {visible(group.destination.name || "unknown")}</td>
      {per.value === "routes" && <td class="mono">{visible(`${group.method ?? ""} ${group.route ?? ""}`)}</td>}
      <td class="num right">{rate(group.rate)}</td>
      <td class="num right">{count(group.records)}</td>
      <td class={`num right ${group.errors ? "bad" : ""}`}>{percent(group.errors, group.records)}</td>
      {times.flatMap((t, i) => [<td key={i} class="num right">{ms(t?.p50)}</td>, <td key={`p${i}`} class="num right">{ms(t?.p99)}</td>])}
    </tr>
  );
}

export function Top() {
  const summary = state.summary.value;
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
          Last {Math.round(summary.windowMs / 1000)} s · {count(summary.records)} records{leftOut > 0 && ` · ${count(leftOut)} in groups that are not shown`}
        </span>
      </div>
      <table class="top">
        <thead>
          <tr>
            {columns.map(([name, label]) => {
              const mine = order.value.by === name;
              return (
                <th key={name} scope="col" aria-sort={mine ? (order.value.down ? "descending" : "ascending") : undefined}>
                  <button onClick={() => (order.value = { by: name, down: mine ? !order.value.down : true })}>
                    {label}
                    {mine && <span aria-hidden="true">{order.value.down ? " ↓" : " ↑"}</span>}
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {sorted(summary[per.value]).map((group) => (
            <Line key={`${group.source.namespace}/${group.source.name} ${group.destination.namespace}/${group.destination.name} ${group.method} ${group.route}`} group={group} />
          ))}
        </tbody>
      </table>
      {!summary.records && <div class="empty"><h2>No traffic in the last minute</h2></div>}
    </div>
  );
}
