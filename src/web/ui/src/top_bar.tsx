// SPDX-License-Identifier: Apache-2.0
import { signal } from "@preact/signals";
import { closeFile } from "./feed";
import { clock, instant, rate, visible, zone } from "./format";
import * as state from "./state";

export const VIEWS: [state.View, string][] = [
  ["list", "Requests"],
  ["map", "Map"],
  ["top", "Top"],
  ["taps", "Taps"],
];
const LONG: Record<string, string> = { "1m": "Last minute", "5m": "Last 5 min", "10m": "Last 10 min", "30m": "Last 30 min", "60m": "Last hour" };
const asking = signal(false);

function Connection() {
  const s = state.connection.value;
  if (state.file.value) {
    return (
      <span class="connection" role="status">
        <span class="mono">{visible(state.file.value)}</span>
        <button class="action" onClick={closeFile}>Back to live</button>
      </span>
    );
  }
  const still = state.range.value ? "Fixed time" : state.paused.value ? "Paused" : "";
  const text = { connecting: "Connecting", open: still || "Live", done: still || "Complete", lost: "Reconnecting", ended: "Stopped" };
  return (
    <span class={`connection ${s} ${still ? "paused" : ""}`} role="status">
      <span class="dot" aria-hidden="true" />
      {text[s]}
      {s === "open" && !still && <span class="num faint" title="Requests per second of the last 10 s, by their own times"> {rate(state.liveRate.value)}</span>}
    </span>
  );
}

// As an input of type datetime-local has it, in the zone that is shown.
const toInput = (time: number) => {
  const shifted = state.utc.value ? time : time - new Date(time).getTimezoneOffset() * 60_000;
  return new Date(shifted).toISOString().slice(0, 19);
};
const fromInput = (text: string) => Date.parse(state.utc.value ? `${text}Z` : text);

function Between() {
  const now = Date.now();
  const { from, to } = state.range.value ?? { from: now - 600_000, to: now };
  return (
    <form
      class="from-to"
      onSubmit={(e) => {
        e.preventDefault();
        const data = new FormData(e.currentTarget);
        const range = { from: fromInput(String(data.get("from"))), to: fromInput(String(data.get("to"))) };
        if (!(range.from < range.to)) return state.say("The end must be after the start.");
        state.range.value = range;
        asking.value = false;
      }}
    >
      <label>From <input name="from" type="datetime-local" step="1" value={toInput(from)} /></label>
      <label>to <input name="to" type="datetime-local" step="1" value={toInput(to)} /></label>
      <button class="action" type="submit">Show</button>
    </form>
  );
}

function Time() {
  const range = state.range.value;
  return (
    <>
      <label class="pick">
        <span class="sr">Time</span>
        <select
          id="time"
          value={range ? "range" : state.last.value}
          onChange={(e) => {
            const value = e.currentTarget.value;
            if (value === "ask") {
              asking.value = true;
              e.currentTarget.value = range ? "range" : state.last.value;
              return;
            }
            if (value === "range") return;
            asking.value = false;
            state.range.value = null;
            state.last.value = value;
          }}
        >
          {state.LASTS.map((last) => <option key={last} value={last}>{LONG[last]}</option>)}
          {range && <option value="range">{`${clock(range.from, state.utc.value).slice(0, 8)} – ${clock(range.to, state.utc.value).slice(0, 8)}`}</option>}
          <option value="ask">From … to …</option>
        </select>
      </label>
      {range && <button class="action" title={`${instant(range.from)} to ${instant(range.to)}`} onClick={() => (state.range.value = null)}>Back to live</button>}
      {asking.value && <Between />}
      <button class="action" aria-pressed={state.utc.value} title="Local time or UTC" onClick={() => (state.utc.value = !state.utc.value)}>
        {state.utc.value ? "UTC" : zone(Date.now())}
      </button>
    </>
  );
}

const THEMES = { "": ["dark", "◐", "as the system is"], dark: ["light", "●", "dark"], light: ["", "○", "light"] } as const;

function TapChoice() {
  const taps = state.status.value?.taps ?? [];
  return (
    <label class="pick">
      <span class="sr">Tap</span>
      <select id="tap" value={state.tap.value} onChange={(e) => (state.tap.value = e.currentTarget.value)}>
        <option value="">All taps</option>
        {taps.map((t) => <option key={t.tap} value={t.tap}>{t.tap}</option>)}
        {state.tap.value && !taps.some((t) => t.tap === state.tap.value) && <option value={state.tap.value}>{state.tap.value}</option>}
      </select>
    </label>
  );
}

// Past the bars: to the list, where keys choose rows, or to what another view shows.
function skip(event: Event) {
  event.preventDefault(); // the address holds what is shown
  (document.getElementById("requests") ?? document.getElementById("content"))?.focus();
}

export function TopBar() {
  const [next, sign, now] = THEMES[state.theme.value];
  return (
    <header class="bar">
      <a class="skip" href="#content" onClick={skip}>Skip to the {VIEWS.find(([name]) => name === state.view.value)?.[1].toLowerCase()}</a>
      <h1 class="brand">
        <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
          <path d="M3 8h12m0 0-3.5-3.5M15 8l-3.5 3.5M21 16H9m0 0 3.5-3.5M9 16l3.5 3.5" />
        </svg>
        TrafficTap
      </h1>
      <nav aria-label="Views">
        {VIEWS.map(([name, label]) => (
          <button key={name} class="tab" aria-current={state.view.value === name ? "page" : undefined} onClick={() => (state.view.value = name)}>{label}</button>
        ))}
      </nav>
      {state.view.value !== "taps" && !state.file.value && <TapChoice />}
      {state.view.value !== "taps" && !state.file.value && <Time />}
      <span class="grow" />
      <Connection />
      <button class="icon" title={`Colours: ${now} (t)`} aria-label={`Switch theme, now ${now}`} id="theme" onClick={() => (state.theme.value = next)}>{sign}</button>
      <button class="icon" title="Keyboard and filters (?)" aria-label="Help" onClick={() => (state.helpOpen.value = true)}>?</button>
    </header>
  );
}
