// SPDX-License-Identifier: Apache-2.0
import type { GroupEnd, OutputStatus, TapStatus } from "./api";
import { NewTap, OwnTaps, TapPeers } from "./desk_bar";
import { bytes, clock, count, percent, visible } from "./format";
import { VerdictTag } from "./verdict";
import * as state from "./state";

const FEW = 5; // taps, whose peers are shown at once

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
const edge = (end: GroupEnd) => visible(end.namespace ? `${end.namespace}/${end.name ?? "…"}` : end.name || "unknown");
const named = (counts: Record<string, number>) => Object.entries(counts).map(([name, n]) => `${count(n)} ${name}`).join(", ");

// What is tapped, in one line, in the words of a TrafficTap.
const told = (spec: Record<string, unknown>) =>
  Object.entries(spec).map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value).replace(/"/g, "")}`).join(" · ");

const Figure = ({ label, value, bad, note, help }: { label: string; value: string; bad?: boolean; note?: string; help?: string }) => (
  <div title={help}>
    <dt>{label}</dt>
    <dd class={`num ${bad ? "bad" : ""}`}>
      {value}
      {note && <span class="faint small block">{note}</span>}
    </dd>
  </div>
);

function Output({ output }: { output: OutputStatus }) {
  const lost = sum(output.dropped);
  return (
    <tr>
      <th scope="row">{output.name}</th>
      <td>{output.type}</td>
      <td><span class={`health ${output.healthy ? "good" : "bad"}`}>{output.healthy ? "healthy" : "failing"}</span></td>
      <td class="num right">{count(output.delivered)}</td>
      <td class="num right">{bytes(output.deliveredBytes)}</td>
      <td class="num right">{count(output.queued)}</td>
      <td class={`num right ${lost ? "bad" : ""}`} title={named(output.dropped)}>{count(lost)}</td>
      <td class="faint">{output.message ?? ""}</td>
    </tr>
  );
}

function Tap({ tap, few }: { tap: TapStatus; few: boolean }) {
  const { records } = tap;
  const lost = tap.lostEntries + sum(Object.fromEntries(tap.outputs.map((o) => [o.name, sum(o.dropped)])));
  return (
    <article class="card">
      <header>
        <h2>{tap.tap}</h2>
        <span class={`health ${lost || tap.brokenStreams ? "bad" : "good"}`}>{lost || tap.brokenStreams ? "losing records" : tap.completed ? "completed" : "free of loss"}</span>
        <span class="grow" />
        <button class="action" onClick={() => { state.tap.value = tap.tap; state.view.value = "list"; }}>Watch</button>
      </header>
      {tap.spec && <p class="faint small">{visible(told(tap.spec)) || "every request"}</p>}
      <dl class="figures">
        <Figure label="Proxies" value={count(tap.proxies)} help="that report for this tap" />
        <Figure label="Records seen" value={count(records.seen)} help="with one of its targets at either end" />
        <Figure label="Kept" help="given to its outputs and live readers" value={count(records.offered)} note={records.seen ? percent(records.offered, records.seen) : ""} />
        <Figure label="Filtered out" value={count(records.filtered)} help="by its match" />
        <Figure label="Sampled out" value={count(records.sampled)} />
        <Figure label="Over its limits" help="dropped because of maxRecordsPerSecond and similar limits" value={count(records.limited)} />
        <Figure label="One-sided" help="only one proxy reported the request" value={count(sum(tap.orphans))} note={named(tap.orphans)} />
        <Figure label="Lost entries" help="that reached the collector and were dropped there" value={count(tap.lostEntries)} bad={tap.lostEntries > 0} />
        <Figure label="Broken streams" value={count(tap.brokenStreams)} bad={tap.brokenStreams > 0} />
        <Figure label="Held for this page" value={count(tap.live.backlogRecords ?? 0)} note={bytes(tap.live.backlogBytes ?? 0)} />
      </dl>
      {tap.limitedEdges && (
        <p class="faint small">
          Left out by maxRecordsPerSecond: {tap.limitedEdges.edges.slice(0, 5).map(({ source, destination, records }) => `${count(records)} of ${edge(source)} → ${edge(destination)}`).join(", ")}
          {tap.limitedEdges.edges.length > 5 && ` and ${count(tap.limitedEdges.edges.length - 5)} more edges`}
        </p>
      )}
      <p class="verdicts">
        {Object.entries(tap.verdicts).map(([verdict, n]) => (
          <span key={verdict} class="line"><VerdictTag verdict={verdict} /> <span class="num">{count(n)}</span></span>
        ))}
      </p>
      {tap.outputs.length > 0 && (
        <table class="top">
          <thead>
            <tr>{["Output", "Type", "State", "Delivered", "Bytes", "Queued", "Dropped", ""].map((name) => <th key={name} scope="col" class={["Delivered", "Bytes", "Queued", "Dropped"].includes(name) ? "right" : ""}>{name || <span class="sr">Message</span>}</th>)}</tr>
          </thead>
          <tbody>{tap.outputs.map((output) => <Output key={output.name} output={output} />)}</tbody>
        </table>
      )}
      {state.desk.value && <TapPeers tap={tap.tap} unfolded={few} />}
    </article>
  );
}

function Collector() {
  const collector = state.status.value?.collector;
  if (!collector) return null;
  const { entries, joins } = collector;
  const rejected = sum(entries.rejected);
  return (
    <article class="card">
      <header><h2>Collector</h2><span class="faint">{collector.version}</span></header>
      <dl class="figures">
        <Figure label="Entries received" value={count(entries.received)} />
        <Figure label="Kept" value={count(entries.kept)} />
        <Figure label="Filtered" value={count(entries.filtered)} />
        <Figure label="Rejected" value={count(rejected)} bad={rejected > 0} note={named(entries.rejected)} />
        <Figure label="Pairs" value={count(joins.pairs)} />
        <Figure label="More attempts" value={count(joins.retries)} />
        <Figure label="One-sided" value={count(sum(joins.orphans))} note={named(joins.orphans)} />
        <Figure label="Duplicates" value={count(joins.duplicates)} />
        <Figure label="Waiting" value={count(joins.waiting)} />
        <Figure label="Live readers" value={count(collector.readers)} />
      </dl>
    </article>
  );
}

export function Taps() {
  const status = state.status.value;
  if (!status) return <div class="empty">Asking the collector…</div>;
  const stale = state.connection.value === "lost" || Date.now() - state.statusAt.value > 10_000;
  return (
    <div class={`cards ${stale ? "stale" : ""}`} tabIndex={0} role="region" aria-label="Taps and their losses">
      <NewTap />
      <OwnTaps />
      <p class={stale ? "warn" : "faint small"}>As of {clock(state.statusAt.value, state.utc.value).slice(0, 8)}{stale && ": the collector does not answer"}</p>
      {status.taps.map((tap) => <Tap key={tap.tap} tap={tap} few={status.taps.length <= FEW} />)}
      {!status.taps.length && <div class="empty"><h2>No active tap</h2><p>A tap appears here when it is applied or started.</p></div>}
      <Collector />
    </div>
  );
}
