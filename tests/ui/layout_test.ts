// SPDX-License-Identifier: Apache-2.0
import { place } from "../../src/web/ui/src/layout";
import type { Group } from "../../src/web/ui/src/api";

const end = (text: string) => ({ namespace: text.split("/")[0], name: text.split("/")[1] });
const edges = (...list: string[]): Group[] => list.map((each) => ({ source: end(each.split(" ")[0]), destination: end(each.split(" ")[1]), records: 1, rate: 1, errors: 0 }));
const xOf = (placed: ReturnType<typeof place>, key: string) => placed.nodes.find((node) => node.key === key)!.x;

test("callers are left of those they call", () => {
  const placed = place(edges("s/a s/b", "s/b s/c", "s/a s/c"));
  expect(xOf(placed, "s/a")).toBeLessThan(xOf(placed, "s/b"));
  expect(xOf(placed, "s/b")).toBeLessThan(xOf(placed, "s/c"));
  expect(placed.spaces).toEqual([]);
});

test("a cycle, a call to oneself and names of two namespaces all have a place", () => {
  const placed = place(edges("s/a s/b", "s/b s/a", "s/a s/a", "t/a s/b", "/10.0.0.1 s/a"));
  expect(placed.nodes).toHaveLength(4);
  expect(placed.edges).toHaveLength(5);
  expect(placed.edges.filter((edge) => edge.back).length).toBeGreaterThanOrEqual(2);
  expect(placed.spaces.map((space) => space.name).sort()).toEqual(["s", "t"]);
  for (const { points } of placed.edges) for (const { x, y } of points) expect(x >= 0 && y >= -40 && x <= placed.width && y <= placed.height).toBe(true);
});

test("forty nodes do not lie on one another", () => {
  const names = Array.from({ length: 40 }, (_, i) => `ns${i % 4}/w${i}`);
  const placed = place(edges(...names.slice(1).map((name, i) => `${names[Math.floor(i / 3)]} ${name}`), "ns3/w39 ns0/w0"));
  for (const a of placed.nodes) {
    for (const b of placed.nodes) if (a !== b) expect(Math.abs(a.x - b.x) >= 176 || Math.abs(a.y - b.y) >= 40, `${a.key} ${b.key}`).toBe(true);
  }
});
