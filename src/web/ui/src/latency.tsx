// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { ms } from "./format";
import * as state from "./state";

const SECONDS = 120;
const REDRAW_MS = 1000;
const ROWS_LOOKED_AT = 20_000;

const quantile = (values: number[], q: number) => (values.length ? values[Math.floor(q * (values.length - 1))] : null);

// p50 and p99 of the client's time per second, and the server's p99, of the rows that the list has.
export function series(now: number): uPlot.AlignedData {
  const client: number[][] = Array.from({ length: SECONDS }, () => []);
  const server: number[][] = Array.from({ length: SECONDS }, () => []);
  const first = Math.floor(now / 1000) - SECONDS + 1;
  for (let i = state.ring.length - 1, n = 0; i >= 0 && n < ROWS_LOOKED_AT; i--, n++) {
    const row = state.ring.at(i)!;
    const slot = Math.floor(row.time / 1000) - first;
    if (slot < 0 || slot >= SECONDS) continue;
    if (!Number.isNaN(row.clientMs)) client[slot].push(row.clientMs);
    if (!Number.isNaN(row.serverMs)) server[slot].push(row.serverMs);
  }
  for (const list of [...client, ...server]) list.sort((a, b) => a - b);
  const x = Array.from({ length: SECONDS }, (_, i) => first + i);
  return [x, client.map((v) => quantile(v, 0.5)), client.map((v) => quantile(v, 0.99)), server.map((v) => quantile(v, 0.99))];
}

function plotOptions(width: number): uPlot.Options {
  const css = getComputedStyle(document.documentElement);
  const color = (name: string) => css.getPropertyValue(name).trim();
  const axis = { stroke: color("--faint"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
  const line = (name: string, dash?: number[]) => ({ stroke: color(name), width: 1.5, dash, points: { show: true, size: 3 }, spanGaps: true });
  return {
    width,
    height: 110,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { distr: 3, log: 10 } },
    axes: [{ ...axis, size: 22 }, { ...axis, size: 56, grid: { ...axis.grid, filter: (_, splits) => splits.map((v) => (Math.log10(v) % 1 === 0 ? v : null)) }, values: (_: uPlot, ticks: number[]) => ticks.map((tick) => (Math.log10(tick) % 1 === 0 ? ms(tick).replace(/\.0+ /, " ") : "")) }],
    series: [{}, line("--client"), line("--client", [4, 3]), line("--server", [4, 3])],
  };
}

export function Latency() {
  const ref = useRef<HTMLDivElement>(null);
  const theme = state.theme.value;
  useEffect(() => {
    const host = ref.current!;
    const plot = new uPlot(plotOptions(host.clientWidth), series(Date.now()), host);
    const timer = setInterval(() => !state.paused.peek() && plot.setData(series(Date.now())), REDRAW_MS);
    const resize = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height: 110 }));
    resize.observe(host);
    return () => {
      clearInterval(timer);
      resize.disconnect();
      plot.destroy();
    };
  }, [theme]);
  return (
    <figure class="latency">
      <figcaption class="small faint">
        Latency, last 2 min <span class="key client">client p50</span> <span class="key client dashed">client p99</span> <span class="key server dashed">server p99</span>
      </figcaption>
      <div ref={ref} class="plot" />
    </figure>
  );
}
