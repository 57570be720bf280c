// SPDX-License-Identifier: Apache-2.0

// What stands in each column of a row.
import type { JSX } from "preact";
import type { ColumnName } from "./columns";
import { bytes, clock, instant, ms, visible } from "./format";
import { answerBytes, fullName, lookOf, outcome, type EndName, type Row } from "./record";
import { verdictLabel, verdictMeaning, verdictShape } from "./verdict";
import * as state from "./state";

const endText = (end: EndName) => visible(state.manyNamespaces.value ? fullName(end) : end.name);
const endTitle = (end: EndName) => visible([fullName(end), end.note].filter(Boolean).join(" · "));

// The shortest that tells why; the details say it in a sentence.
function why(row: Row): string {
  const words = state.words.value;
  const flags = row.flags.join(" ");
  if (row.open) return ["still open", row.orphan && (words.orphanReasons[row.orphan] ?? row.orphan)].filter(Boolean).join(": ");
  if (row.reason) return flags ? `${row.reason} (${flags})` : row.reason;
  if (row.tries) return `${row.tries.split(", ").length} tries: ${row.tries}`;
  if (flags) return words.flags[row.flags[0]] ? `${flags}: ${words.flags[row.flags[0]]}` : flags;
  return row.orphan ? (words.orphanReasons[row.orphan] ?? row.orphan) : "";
}

function codeTitle(row: Row): string {
  const what = row.tcp ? "a TCP connection" : row.code ? `HTTP ${row.code}${row.grpc ? `, gRPC ${row.grpc}` : ""}` : "no response";
  if (row.open) return `Still open: ${row.tcp ? what : "a request"} that has not ended; the figures are those so far`;
  return `${verdictLabel(row.verdict)}: ${verdictMeaning(row.verdict)} (${what})`;
}

const missing = (row: Row) => (Number.isNaN(row.clientMs) ? "?" : "") + "→" + (Number.isNaN(row.serverMs) && row.orphan ? "?" : "");

const flagMeanings = (row: Row) => row.flags.map((flag) => `${flag}: ${state.words.value.flags[flag] ?? "newer than this page"}`).join("\n");

function Why({ row }: { row: Row }) {
  const reason = visible(why(row));
  return <span role="gridcell" class="faint note" title={reason}>{reason}</span>;
}

function Outcome({ row }: { row: Row }) {
  const look = lookOf(row);
  return (
    <span role="gridcell" class={`num code c${Math.floor(row.code / 100)} t-${look}`} title={codeTitle(row)}>
      {visible(outcome(row))} <span aria-hidden="true">{look === "Ok" ? "" : verdictShape(look)}</span>
      <span class="sr">{verdictLabel(look)}</span>
    </span>
  );
}

function Size({ row }: { row: Row }) {
  const size = answerBytes(row);
  return <span role="gridcell" class="num right size" title="Bytes of the answer’s body">{size === undefined ? "–" : bytes(size)}</span>;
}

export const CELLS: Record<ColumnName, (row: Row) => JSX.Element> = {
  time: (row) => <span key="time" role="gridcell" class="num faint at" title={instant(row.time)}>{clock(row.time, state.utc.value)}</span>,
  outcome: (row) => <Outcome key="outcome" row={row} />,
  request: (row) => (
    <span key="request" role="gridcell" class="request" title={visible(row.path)}>
      <span class="method">{visible(row.method)}</span> <span class="path">{visible(row.tcp ? row.destination.note : row.path)}</span>
    </span>
  ),
  edge: (row) => (
    <span key="edge" role="gridcell" class="edge" title={`${endTitle(row.source)} → ${endTitle(row.destination)}`}>
      {endText(row.source)} <span class="faint">{missing(row)}</span> {endText(row.destination)}
    </span>
  ),
  client: (row) => <span key="client" role="gridcell" class="num right client">{ms(row.clientMs)}</span>,
  server: (row) => <span key="server" role="gridcell" class="num right server">{ms(row.serverMs)}</span>,
  between: (row) => (
    <span key="between" role="gridcell" class="num right between" title={row.tries ? "For a retried request this would include the earlier attempts: see the details" : undefined}>
      {ms(row.betweenMs)}
    </span>
  ),
  size: (row) => <Size key="size" row={row} />,
  flags: (row) => <span key="flags" role="gridcell" class="mono flags-of" title={visible(flagMeanings(row))}>{visible(row.flags.join(" "))}</span>,
  pod: (row) => <span key="pod" role="gridcell" class="pod" title={visible(row.pod)}>{visible(row.pod)}</span>,
  why: (row) => <Why key="why" row={row} />,
};
