// SPDX-License-Identifier: Apache-2.0
import { count, percent } from "./format";
import { VERDICTS } from "./record";
import * as state from "./state";

// A shape and a word each: colour alone tells nobody who sees fewer of them.
const LOOKS: Record<string, [string, string]> = {
  Ok: ["·", "OK"],
  Retried: ["↻", "Retried"],
  ServerError: ["■", "Server error"],
  NetworkOrProxy: ["▲", "Network/proxy"],
  ClientAborted: ["◇", "Client aborted"],
  Mismatch: ["≠", "Mismatch"],
  Denied: ["⊘", "Denied"],
  Open: ["◌", "Open"], // no verdict yet
};
export const verdictLabel = (verdict: string) => LOOKS[verdict]?.[1] ?? verdict;
export const verdictShape = (verdict: string) => LOOKS[verdict]?.[0] ?? "?";

export const verdictMeaning = (verdict: string) => state.words.value.verdicts[verdict] ?? "";

export const VerdictTag = ({ verdict }: { verdict: string }) => (
  <span class={`verdict v-${verdict}`} title={verdictMeaning(verdict)}>
    <span class="shape" aria-hidden="true">{verdictShape(verdict)}</span> {verdictLabel(verdict)}
  </span>
);

export const verdictsInWords = (counts: Record<string, number>, total: number) =>
  VERDICTS.filter((verdict) => counts[verdict])
    .map((verdict) => `${verdictLabel(verdict)} ${count(counts[verdict])} (${percent(counts[verdict], total)})`)
    .join(", ");

// The shares of all verdicts side by side; what is not OK is also written.
export function VerdictBar({ counts, total, brief }: { counts: Record<string, number>; total: number; brief?: boolean }) {
  const there = VERDICTS.filter((verdict) => counts[verdict]);
  const told = there.filter((verdict) => verdict !== "Ok");
  return (
    <span class="verdict-bar" title={verdictsInWords(counts, total)}>
      <span class="stack" aria-hidden="true">
        {there.map((verdict) => <span key={verdict} class={`fill f-${verdict}`} style={{ flexGrow: counts[verdict] }} />)}
      </span>
      <span class="shares num">
        {told.slice(0, brief ? 2 : 9).map((verdict) => (
          <span key={verdict} class={`share t-${verdict}`}>
            <span aria-hidden="true">{verdictShape(verdict)}</span>
            <span class="sr">{verdictLabel(verdict)}</span> {percent(counts[verdict], total)}
          </span>
        ))}
      </span>
    </span>
  );
}
