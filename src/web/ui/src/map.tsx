// SPDX-License-Identifier: Apache-2.0
import type { Group } from "./api";
import { ms, percent, rate, visible } from "./format";
import { toggleTerm } from "./filter";
import * as state from "./state";

const NODE_W = 168;
const NODE_H = 40;
const GAP_MIN = 150;
const GAP_MAX = 420;
const GAP_Y = 22;
const EDGES_MAX = 80;

interface Node {
  key: string;
  name: string;
  ns: string;
  column: number;
  x: number;
  y: number;
}

const keyOf = (end: { namespace: string; name: string }) => `${end.namespace}/${end.name}`;

// Callers left of those they call: a node's column is the longest way to it, cycles cut where they are found.
export function layout(edges: Group[], room = 0) {
  const nodes = new Map<string, Node>();
  const calls = new Map<string, string[]>();
  for (const edge of edges) {
    for (const end of [edge.source, edge.destination]) {
      const key = keyOf(end);
      if (!nodes.has(key)) nodes.set(key, { key, name: end.name, ns: end.namespace, column: 0, x: 0, y: 0 });
    }
    const from = keyOf(edge.source);
    calls.set(from, [...(calls.get(from) ?? []), keyOf(edge.destination)]);
  }
  const place = (key: string, column: number, path: Set<string>) => {
    const node = nodes.get(key)!;
    if (path.has(key) || path.size > 12 || (column <= node.column && column > 0)) return;
    node.column = Math.max(node.column, column);
    path.add(key);
    for (const next of calls.get(key) ?? []) place(next, column + 1, path);
    path.delete(key);
  };
  const called = new Set(edges.map((edge) => keyOf(edge.destination)));
  const roots = [...nodes.keys()].filter((key) => !called.has(key));
  for (const key of roots.length ? roots : [...nodes.keys()].slice(0, 1)) place(key, 0, new Set());
  const columns: Node[][] = [];
  for (const node of nodes.values()) (columns[node.column] ??= []).push(node);
  const gap = Math.max(GAP_MIN, Math.min(GAP_MAX, (room - 24 - columns.length * NODE_W) / Math.max(columns.length - 1, 1)));
  const tallest = Math.max(...columns.map((column) => column?.length ?? 0), 1);
  columns.forEach((column, i) => {
    column?.sort((a, b) => a.key.localeCompare(b.key));
    column?.forEach((node, j) => {
      node.x = 12 + i * (NODE_W + gap);
      node.y = 12 + (j + (tallest - column.length) / 2) * (NODE_H + GAP_Y);
    });
  });
  return { nodes, width: columns.length * (NODE_W + gap) - gap + 24, height: tallest * (NODE_H + GAP_Y) + 12 };
}

const short = (text: string, max: number) => (text.length > max ? `${text.slice(0, max - 1)}…` : text);

function Edge({ edge, from, to, busiest }: { edge: Group; from: Node; to: Node; busiest: number }) {
  const bad = edge.errors / Math.max(edge.records, 1);
  const kind = bad >= 0.05 ? "bad" : bad > 0 ? "some" : "good";
  const back = to.x <= from.x;
  const x1 = from.x + NODE_W;
  const x2 = to.x;
  const y1 = from.y + NODE_H / 2;
  const y2 = to.y + NODE_H / 2;
  const bend = back ? 120 : Math.max(40, (x2 - x1) / 2);
  const width = 1 + 4 * Math.sqrt(edge.rate / Math.max(busiest, 0.001));
  const label = `${rate(edge.rate)}${edge.errors ? ` · ${percent(edge.errors, edge.records)} errors` : ""}`;
  return (
    <g class={`edge-line ${kind}`}>
      <path d={`M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`} stroke-width={width} marker-end={`url(#arrow-${kind})`}>
        <title>{`${edge.source.name} → ${edge.destination.name}: ${label}, p99 ${ms(edge.clientMs?.p99 ?? edge.serverMs?.p99)}`}</title>
      </path>
      <text x={x2 - 14} y={y2 - 8} text-anchor="end">{label}</text>
    </g>
  );
}

export function EdgeMap() {
  const summary = state.summary.value;
  if (!summary) return <div class="empty">Counting…</div>;
  if (!summary.edges.length) return <div class="empty"><h2>No traffic in the last minute</h2><p>Edges appear with the first request.</p></div>;
  const edges = summary.edges.slice(0, EDGES_MAX);
  const { nodes, width, height } = layout(edges, window.innerWidth - 60);
  const busiest = Math.max(...edges.map((edge) => edge.rate));
  return (
    <div class="map-scroll" tabIndex={0} role="region" aria-label="Map of who calls whom">
      <p class="faint small pad">
        Last {Math.round(summary.windowMs / 1000)} s · {summary.records} records · thicker is busier{summary.edges.length > EDGES_MAX && ` · the ${EDGES_MAX} busiest of ${summary.edges.length} edges`}
      </p>
      <svg class="map" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label="Edges">
        <defs>
          {["good", "some", "bad"].map((kind) => (
            <marker key={kind} id={`arrow-${kind}`} class={`arrow ${kind}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">
              <path d="M0,0 L8,4 L0,8 z" />
            </marker>
          ))}
        </defs>
        {[...edges].sort((a, b) => a.errors - b.errors).map((edge) => {
          const from = nodes.get(keyOf(edge.source))!;
          const to = nodes.get(keyOf(edge.destination))!;
          return <Edge key={`${from.key} ${to.key}`} edge={edge} from={from} to={to} busiest={busiest} />;
        })}
        {[...nodes.values()].map((node) => (
          <g
            key={node.key}
            class="node"
            role="button"
            tabIndex={0}
            onClick={() => {
              state.filterLine.value = toggleTerm(state.filterLine.value, "workload", node.name);
              state.view.value = "list";
            }}
          >
            <rect x={node.x} y={node.y} width={NODE_W} height={NODE_H} rx="8" />
            <title>Show its requests</title>
            <text class="name" x={node.x + 12} y={node.y + 17}>{visible(short(node.name || "unknown", 20))}</text>
            <text class="ns" x={node.x + 12} y={node.y + 32}>{visible(short(node.ns || "outside the mesh", 24))}</text>
          </g>
        ))}
      </svg>
    </div>
  );
}
