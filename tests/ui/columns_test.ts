// SPDX-License-Identifier: Apache-2.0
import { vi } from "vitest";
import { stubBrowser } from "./stub_browser";

stubBrowser();
const kept = new Map<string, string>();
vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value), removeItem: (key: string) => kept.delete(key) });
const { atFirst, chooseColumns, chosenColumns, COLUMNS, leastWidth, readColumns, shownColumns, tracks } = await import("../../src/web/ui/src/columns");
const names = (chosen: Parameters<typeof shownColumns>[0]) => shownColumns(chosen).map(({ name }) => name);

test("at first the list has the usual columns, and none that has to be chosen", () => {
  expect(names(readColumns(null))).toEqual(["time", "outcome", "request", "edge", "client", "server", "between", "why"]);
});

test("what was kept is read in the columns' order, without what is no column", () => {
  expect(readColumns("pod,colour,size,time")).toEqual(["size", "pod"]);
  expect(names(readColumns(""))).toEqual(["time", "outcome", "request"]);
});

test("a choice is kept, and the usual one is none", () => {
  chooseColumns([...atFirst, "pod"]);
  expect(names(chosenColumns.value)).toContain("pod");
  expect(readColumns([...kept.values()][0])).toEqual(chosenColumns.value);
  chooseColumns(atFirst);
  expect(kept.size).toBe(0);
});

test("every column has its track, and the list is as wide as all of them need", () => {
  const all = shownColumns(COLUMNS.map(({ name }) => name));
  expect(tracks(all).match(/minmax\(|(?<![(\d])\d+px(?=$| )/g)).toHaveLength(COLUMNS.length);
  expect(leastWidth(all.slice(0, 2))).toBe(16 + 92 + 12 + 78 + 16);
});
