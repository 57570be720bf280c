// SPDX-License-Identifier: Apache-2.0
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "@tanstack/virtual-core";
import { clock, ms, visible } from "./format";
import type { Row } from "./record";
import { VerdictTag } from "./verdict";
import * as state from "./state";

const ROW_PX = 30;
const HEAD_PX = 28; // stays above the rows
const COLUMNS = [["Time"], ["Verdict"], ["Code"], ["Method"], ["Path"], ["From → to"], ["Client", "right"], ["Server", "right"]];
const END_PX = 8; // so close to the end counts as at the end
const drawn = signal(0);
const following = signal(true);
let evictedSeen = 0;

// The list shows the newest row at its end and stays there, unless somebody scrolls away.
let virtualizer: Virtualizer<HTMLDivElement, Element> | null = null;
let scroller: HTMLDivElement | null = null;

const options = () => ({
  count: state.ring.length,
  getScrollElement: () => scroller,
  estimateSize: () => ROW_PX,
  overscan: 8,
  scrollMargin: HEAD_PX,
  scrollPaddingStart: HEAD_PX,
  scrollToFn: elementScroll,
  observeElementRect,
  observeElementOffset,
  onChange: () => {
    if (scroller) following.value = scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - END_PX;
    drawn.value++;
  },
});

export function follow() {
  following.value = true;
  if (scroller) scroller.scrollTop = scroller.scrollHeight;
}

export function moveTo(index: number) {
  const row = state.ring.at(index);
  if (!row) return;
  state.select(row);
  virtualizer?.scrollToIndex(index, { align: "auto" });
}

// Without a selection it begins with what is on the screen last.
export function moveSelection(by: number) {
  const { ring } = state;
  if (!ring.length) return;
  const at = state.selected.value ? ring.indexOf(state.selected.value.seq) : -1;
  const shown = virtualizer?.getVirtualItems().at(-1)?.index ?? ring.length - 1;
  moveTo(Math.max(0, Math.min(ring.length - 1, at < 0 ? shown : at + by)));
}

function Line({ row, index, top }: { row: Row; index: number; top: number }) {
  const chosen = state.selectedId.value === row.id;
  return (
    <div
      id={`row-${row.seq}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={chosen}
      class={`row ${chosen ? "chosen" : ""}`}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => state.select(row)}
    >
      <span role="gridcell" class="num faint">{clock(row.time)}</span>
      <span role="gridcell"><VerdictTag verdict={row.verdict} /></span>
      <span role="gridcell" class={`num code c${Math.floor(row.code / 100)}`}>{row.code || "–"}</span>
      <span role="gridcell" class="method">{visible(row.method)}</span>
      <span role="gridcell" class="path">{visible(row.path)}</span>
      <span role="gridcell" class="edge">
        {visible(row.source)} <span class="faint">→</span> {visible(row.destination)}
      </span>
      <span role="gridcell" class="num right">{ms(row.clientMs)}</span>
      <span role="gridcell" class="num right">{ms(row.serverMs)}</span>
      <span role="gridcell" class="faint note">{row.orphan || (row.attempts > 1 ? `${row.attempts} attempts` : "")}</span>
    </div>
  );
}

function Empty() {
  const filtered = state.filterLine.value !== "";
  const taps = state.status.value?.taps.length ?? 1;
  if (state.connection.value === "connecting") return <div class="empty">Connecting to the collector…</div>;
  if (!taps) {
    return (
      <div class="empty">
        <h2>No tap is in force</h2>
        <p>Apply a TrafficTap, and its requests appear here.</p>
      </div>
    );
  }
  return (
    <div class="empty">
      <h2>{filtered ? "Nothing matches" : "Listening…"}</h2>
      <p>{filtered ? "No record of the last minutes passes this filter. New ones that do appear here." : "No request yet. Records appear about a second after their requests end."}</p>
      {filtered && (
        <button class="action" onClick={() => (state.filterLine.value = "")}>
          Clear the filter
        </button>
      )}
    </div>
  );
}

export function List() {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    scroller = ref.current;
    virtualizer = new Virtualizer(options());
    const clean = virtualizer._didMount();
    virtualizer._willUpdate();
    follow();
    return () => {
      clean();
      virtualizer = scroller = null;
    };
  }, []);
  void state.version.value;
  void drawn.value;
  virtualizer?.setOptions(options());
  useLayoutEffect(() => {
    virtualizer?._willUpdate();
    if (!scroller) return;
    const evicted = state.ring.evicted - evictedSeen;
    evictedSeen = state.ring.evicted;
    if (following.peek()) scroller.scrollTop = scroller.scrollHeight;
    else if (evicted > 0) scroller.scrollTop -= evicted * ROW_PX;
  }, [state.version.value]);
  const total = state.ring.length * ROW_PX;
  const chosen = state.selected.value;
  const items = virtualizer?.getVirtualItems().filter((item) => item.index < state.ring.length) ?? [];
  const shown = new Set(items.map((item) => item.index));
  return (
    <div class="list">
      <div
        ref={ref}
        class="scroller"
        role="grid"
        tabIndex={0}
        aria-label="Requests"
        aria-rowcount={state.ring.length + 1}
        aria-colcount={9}
        aria-activedescendant={chosen && shown.has(state.ring.indexOf(chosen.seq)) ? `row-${chosen.seq}` : undefined}
      >
        <div role="row" aria-rowindex={1} class="grid-head">
          {COLUMNS.map(([name, css]) => (
            <span key={name} role="columnheader" class={css}>{name}</span>
          ))}
          <span role="columnheader"><span class="sr">Note</span></span>
        </div>
        <div role="rowgroup" class="canvas" style={{ height: `${total}px` }}>
          {items.map((item) => {
            const row = state.ring.at(item.index);
            return row ? <Line key={row.seq} row={row} index={item.index} top={item.index * ROW_PX} /> : null;
          })}
        </div>
      </div>
      {state.ring.length === 0 && <Empty />}
      {!following.value && state.ring.length > 0 && (
        <button class="follow action" onClick={follow}>
          ↓ Newest
        </button>
      )}
    </div>
  );
}
