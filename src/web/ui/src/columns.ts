// SPDX-License-Identifier: Apache-2.0

// The columns of the list. Those that can be left out are chosen by the reader, and the browser keeps the choice.
import { signal } from "@preact/signals";
import type { SortKey } from "./facets";

export type ColumnName = "time" | "outcome" | "request" | "edge" | "client" | "server" | "between" | "size" | "flags" | "pod" | "why";
export interface Column {
  name: ColumnName;
  label: string;
  right?: boolean; // figures, which stand at the right
  sort: SortKey | ""; // what a click on its head sorts by; nothing for "Why"
  least: number; // pixels
  share: number; // of the room that is left; 0: it keeps its width
  shown: "always" | "at first" | "if chosen";
}

export const COLUMNS: readonly Column[] = [
  { name: "time", label: "Time", sort: "time", least: 92, share: 0, shown: "always" },
  { name: "outcome", label: "Code", sort: "outcome", least: 78, share: 0, shown: "always" },
  { name: "request", label: "Request", sort: "request", least: 140, share: 2.2, shown: "always" },
  { name: "edge", label: "From → to", sort: "edge", least: 130, share: 1.2, shown: "at first" },
  { name: "client", label: "Client", right: true, sort: "client", least: 70, share: 0, shown: "at first" },
  { name: "server", label: "Server", right: true, sort: "server", least: 70, share: 0, shown: "at first" },
  { name: "between", label: "Between", right: true, sort: "between", least: 70, share: 0, shown: "at first" },
  { name: "size", label: "Size", right: true, sort: "size", least: 74, share: 0, shown: "if chosen" },
  { name: "flags", label: "Flags", sort: "flags", least: 56, share: 0, shown: "if chosen" },
  { name: "pod", label: "Pod", sort: "pod", least: 110, share: 1, shown: "if chosen" },
  { name: "why", label: "Why", sort: "", least: 90, share: 1.4, shown: "at first" },
];
export const GAP_PX = 12;
export const SIDE_PX = 16;
const KEY = "traffictap.columns";

export const atFirst = COLUMNS.filter(({ shown }) => shown === "at first").map(({ name }) => name);

// What was kept: names that are no column, of an older or newer page, are left out.
export function readColumns(kept: string | null): ColumnName[] {
  if (kept === null) return atFirst;
  const names = kept.split(",");
  return COLUMNS.filter(({ name, shown }) => shown !== "always" && names.includes(name)).map(({ name }) => name);
}

export const chosenColumns = signal<ColumnName[]>(readColumns(localStorage.getItem(KEY)));

export function chooseColumns(names: readonly ColumnName[]) {
  chosenColumns.value = readColumns(names.join(","));
  if (chosenColumns.value.join() === atFirst.join()) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, chosenColumns.value.join(","));
}

export const shownColumns = (chosen: readonly ColumnName[]) => COLUMNS.filter(({ name, shown }) => shown === "always" || chosen.includes(name));

// The columns as CSS has them, and the width below which the list scrolls to the side.
export const tracks = (columns: readonly Column[]) => columns.map(({ least, share }) => (share ? `minmax(${least}px, ${share}fr)` : `${least}px`)).join(" ");
export const leastWidth = (columns: readonly Column[]) => columns.reduce((sum, { least }) => sum + least + GAP_PX, 2 * SIDE_PX - GAP_PX);
