// SPDX-License-Identifier: Apache-2.0

// Places the map's nodes and edges; loaded when the map is first opened. The layers and the ways round are dagre's
// (@dagrejs/dagre, MIT): callers left of those they call, edges back led around.
import { graphlib, layout as arrange } from "@dagrejs/dagre";
import { keyOf, type Group, type GroupEnd } from "./api";
import { NODE_H, NODE_W } from "./node_size";

const LOOP = 26;

export interface PlacedNode {
  key: string;
  end: GroupEnd;
  x: number; // of its middle
  y: number;
}
export interface PlacedEdge {
  group: Group;
  points: { x: number; y: number }[];
  back: boolean; // against the direction of most
}
export interface PlacedSpace {
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Placed {
  nodes: PlacedNode[];
  edges: PlacedEdge[];
  spaces: PlacedSpace[];
  width: number;
  height: number;
}

function namesOf(groups: Group[]): Map<string, GroupEnd> {
  const out = new Map<string, GroupEnd>();
  for (const { source, destination } of groups) for (const end of [source, destination]) out.set(keyOf(end), end);
  return out;
}

// A call to oneself goes out at the right and comes back at the top.
const loop = (x: number, y: number) => [
  { x: x + NODE_W / 2, y },
  { x: x + NODE_W / 2 + LOOP, y },
  { x: x + NODE_W / 2 + LOOP, y: y - NODE_H / 2 - LOOP / 2 },
  { x: x + NODE_W / 4, y: y - NODE_H / 2 - LOOP / 2 },
  { x: x + NODE_W / 4, y: y - NODE_H / 2 },
];

// Forward edges leave at the right and arrive at the left, whatever side is nearest.
function fromSideToSide(points: { x: number; y: number }[], from: { x: number; y: number }, to: { x: number; y: number }) {
  const [start, end] = [{ x: from.x + NODE_W / 2, y: from.y }, { x: to.x - NODE_W / 2, y: to.y }];
  const between = points.slice(1, -1).filter((point) => point.x > start.x && point.x < end.x);
  const [first, last] = [between[0] ?? start, between[between.length - 1] ?? end];
  const lead = (end.x - start.x) / 6;
  return [start, { x: Math.min(start.x + lead, first.x), y: start.y }, ...between, { x: Math.max(end.x - lead, last.x), y: end.y }, end];
}

export function place(groups: Group[]): Placed {
  const ends = namesOf(groups);
  const spaces = new Set([...ends.values()].map((end) => end.namespace).filter(Boolean));
  const graph = new graphlib.Graph({ compound: true, directed: true, multigraph: false });
  graph.setGraph({ rankdir: "LR", nodesep: 18, ranksep: 96, edgesep: 14, marginx: 16, marginy: 16 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const key of ends.keys()) graph.setNode(key, { width: NODE_W, height: NODE_H });
  // One namespace needs no box.
  if (spaces.size > 1) {
    for (const name of spaces) graph.setNode(`ns ${name}`, {});
    for (const [key, end] of ends) if (end.namespace) graph.setParent(key, `ns ${end.namespace}`);
  }
  for (const group of groups) {
    const [from, to] = [keyOf(group.source), keyOf(group.destination)];
    if (from !== to) graph.setEdge(from, to, { weight: 1 + Math.log10(1 + group.records) });
  }
  arrange(graph);
  const at = (key: string) => graph.node(key) as { x: number; y: number; width: number; height: number };
  const nodes = [...ends].map(([key, end]) => ({ key, end, x: at(key).x, y: at(key).y }));
  const edges = groups.map((group): PlacedEdge => {
    const [from, to] = [keyOf(group.source), keyOf(group.destination)];
    if (from === to) return { group, points: loop(at(from).x, at(from).y), back: true };
    const { points } = graph.edge(from, to) as { points: { x: number; y: number }[] };
    const back = at(to).x <= at(from).x;
    return { group, points: back ? points : fromSideToSide(points, at(from), at(to)), back };
  });
  const boxes = spaces.size > 1 ? [...spaces].map((name) => ({ name, box: at(`ns ${name}`) })) : [];
  const size = graph.graph() as { width: number; height: number };
  return {
    nodes,
    edges,
    spaces: boxes.map(({ name, box }) => ({ name, x: box.x - box.width / 2, y: box.y - box.height / 2, width: box.width, height: box.height })),
    width: size.width + LOOP,
    height: size.height + LOOP,
  };
}
