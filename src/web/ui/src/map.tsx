// SPDX-License-Identifier: Apache-2.0
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { about, edgeKey, keyOf, requestCount, type Group } from "./api";
import { count, percent, rate, shortened, visible } from "./format";
import type { Placed, PlacedEdge, PlacedNode } from "./layout";
import { NODE_H, NODE_W } from "./node_size";
import { Panel } from "./panel";
import { VERDICTS } from "./record";
import { verdictsInWords } from "./verdict";
import * as state from "./state";

const EDGES_MAX = 200;
const ZOOMS = [0.25, 0.35, 0.5, 0.7, 1, 1.4, 2];

export const chosen = signal<{ kind: "edge" | "node"; key: string } | null>(null);
export const only = signal(""); // the node whose neighbours alone are shown
const find = signal("");
const zoom = signal(0); // 0: as large as fits

const nameOf = (end: Group["source"]) => end.name || "unknown";
const placeOf = (end: Group["source"]) => (end.namespace ? `${end.namespace}${end.service ? " · service" : ""}` : "outside the mesh");

function curve(points: { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  let out = `M${first.x.toFixed(1)},${first.y.toFixed(1)}`;
  for (let i = 0; i < rest.length - 1; i++) {
    const [a, b] = [rest[i], rest[i + 1]];
    const end = i === rest.length - 2 ? b : { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    out += ` Q${a.x.toFixed(1)},${a.y.toFixed(1)} ${end.x.toFixed(1)},${end.y.toFixed(1)}`;
  }
  return rest.length === 1 ? `${out} L${rest[0].x},${rest[0].y}` : out;
}

// What stands out most of the verdicts; OK where nothing does.
const worst = (group: Group) => VERDICTS.filter((verdict) => verdict !== "Ok" && group.verdicts?.[verdict]).sort((a, b) => (group.verdicts![b] ?? 0) - (group.verdicts![a] ?? 0))[0] ?? "Ok";

function press(action: () => void) {
  return {
    onClick: action,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      state.entering.value = true;
      action();
    },
  };
}

const matches = (group: Group["source"]) => !find.value || keyOf(group).toLowerCase().includes(find.value.toLowerCase());

function edgeLabel(group: Group): string {
  const verdict = worst(group);
  return verdict === "Ok" ? `${about(group)}${rate(group.rate)}` : `${about(group)}${rate(group.rate)} · ${percent(group.verdicts![verdict], requestCount(group))}`;
}

function Edge({ edge, busiest }: { edge: PlacedEdge; busiest: number }) {
  const { group, points } = edge;
  const verdict = worst(group);
  const key = edgeKey(group);
  const mine = chosen.value?.kind === "edge" && chosen.value.key === key;
  const middle = points[Math.floor(points.length / 2)];
  const text = `${nameOf(group.source)} → ${nameOf(group.destination)}: ${edgeLabel(group)}, ${verdictsInWords(group.verdicts ?? {}, requestCount(group))}`;
  const d = curve(points);
  return (
    <g
      class={`edge-line e-${verdict} ${group.errors ? "failing" : ""} ${mine ? "mine" : ""} ${matches(group.source) || matches(group.destination) ? "" : "dim"}`}
      role="button"
      tabindex={0}
      aria-label={visible(text)}
      aria-pressed={mine}
      {...press(() => (chosen.value = { kind: "edge", key }))}
    >
      <title>{visible(text)}</title>
      <path class="hit" d={d} />
      <path class="shown" d={d} stroke-width={1 + 4 * Math.sqrt(group.rate / Math.max(busiest, 0.001))} marker-end="url(#arrow)" />
      <text x={middle.x} y={middle.y - 6} text-anchor="middle">{edgeLabel(group)}</text>
    </g>
  );
}

function Node({ node }: { node: PlacedNode }) {
  const mine = chosen.value?.kind === "node" && chosen.value.key === node.key;
  const name = visible(shortened(nameOf(node.end), 22));
  const place = visible(shortened(placeOf(node.end), 26));
  const full = visible(`${placeOf(node.end)}/${nameOf(node.end)}`);
  return (
    <g
      class={`node ${mine ? "mine" : ""} ${matches(node.end) ? "" : "dim"}`}
      role="button"
      tabindex={0}
      aria-label={`${name} ${place}${name.includes("…") || place.includes("…") ? ` (${full})` : ""}`}
      aria-pressed={mine}
      transform={`translate(${(node.x - NODE_W / 2).toFixed(1)},${(node.y - NODE_H / 2).toFixed(1)})`}
      {...press(() => (chosen.value = { kind: "node", key: node.key }))}
    >
      <title>{full}</title>
      <rect width={NODE_W} height={NODE_H} rx="8" />
      <text class="name" x="12" y="17">{name}</text>{" "}
      <text class="ns" x="12" y="32">{place}</text>
    </g>
  );
}

// Laid out anew only when other nodes or edges are there: figures alone move nothing.
function usePlaced(groups: Group[]): Placed | null {
  const [placed, setPlaced] = useState<Placed | null>(null);
  const shape = groups.map(edgeKey).sort().join("\n");
  useEffect(() => {
    if (!groups.length) return;
    let current = true;
    void import("./layout").then(({ place }) => current && setPlaced(place(groups)));
    return () => {
      current = false;
    };
  }, [shape]);
  if (!placed) return null;
  const fresh = new Map(groups.map((group) => [edgeKey(group), group]));
  return { ...placed, edges: placed.edges.map((edge) => ({ ...edge, group: fresh.get(edgeKey(edge.group)) ?? edge.group })) };
}

function Tools({ fit, note }: { fit: number; note: string }) {
  const step = (by: number) => {
    const now = zoom.value || fit;
    const larger = ZOOMS.filter((each) => (by > 0 ? each > now * 1.01 : each < now * 0.99));
    if (larger.length) zoom.value = by > 0 ? larger[0] : larger[larger.length - 1];
  };
  return (
    <div class="pad line tools">
      <label><span class="sr">Find in the map</span><input type="search" placeholder="Find…" value={find.value} onInput={(e) => (find.value = e.currentTarget.value)} /></label>
      <button class="action" aria-label="Smaller" onClick={() => step(-1)}>−</button>
      <button class="action" aria-label="Larger" onClick={() => step(1)}>+</button>
      <button class="action" onClick={() => (zoom.value = 0)}>Fit</button>
      {only.value && <button class="action" aria-pressed="true" onClick={() => (only.value = "")}>Neighbours of {visible(only.value)} ✕</button>}
      <span class="faint small">{note}</span>
    </div>
  );
}

function useRoom() {
  const ref = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState({ width: 0, height: 0 });
  useEffect(() => {
    if (!ref.current) return;
    const observer = new ResizeObserver(([entry]) => setRoom({ width: entry.contentRect.width, height: entry.contentRect.height }));
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [ref.current]);
  return { ref, room };
}

function Drawing({ placed, busiest, scale }: { placed: Placed; busiest: number; scale: number }) {
  const { width, height } = placed;
  return (
    <svg class="map" width={width * scale} height={height * scale} viewBox={`0 0 ${width} ${height}`} role="group" aria-label="Who calls whom">
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">
          <path d="M0,0 L8,4 L0,8 z" fill="context-stroke" />
        </marker>
      </defs>
      {placed.spaces.map((space) => (
        <g key={space.name} class="space">
          <rect x={space.x} y={space.y} width={space.width} height={space.height} rx="10" />
          <text x={space.x + 10} y={space.y + 14}>{visible(space.name)}</text>
        </g>
      ))}
      {placed.edges.map((edge) => <Edge key={edgeKey(edge.group)} edge={edge} busiest={busiest} />)}
      {placed.nodes.map((node) => <Node key={node.key} node={node} />)}
    </svg>
  );
}

export function EdgeMap() {
  const summary = state.summary.value?.value;
  const { ref, room } = useRoom();
  const all = (summary?.edges ?? []).slice(0, EDGES_MAX);
  const groups = only.value ? all.filter((group) => [keyOf(group.source), keyOf(group.destination)].includes(only.value)) : all;
  const placed = usePlaced(groups);
  if (state.file.value) return <div class="empty"><h2>No map for files</h2><p><code>kubectl traffictap top --file FILE</code> counts its edges and routes.</p></div>;
  if (!summary) return <div class="empty">Counting…</div>;
  if (!summary.edges.length) return <div class="empty"><h2>No traffic in this time range</h2><p>Edges appear with the first request.</p></div>;
  const fit = placed && room.width ? Math.min(1.2, (room.width - 24) / placed.width, Math.max(0.35, (room.height - 24) / placed.height)) : 1;
  const scale = zoom.value || Math.max(0.25, fit);
  const note = `${about(summary)}${count(requestCount(summary))} requests in ${Math.round(summary.windowMs / 1000)} s · thicker is busier${summary.edges.length > EDGES_MAX ? ` · the ${EDGES_MAX} busiest of ${summary.edges.length} edges` : ""}`;
  return (
    <>
      <div class="map-side">
        <Tools fit={fit} note={note} />
        <div ref={ref} class="map-scroll" tabIndex={0} role="region" aria-label="Map">
          {placed ? <Drawing placed={placed} busiest={Math.max(...groups.map((group) => group.rate), 0)} scale={scale} /> : <div class="empty">Laying out…</div>}
        </div>
      </div>
      <Panel summary={summary} />
    </>
  );
}
