// SPDX-License-Identifier: Apache-2.0
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { CELLS } from "./cells";
import { atFirst, chosenColumns, leastWidth, shownColumns, tracks, type Column } from "./columns";
import { NewTap } from "./desk_bar";
import { rowsInOrder, store } from "./feed";
import { lookOf, type Row } from "./record";
import * as state from "./state";

const HEAD_PX = 28; // stays above the rows
const OVERSCAN = 8;
const END_PX = 8; // so close to the end counts as at the end
const BY_HAND_MS = 700; // a scroll so soon after a hand's doing is the reader's
const NARROW = "(max-width: 900px)";

// Its end is in sight and stays there, unless somebody scrolls away.
const following = signal(true);
const viewport = signal({ top: 0, height: 0, rowPx: 30 });
let scroller: HTMLDivElement | null = null;
let handAt = -Infinity;
let pinnedAt = 0; // where the list was put when its end was last shown
let held: { row: Row; offset: number } | null = null; // what the reader looks at

const isLive = () => state.sort.peek().by === "time" && !state.sort.peek().down;
const rowPx = () => viewport.peek().rowPx;
const atEnd = () => !!scroller && scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - END_PX;

function look() {
  if (!scroller) return;
  const next = { top: scroller.scrollTop, height: scroller.clientHeight, rowPx: matchMedia(NARROW).matches ? 50 : 30 };
  const { top, height, rowPx: px } = viewport.peek();
  if (next.top !== top || next.height !== height || next.rowPx !== px) viewport.value = next;
}

function hold() {
  const first = Math.max(0, Math.floor((scroller?.scrollTop ?? 0) / rowPx()));
  const row = rowsInOrder()[first];
  held = row ? { row, offset: (scroller?.scrollTop ?? 0) - first * rowPx() } : null;
}

function pin() {
  if (!scroller) return;
  if (following.peek() && isLive()) {
    scroller.scrollTop = scroller.scrollHeight;
    pinnedAt = scroller.scrollTop;
  } else if (held && isLive()) {
    const index = store.indexOf(held.row);
    if (index >= 0) scroller.scrollTop = index * rowPx() + held.offset;
  }
  look();
}

function scrolled() {
  // Only a reader's scroll back ends following. A bar that appears above, or rows that come, move the end away
  // from the list, not the list from the end.
  const byHand = performance.now() - handAt < BY_HAND_MS;
  if (byHand && atEnd()) following.value = true;
  else if (byHand && scroller && scroller.scrollTop < pinnedAt - END_PX) following.value = false;
  else if (following.peek() && isLive() && !atEnd()) return pin();
  hold();
  look();
}

export function follow() {
  state.sort.value = { by: "time", down: false };
  following.value = true;
  pin();
}

export function moveTo(index: number) {
  const rows = rowsInOrder();
  const row = rows[index];
  if (!row || !scroller) return;
  state.select(row);
  following.value = isLive() && index === rows.length - 1;
  const top = index * rowPx();
  const room = scroller.clientHeight - HEAD_PX;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top + rowPx() > scroller.scrollTop + room) scroller.scrollTop = top + rowPx() - room;
  hold();
  look();
}

// Back to the row that was looked at.
export function leaveDetails() {
  state.select(null);
  scroller?.focus();
}

const indexOf = (row: Row) => (isLive() ? store.indexOf(row) : rowsInOrder().indexOf(row));

// Without a selection it begins with what is on the screen last.
export function moveSelection(by: number) {
  const { length } = rowsInOrder();
  if (!length) return;
  const at = state.selected.value ? indexOf(state.selected.value) : -1;
  const { top, height } = viewport.peek();
  // Just shown, the list has no height yet, and follows.
  const lastShown = height > 0 ? Math.min(length - 1, Math.floor((top + height - HEAD_PX) / rowPx()) - 1) : length - 1;
  moveTo(Math.max(0, Math.min(length - 1, at < 0 ? lastShown : at + by)));
}

