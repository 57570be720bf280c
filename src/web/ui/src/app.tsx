// SPDX-License-Identifier: Apache-2.0
import { VERDICTS } from "./record";
import { toggleTerm, words } from "./filter";
import { count, rate } from "./format";
import { download, toCsv, toHar, toJson } from "./export";
import { List } from "./list";
import { Details } from "./details";
import { EdgeMap } from "./map";
import { Top } from "./top";
import { Taps } from "./taps";
import { Latency } from "./latency";
import { Help } from "./help";
import { Gate } from "./gate";
import { VerdictTag } from "./verdict";
import * as state from "./state";

const VIEWS: [state.View, string][] = [
  ["list", "Live"],
  ["map", "Map"],
  ["top", "Top"],
  ["taps", "Taps"],
];

function Connection() {
  const text = { connecting: "Connecting", open: state.paused.value ? "Paused" : "Live", lost: "Reconnecting", ended: "Stopped" };
  const s = state.connection.value;
  return (
    <span class={`connection ${s} ${state.paused.value ? "paused" : ""}`} role="status">
      <span class="dot" aria-hidden="true" />
      {text[s]}
      {s === "open" && !state.paused.value && <span class="num faint"> {rate(state.liveRate.value)}</span>}
    </span>
  );
}

function cycleTheme() {
  const dark = state.theme.value ? state.theme.value === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  state.theme.value = dark ? "light" : "dark";
}

function TopBar() {
  const taps = state.status.value?.taps ?? [];
  return (
    <header class="bar">
      <h1 class="brand">
        <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
          <path d="M3 8h12m0 0-3.5-3.5M15 8l-3.5 3.5M21 16H9m0 0 3.5-3.5M9 16l3.5 3.5" />
        </svg>
        TrafficTap
      </h1>
      <nav aria-label="Views">
        {VIEWS.map(([name, label]) => (
          <button key={name} class="tab" aria-current={state.view.value === name ? "page" : undefined} onClick={() => (state.view.value = name)}>
            {label}
          </button>
        ))}
      </nav>
      <label class="pick">
        <span class="sr">Tap</span>
        <select value={state.tap.value} onChange={(e) => (state.tap.value = e.currentTarget.value)}>
          <option value="">All taps</option>
          {taps.map((t) => (
            <option key={t.tap} value={t.tap}>
              {t.tap}
            </option>
          ))}
          {state.tap.value && !taps.some((t) => t.tap === state.tap.value) && <option value={state.tap.value}>{state.tap.value}</option>}
        </select>
      </label>
      <span class="grow" />
      <Connection />
      <button class="icon" title="Switch between dark and light (t)" aria-label="Switch theme" onClick={cycleTheme}>
        ◐
      </button>
      <button class="icon" title="Keyboard and filters (?)" aria-label="Help" onClick={() => (state.helpOpen.value = true)}>
        ?
      </button>
    </header>
  );
}

function saveAs(kind: string) {
  const stamp = new Date().toISOString().slice(0, 19).replace(/:/g, "-");
  const rows = Array.from(state.ring.values());
  if (kind === "json") download(`traffictap-${stamp}.jsonl`, "application/x-ndjson", toJson(rows));
  if (kind === "csv") download(`traffictap-${stamp}.csv`, "text/csv", toCsv(rows));
  if (kind === "har") download(`traffictap-${stamp}.har`, "application/json", toHar(rows));
}

function FilterBar() {
  const { error } = state.parsed.value;
  const why = error || (state.failure.value?.code === 400 ? state.failure.value.message : "");
  const active = words(state.filterLine.value);
  return (
    <div class="filters">
      <div class="filter-line">
        <input
          id="filter"
          type="search"
          spellcheck={false}
          autocomplete="off"
          aria-label="Filter"
          aria-invalid={why ? true : undefined}
          aria-describedby="filter-error"
          placeholder="Filter: code:5xx  source:frontend  -path:/health  min:100ms  any text   ( / )"
          value={state.filterLine.value}
          onInput={(e) => (state.filterLine.value = e.currentTarget.value)}
        />
        <button id="pause" class="action" aria-pressed={state.paused.value} onClick={() => state.setPaused(!state.paused.value)}>
          {state.paused.value ? "▶ Resume" : "❚❚ Pause"}
        </button>
        <label class="pick">
          <span class="sr">Export</span>
          <select
            id="export"
            value=""
            onChange={(e) => {
              saveAs(e.currentTarget.value);
              e.currentTarget.value = "";
            }}
          >
            <option value="">Export…</option>
            <option value="json">JSON lines</option>
            <option value="csv">CSV</option>
            <option value="har">HAR 1.2</option>
          </select>
        </label>
      </div>
      <div class="chips" role="group" aria-label="Verdicts">
        {VERDICTS.map((verdict) => (
          <button
            key={verdict}
            class="chip"
            aria-pressed={active.includes(`verdict:${verdict}`)}
            onClick={() => (state.filterLine.value = toggleTerm(state.filterLine.value, "verdict", verdict))}
          >
            <VerdictTag verdict={verdict} />
          </button>
        ))}
        <span class="grow" />
        <span class="faint num">
          {count(state.received.value)} records
          {state.gaps.value > 0 && <span class="warn"> · {count(state.gaps.value)} missed</span>}
          {state.paused.value && state.waiting.value > 0 && <> · {count(state.waiting.value)} waiting</>}
        </span>
      </div>
      <p id="filter-error" class="error" role="alert">
        {why}
      </p>
    </div>
  );
}

function Banner() {
  const why = state.failure.value;
  if (state.connection.value === "lost") {
    return (
      <p class="banner" role="alert">
        The connection to the collector is lost. What you see stays; trying again…
      </p>
    );
  }
  if (state.connection.value === "ended" && why && why.code !== 400 && why.code !== 401) {
    return (
      <p class="banner" role="alert">
        {why.message}
      </p>
    );
  }
  return null;
}

export function App() {
  if (state.unauthorized.value) return <Gate />;
  const view = state.view.value;
  return (
    <>
      <TopBar />
      <FilterBar />
      <Banner />
      <main class="view" data-query={state.shown.value}>
        {view === "list" && (
          <>
            <div class="list-side">
              <Latency />
              <List />
            </div>
            <Details />
          </>
        )}
        {view === "map" && <EdgeMap />}
        {view === "top" && <Top />}
        {view === "taps" && <Taps />}
      </main>
      {state.helpOpen.value && <Help />}
    </>
  );
}
