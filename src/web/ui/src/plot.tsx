// SPDX-License-Identifier: Apache-2.0
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { buckets, type Bucket } from "./facets";
import { store } from "./feed";
import { clock, durationMs, ms, requests } from "./format";
import { VERDICTS } from "./record";
import { verdictLabel } from "./verdict";
import * as state from "./state";

const COUNT = 120;
const HEIGHT = 64;
const REDRAW_MS = 1000;
const BRUSH_PX = 6; // a shorter drag is a click

interface Drawn {
  from: number;
  to: number;
  bars: Bucket[];
}
const drawn = signal<Drawn | null>(null);
const pointed = signal(-1);
const brush = signal<{ from: number; to: number } | null>(null); // parts of the width
const open = signal(!matchMedia("(max-width: 900px)").matches);

function span(): { from: number; to: number } | null {
  const range = state.range.peek();
  if (range) return range;
  const last = store.all[store.length - 1]?.time;
  if (!last) return null;
  if (state.file.peek()) return { from: store.all[0].time, to: last + 1 };
  const length = Math.min(durationMs(state.last.peek()), Math.max(60_000, last - store.all[0].time));
  const to = Math.ceil(Math.max(last, state.paused.peek() ? last : Math.min(Date.now(), last + 60_000)) / 1000) * 1000;
  return { from: to - length, to };
}

function redraw() {
  const at = span();
  drawn.value = at ? { ...at, bars: buckets(store.all, at.from, at.to, COUNT) } : null;
}

// Milliseconds on a scale that keeps short and long ones apart.
const scaleOf = (bars: Bucket[]) => {
  const top = Math.max(...bars.map((bar) => bar.p99 ?? 0), 1);
  return (value: number) => HEIGHT - 2 - (Math.log10(1 + value) / Math.log10(1 + top)) * (HEIGHT - 6);
};

function Lines({ bars, name }: { bars: Bucket[]; name: "p50" | "p99" }) {
  const y = scaleOf(bars);
  let path = "";
  let gap = true;
  bars.forEach((bar, i) => {
    const value = bar[name];
    if (value === undefined) gap = true;
    else {
      path += `${gap ? "M" : "L"}${i + 0.5},${y(value).toFixed(1)}${gap ? "h.01" : ""}`;
      gap = false;
    }
  });
  return <path class={`line ${name}`} d={path} vector-effect="non-scaling-stroke" />;
}

function Bars({ bars }: { bars: Bucket[] }) {
  const top = Math.max(...bars.map((bar) => bar.total), 1);
  return (
    <>
      {bars.map((bar, i) => {
        let y = HEIGHT;
        return [...VERDICTS].filter((verdict) => bar.counts[verdict]).map((verdict) => {
          const h = (bar.counts[verdict] / top) * (HEIGHT - 2);
          y -= h;
          return <rect key={`${i}${verdict}`} class={`f-${verdict}`} x={i + 0.08} y={y} width="0.84" height={h} />;
        });
      })}
    </>
  );
}

const barText = (bar: Bucket) =>
  [clock(bar.from, state.utc.value), `${requests(bar.total, store.estimated)} requests`, ...VERDICTS.filter((v) => v !== "Ok" && bar.counts[v]).map((v) => `${verdictLabel(v)} ${requests(bar.counts[v], store.estimated)}`), bar.p50 === undefined ? "" : `p50 ${ms(bar.p50)}, p99 ${ms(bar.p99)}`].filter(Boolean).join(" · ");

function usePointer(ref: { current: HTMLDivElement | null }) {
  const at = (event: PointerEvent) => {
    const box = ref.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      ref.current!.setPointerCapture(event.pointerId);
      brush.value = { from: at(event), to: at(event) };
    },
    onPointerMove: (event: PointerEvent) => {
      pointed.value = Math.min(COUNT - 1, Math.floor(at(event) * COUNT));
      if (brush.value) brush.value = { from: brush.value.from, to: at(event) };
    },
    onPointerUp: () => {
      const made = brush.value;
      const { from, to } = drawn.peek() ?? { from: 0, to: 0 };
      brush.value = null;
      if (!made || !to || Math.abs(made.to - made.from) * ref.current!.clientWidth < BRUSH_PX) return;
      const [a, b] = [Math.min(made.from, made.to), Math.max(made.from, made.to)];
      state.range.value = { from: Math.round(from + a * (to - from)), to: Math.round(from + b * (to - from)) };
    },
    onPointerLeave: () => (pointed.value = -1),
  };
}

function inWords({ from, to, bars }: Drawn): string {
  const total = bars.reduce((sum, bar) => sum + bar.total, 0);
  const counts = VERDICTS.map((v) => [v, bars.reduce((sum, bar) => sum + (bar.counts[v] ?? 0), 0)] as const).filter(([, n]) => n);
  return `${requests(total, store.estimated)} requests from ${clock(from, state.utc.value)} to ${clock(to, state.utc.value)}: ${counts.map(([v, n]) => `${verdictLabel(v)} ${requests(n, store.estimated)}`).join(", ")}`;
}

export function Plot() {
  const ref = useRef<HTMLDivElement>(null);
  const pointer = usePointer(ref);
  useEffect(() => {
    redraw();
    const timer = setInterval(() => open.peek() && redraw(), REDRAW_MS);
    return () => clearInterval(timer);
  }, [state.range.value, state.last.value, state.shown.value, state.file.value]);
  const now = drawn.value;
  const at = now && pointed.value >= 0 ? now.bars[pointed.value] : null;
  const mark = brush.value;
  return (
    <details class="plot" open={open.value} onToggle={(e) => (open.value = e.currentTarget.open)}>
      <summary class="small faint">
        <span>{at ? barText(at) : "Requests by verdict; lines: p50 and p99 of their time. Drag to choose a time."}</span>
      </summary>
      {now && (
        <div ref={ref} class="plot-area" {...pointer}>
          <svg viewBox={`0 0 ${COUNT} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={inWords(now)}>
            <Bars bars={now.bars} />
            <Lines bars={now.bars} name="p99" />
            <Lines bars={now.bars} name="p50" />
            {pointed.value >= 0 && <rect class="pointed" x={pointed.value} y="0" width="1" height={HEIGHT} />}
            {mark && <rect class="brush" x={Math.min(mark.from, mark.to) * COUNT} y="0" width={Math.abs(mark.to - mark.from) * COUNT} height={HEIGHT} />}
          </svg>
          <p class="plot-axis small faint num" aria-hidden="true">
            <span>{clock(now.from, state.utc.value).slice(0, 8)}</span>
            <span>{clock((now.from + now.to) / 2, state.utc.value).slice(0, 8)}</span>
            <span>{clock(now.to, state.utc.value).slice(0, 8)}</span>
          </p>
        </div>
      )}
    </details>
  );
}