function Line({ row, index, top, columns }: { row: Row; index: number; top: number; columns: readonly Column[] }) {
  const chosen = state.selectedId.value === row.id;
  return (
    <div
      id={`row-${row.seq}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={chosen}
      class={`row r-${lookOf(row)} ${chosen ? "chosen" : ""}`}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => state.select(row)}
    >
      {columns.map(({ name }) => CELLS[name](row))}
    </div>
  );
}

function Empty() {
  const filtered = state.filterLine.value !== "";
  const taps = state.status.value?.taps.length ?? 1;
  if (state.connection.value === "connecting" || state.shown.value === null) return <div class="empty">Connecting to the collector…</div>;
  if (!taps && !state.file.value) {
    return (
      <div class="empty">
        <h2>No active tap</h2>
        <p>Apply a TrafficTap, or run <code>kubectl traffictap tap ns/NAMESPACE</code>, and its requests appear here.</p>
        {state.desk.value && <NewTap />}
      </div>
    );
  }
  const past = state.range.value || state.file.value || state.paused.value;
  return (
    <div class="empty">
      <h2>{filtered ? "Nothing matches" : past ? "No request in this time range" : "Listening…"}</h2>
      <p>
        {past ? "No stored record matches this selection." : filtered ? "No record in this time range matches the filter. New ones appear here." : "No request yet. Records appear about a second after their requests end."}
      </p>
      {filtered && <button class="action" onClick={() => (state.filterLine.value = "")}>Clear the filter</button>}
    </div>
  );
}

function HeadCell({ column: { name, label, right, sort: by } }: { column: Column }) {
  const css = `h-${name} ${right ? "right" : ""}`;
  if (!by) return <span role="columnheader" class={css}>{label}</span>;
  const mine = state.sort.value.by === by;
  const { down } = state.sort.value;
  return (
    <span role="columnheader" class={css} aria-sort={mine ? (down ? "descending" : "ascending") : undefined}>
      <button
        onClick={() => {
          state.sort.value = { by, down: mine ? !down : !!right };
          following.value = isLive();
          if (scroller) scroller.scrollTop = isLive() ? scroller.scrollHeight : 0;
        }}
      >
        {label}
        {mine && <span aria-hidden="true">{down ? " ↓" : " ↑"}</span>}
      </button>
    </span>
  );
}

function useScroller() {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    scroller = ref.current!;
    const hand = () => (handAt = performance.now());
    const names = ["wheel", "touchmove", "pointerdown", "pointermove", "keydown"] as const;
    const listening = (event: Event) => (event.type !== "pointermove" || (event as PointerEvent).buttons ? hand() : undefined);
    for (const name of names) scroller.addEventListener(name, listening, { passive: true });
    scroller.addEventListener("scroll", scrolled, { passive: true });
    const resize = new ResizeObserver(pin);
    resize.observe(scroller);
    pin();
    return () => {
      resize.disconnect();
      scroller = null;
    };
  }, []);
  return ref;
}

export function List() {
  const ref = useScroller();
  void state.version.value;
  const rows = rowsInOrder();
  const { height, rowPx: px } = viewport.value;
  // Where it will be pinned to, so that rows are not drawn twice: before the scroll and after it.
  const top = following.value && isLive() ? Math.max(0, rows.length * px + HEAD_PX - height) : viewport.value.top;
  useLayoutEffect(pin, [state.version.value, px, state.sort.value]);
  const first = Math.max(0, Math.floor(top / px) - OVERSCAN);
  const end = Math.min(rows.length, Math.ceil((top + height) / px) + OVERSCAN);
  // What leaves at one end is drawn over for what comes at the other: making elements costs more than their texts.
  const places = Math.ceil(height / px) + 2 * OVERSCAN + 1;
  const chosen = state.selected.value;
  const chosenIndex = chosen ? indexOf(chosen) : -1;
  const stale = state.query.value !== state.shown.value || !!state.parsed.value.error;
  const columns = shownColumns(chosenColumns.value);
  const isUsual = chosenColumns.value.join() === atFirst.join();
  return (
    <div class={`list ${stale ? "stale" : ""} ${isUsual ? "usual" : ""}`} style={{ "--columns": tracks(columns), "--least": `${leastWidth(columns)}px` }}>
      <div
        ref={ref}
        id="requests"
        class="scroller"
        role="grid"
        tabIndex={0}
        aria-label="Requests"
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        aria-activedescendant={chosen && chosenIndex >= first && chosenIndex < end ? `row-${chosen.seq}` : undefined}
      >
        <div role="row" aria-rowindex={1} class="grid-head">
          {columns.map((column) => <HeadCell key={column.name} column={column} />)}
        </div>
        <div role="rowgroup" class="canvas" style={{ height: `${rows.length * px}px` }}>
          {rows.slice(first, end).map((row, i) => <Line key={(first + i) % places} row={row} index={first + i} top={(first + i) * px} columns={columns} />)}
        </div>
      </div>
      {rows.length === 0 && <Empty />}
      {rows.length > 0 && (!following.value || !isLive()) && state.isFollowing.value && (
        <button class="follow action" onClick={follow}>↓ Newest</button>
      )}
    </div>
  );
}
