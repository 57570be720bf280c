// SPDX-License-Identifier: Apache-2.0
import { ms } from "./format";
import type { PairRecord, Side } from "./record";

const EVENTS: [string, string][] = [
  ["lastRxByteMs", "request received"],
  ["firstUpstreamTxByteMs", "first byte onward"],
  ["lastUpstreamTxByteMs", "request sent on"],
  ["firstUpstreamRxByteMs", "first byte of the answer"],
  ["lastUpstreamRxByteMs", "answer received"],
  ["firstDownstreamTxByteMs", "answer begins"],
  ["lastDownstreamTxByteMs", "answer sent"],
];
const WIDTH = 440;
const LEFT = 58;
const LANE = 34;

interface Lane {
  label: string;
  begin: number;
  length: number;
  marks: [number, string][];
  kind: string;
}

const marksOf = (side: Side) =>
  EVENTS.filter(([name]) => typeof side[name] === "number").map(([name, label]) => [side[name] as number, label] as [number, string]);

// Where the server's time lies within the client's: after the client's proxy sent its first byte. Two clocks cannot
// tell it better, so their difference is not used.
export function lanesOf(record: PairRecord): Lane[] {
  const out: Lane[] = [];
  const client = record.client;
  if (client?.durationMs !== undefined) {
    out.push({ label: "client", begin: 0, length: client.durationMs, marks: marksOf(client), kind: "client" });
  }
  const servers = record.server ?? [];
  const last = servers.length - 1;
  servers.forEach((server, i) => {
    if (server.durationMs === undefined) return;
    const total = client?.durationMs ?? server.durationMs;
    const sent = (client?.firstUpstreamTxByteMs as number) ?? Math.max(0, (total - server.durationMs) / 2);
    const earlier = i < last ? Date.parse(server.startTime ?? "") - Date.parse(servers[last].startTime ?? "") : 0;
    const begin = Math.max(0, sent + (Number.isNaN(earlier) ? 0 : earlier));
    const label = servers.length > 1 ? `try ${i + 1}` : "server";
    out.push({ label, begin, length: server.durationMs, marks: marksOf(server).map(([at, text]) => [begin + at, text]), kind: "server" });
  });
  return out;
}

export function Timeline({ record }: { record: PairRecord }) {
  const lanes = lanesOf(record);
  if (!lanes.length) return null;
  const total = Math.max(...lanes.map((lane) => lane.begin + lane.length), 0.001);
  const x = (at: number) => LEFT + (Math.min(Math.max(at, 0), total) / total) * (WIDTH - LEFT - 8);
  const height = lanes.length * LANE + 20;
  const offset = record.timings.clockOffsetMs;
  return (
    <figure class="timeline">
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={`Time line of ${ms(total)}`}>
        {lanes.map((lane, i) => (
          <g key={i} class={lane.kind}>
            <text x="0" y={i * LANE + 20}>{lane.label}</text>
            <rect x={x(lane.begin)} y={i * LANE + 8} width={Math.max(2, x(lane.begin + lane.length) - x(lane.begin))} height="16" rx="4" />
            {lane.marks.map(([at, label]) => (
              <line key={label} x1={x(at)} x2={x(at)} y1={i * LANE + 4} y2={i * LANE + 28}>
                <title>{`${label}: ${ms(at)}`}</title>
              </line>
            ))}
          </g>
        ))}
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <text key={part} class="tick" x={x(part * total)} y={height - 3} text-anchor={part === 1 ? "end" : part ? "middle" : "start"}>
            {ms(part * total)}
          </text>
        ))}
      </svg>
      {offset !== undefined && <figcaption class="faint small">The two clocks differ by {ms(offset)}; the server’s bar is placed by the client’s first byte onward.</figcaption>}
    </figure>
  );
}
