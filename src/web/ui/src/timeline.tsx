// SPDX-License-Identifier: Apache-2.0
import type { Explanation, Lane } from "./api";
import { ms, percent } from "./format";

const WIDTH = 440;
const LEFT = 92;
const LANE = 30;
const NAMES: Record<string, string> = { "before sending on": "a", "sending the request": "b", "waiting for the answer": "c", "passing the answer on": "d" };

// Each side's time in named phases, on one line; the same as a table below it.
export function Timeline({ told }: { told: Explanation }) {
  const { lanes } = told;
  if (!lanes.length) return null;
  const total = Math.max(...lanes.map((lane) => lane.beginMs + lane.durationMs), 0.001);
  const x = (at: number) => LEFT + (Math.min(Math.max(at, 0), total) / total) * (WIDTH - LEFT - 4);
  const height = lanes.length * LANE + 18;
  return (
    <figure class="timeline">
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={`Timeline of ${ms(total)}; the table lists its values`}>
        {lanes.map((lane, i) => (
          <g key={lane.name} class={lane.side}>
            <text x="0" y={i * LANE + 18}>{lane.name}</text>
            {lane.phases.map((phase) => (
              <rect
                key={phase.name}
                class={`phase p-${NAMES[phase.name] ?? "e"}`}
                x={x(lane.beginMs + phase.beginMs)}
                y={i * LANE + 6}
                width={Math.max(1.5, x(lane.beginMs + phase.endMs) - x(lane.beginMs + phase.beginMs))}
                height="17"
              >
                <title>{`${lane.name}: ${phase.name} ${ms(phase.endMs - phase.beginMs)}`}</title>
              </rect>
            ))}
          </g>
        ))}
        {[0, 0.5, 1].map((part) => (
          <text key={part} class="tick" x={x(part * total)} y={height - 3} text-anchor={part === 1 ? "end" : part ? "middle" : "start"}>
            {ms(part * total)}
          </text>
        ))}
      </svg>
      {told.note && <figcaption class="warn small">{told.note}</figcaption>}
    </figure>
  );
}

export function Parts({ told, total }: { told: Explanation; total?: number }) {
  if (!told.parts.length) return null;
  return (
    <table class="parts">
      <caption class="sr">Where the client’s time went</caption>
      <tbody>
        {told.parts.map((part, i) => (
          <tr key={i}>
            <td class="num right">{ms(part.ms)}</td>
            <td class="num right faint">{total ? percent(Math.max(part.ms, 0), total) : ""}</td>
            <th scope="row">{part.name}</th>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const Phases = ({ lane }: { lane: Lane }) => (
  <>
    {lane.phases.map((phase, i) => (
      <tr key={phase.name}>
        <th scope="row">{i === 0 ? lane.name : ""}</th>
        <td>
          <span class={`swatch ${lane.side} p-${NAMES[phase.name] ?? "e"}`} aria-hidden="true" />
          {phase.name}
        </td>
        <td class="num right">{ms(phase.endMs - phase.beginMs)}</td>
      </tr>
    ))}
  </>
);

export const PhaseTable = ({ told }: { told: Explanation }) => (
  <details class="fold">
    <summary>Phases of each side</summary>
    <table class="parts">
      <tbody>{told.lanes.map((lane) => <Phases key={lane.name} lane={lane} />)}</tbody>
    </table>
  </details>
);
