// SPDX-License-Identifier: Apache-2.0

// What the map knows of the edge or node that was chosen, and the way to its requests.
import { about, edgeKey, keyOf, requestCount, requestsOf, termOf, type Group, type Quantiles, type Summary } from "./api";
import { useEntering } from "./entering";
import { count, ms, percent, rate, visible } from "./format";
import { chosen, only } from "./map";
import { VerdictBar } from "./verdict";
import * as state from "./state";

const ROUTES_MAX = 6;

const Times = ({ label, of, top, css }: { label: string; of?: Quantiles; top: number; css: string }) => (
  <tr>
    <th scope="row">{label}</th>
    <td class="num right">{ms(of?.p50)}</td>
    <td class="num right">{ms(of?.p99)}</td>
    <td class="gauge" aria-hidden="true">
      {of && <span class={`range ${css}`} style={{ marginLeft: `${(Math.max(0, of.p50) / top) * 100}%`, width: `${Math.max(1, ((of.p99 - of.p50) / top) * 100)}%` }} />}
    </td>
  </tr>
);

// Client and server on one scale.
function BothSides({ group }: { group: Group }) {
  const top = Math.max(group.clientMs?.p99 ?? 0, group.serverMs?.p99 ?? 0, group.betweenMs?.p99 ?? 0, 0.001);
  return (
    <table class="parts">
      <thead><tr><td /><th scope="col" class="right">p50</th><th scope="col" class="right">p99</th><td /></tr></thead>
      <tbody>
        <Times label="Client saw" of={group.clientMs} top={top} css="client" />
        <Times label="Server took" of={group.serverMs} top={top} css="server" />
        <Times label="Between" of={group.betweenMs} top={top} css="between" />
      </tbody>
    </table>
  );
}

const Show = ({ line, n }: { line: string; n: number }) => (
  <button class="action primary" disabled={!line} onClick={() => state.showRequests(line)}>Show the {count(n)} requests →</button>
);

function EdgePanel({ group, routes }: { group: Group; routes: Group[] }) {
  const line = requestsOf(group);
  return (
    <>
      <h2>{visible(group.source.name || "unknown")} → {visible(group.destination.name || "unknown")}</h2>
      <p class="faint">{visible(group.source.namespace || "outside the mesh")} → {visible(group.destination.namespace || "outside the mesh")} · {about(group)}{rate(group.rate)} · {about(group)}{count(requestCount(group))} requests</p>
      <VerdictBar counts={group.verdicts ?? {}} total={requestCount(group)} />
      <BothSides group={group} />
      <p class="actions">
        <Show line={line} n={group.records} />
        {group.errors > 0 && <button class="action" onClick={() => state.showRequests(`${line} -verdict:Ok -verdict:Retried`)}>Only {about(group) ? "those" : `the ${count(group.errors)}`} that failed →</button>}
      </p>
      {routes.length > 0 && <h3>Busiest routes</h3>}
      <ul class="plain">
        {routes.slice(0, ROUTES_MAX).map((route) => (
          <li key={`${route.method} ${route.route}`}>
            <button class="link mono" onClick={() => state.showRequests(requestsOf(route))}>
              {visible(`${route.method ?? ""} ${route.route ?? ""}`)}
            </button>{" "}
            <span class="faint num">{about(route)}{rate(route.rate)}{route.errors ? ` · ${percent(route.errors, requestCount(route))} failed` : ""}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

const sum = (groups: Group[], of: (group: Group) => number) => groups.reduce((total, group) => total + of(group), 0);

function totals(groups: Group[]) {
  const out: Record<string, number> = {};
  for (const group of groups) for (const [verdict, n] of Object.entries(group.verdicts ?? {})) out[verdict] = (out[verdict] ?? 0) + n;
  return out;
}

function NodePanel({ nodeKey, edges }: { nodeKey: string; edges: Group[] }) {
  const into = edges.filter((group) => keyOf(group.destination) === nodeKey);
  const from = edges.filter((group) => keyOf(group.source) === nodeKey);
  const end = into[0]?.destination ?? from[0]?.source;
  if (!end) return <p class="faint">No traffic in this time range.</p>;
  const term = termOf(end);
  const part = (title: string, groups: Group[], line: string) =>
    groups.length > 0 && (
      <section>
        <h3>{title} · {groups.some(about) && "≈"}{rate(sum(groups, (group) => group.rate))}</h3>
        <VerdictBar counts={totals(groups)} total={sum(groups, requestCount)} />
        <p class="actions"><Show line={line} n={sum(groups, (group) => group.records)} /></p>
      </section>
    );
  return (
    <>
      <h2>{visible(end.name || "unknown")}</h2>
      <p class="faint">{visible(end.namespace || "outside the mesh")}</p>
      {part("Called", into, term && `destination:${term}`)}
      {part("Calls", from, term && `source:${term}`)}
      <p class="actions"><button class="action" onClick={() => (only.value = only.value === nodeKey ? "" : nodeKey)}>{only.value === nodeKey ? "Show all" : "Only neighbours"}</button></p>
    </>
  );
}

// Back to what was chosen in the map.
export function closePanel() {
  const from = document.querySelector<SVGElement>(".map [aria-pressed=true]");
  chosen.value = null;
  from?.focus();
}

export function Panel({ summary }: { summary: Summary }) {
  const what = chosen.value;
  const ref = useEntering();
  if (!what) return null;
  const group = what.kind === "edge" ? summary.edges.find((each) => edgeKey(each) === what.key) : undefined;
  const routes = group ? summary.routes.filter((each) => edgeKey(each) === edgeKey(group)) : [];
  return (
    <aside ref={ref} class="details" aria-label="Selected in the map" tabIndex={-1}>
      <header><span class="grow" /><button class="icon" aria-label="Close" title="Close (Esc)" onClick={closePanel}>✕</button></header>
      {what.kind === "node" ? <NodePanel nodeKey={what.key} edges={summary.edges} /> : group ? <EdgePanel group={group} routes={routes} /> : <p class="faint">No traffic in this time range.</p>}
    </aside>
  );
}
