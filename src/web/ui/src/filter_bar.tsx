// SPDX-License-Identifier: Apache-2.0
import { signal } from "@preact/signals";
import { ColumnMenu } from "./column_menu";
import { countValues, facetOf } from "./facets";
import { termValue } from "./facet_panel";
import { setPaused, store } from "./feed";
import { excludeTerm, parts, toggleValue, valuesOf } from "./filter";
import { KEYS, MEANINGS } from "./filter_words";
import { count, requests, visible } from "./format";
import { VERDICTS } from "./record";
import { VerdictTag, verdictLabel, verdictMeaning } from "./verdict";
import { ShareMenus } from "./menus";
import * as state from "./state";

const OFFERS_MAX = 10;
interface Offer {
  text: string; // what the word becomes
  note: string;
}
const offering = signal(false); // since something was typed, or the arrow asked for it
const chosen = signal(-1);

// Of the last word: its keys, then the values that the listed requests have.
function offers(line: string): Offer[] {
  const word = line.endsWith(" ") || !line ? "" : (parts(line).at(-1) ?? "");
  const sign = word.startsWith("-") ? "-" : "";
  const bare = word.slice(sign.length);
  const colon = bare.indexOf(":");
  if (colon < 0) {
    return MEANINGS.map(([example, note]) => ({ text: `${sign}${example.slice(0, example.indexOf(":") + 1)}`, note }))
      .filter(({ text }) => text.startsWith(sign + bare.toLowerCase()) && text !== word)
      .slice(0, bare || sign ? OFFERS_MAX : 20);
  }
  const key = bare.slice(0, colon).toLowerCase();
  const begun = bare.slice(colon + 1).replace(/^[="]/, "").toLowerCase();
  const canonical = MEANINGS.map(([example]) => example.split(":")[0]).find((name) => KEYS[name] === KEYS[key]) ?? key;
  const facet = facetOf({ src: "source", dst: "destination" }[canonical] ?? canonical);
  if (!KEYS[key] || !facet) return [];
  return countValues(store.all, facet, 200)
    .filter(([value]) => value.toLowerCase().includes(begun) && !/["\s]/.test(value))
    .map(([value, n]) => ({ text: `${sign}${key}:${termValue(facet.key, value)}`, note: requests(n, store.estimated) }))
    .filter(({ text }) => text !== word)
    .slice(0, OFFERS_MAX);
}

function take(offer: Offer) {
  const line = state.filterLine.peek();
  const rest = line.endsWith(" ") || !line ? parts(line) : parts(line).slice(0, -1);
  state.filterLine.value = [...rest, offer.text].join(" ") + (offer.text.endsWith(":") ? "" : " ");
  chosen.value = -1;
}

function Input({ why }: { why: string }) {
  const list = offering.value ? offers(state.filterLine.value) : [];
  const open = list.length > 0;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" && !open) offering.value = true;
    if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      offering.value = false;
    }
    if (event.key === "Escape" || !open) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      chosen.value = (chosen.value + by + list.length + (chosen.value < 0 && by < 0 ? 1 : 0)) % list.length;
    } else if ((event.key === "Enter" && chosen.value >= 0) || (event.key === "Tab" && !event.shiftKey && state.filterLine.value && !state.filterLine.value.endsWith(" "))) {
      event.preventDefault();
      take(list[Math.max(0, chosen.value)]);
    }
  };
  return (
    <div class="filter-box">
      <input
        id="filter"
        type="text"
        role="combobox"
        aria-expanded={open}
        aria-controls="offers"
        aria-autocomplete="list"
        aria-activedescendant={open && chosen.value >= 0 ? `offer-${chosen.value}` : undefined}
        spellcheck={false}
        autocomplete="off"
        aria-label="Filter"
        aria-invalid={why ? true : undefined}
        aria-describedby="filter-error"
        placeholder="Filter: code:5xx  source:frontend  -path:/health  min:100ms  any text   ( / )"
        value={state.filterLine.value}
        onInput={(e) => {
          state.filterLine.value = e.currentTarget.value;
          offering.value = e.currentTarget.value !== "";
          chosen.value = -1;
        }}
        onBlur={() => (offering.value = false)}
        onKeyDown={onKeyDown}
      />
      <ul id="offers" role="listbox" aria-label="Filters" class="offers" hidden={!open}>
        {list.map((offer, i) => (
          <li
            key={offer.text}
            id={`offer-${i}`}
            role="option"
            aria-selected={i === chosen.value}
            onPointerDown={(e) => {
              e.preventDefault();
              take(offer);
            }}
          >
            <span class="mono">{visible(offer.text)}</span> <span class="faint small">{offer.note}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function talliesOfFile(): Record<string, number> {
  void state.version.value;
  return Object.fromEntries(countValues(store.all, facetOf("verdict")!, 20));
}

// How many of each verdict this time has, whatever of them the filter leaves out.
function Strip() {
  const asked = valuesOf(state.parsed.value.terms, "verdict");
  const not = valuesOf(state.parsed.value.terms, "verdict", true);
  const known = state.file.value ? talliesOfFile() : state.tallies.value;
  return (
    <div class="strip" role="group" aria-label="Verdicts">
      {[...VERDICTS].reverse().map((verdict) => (
        <button
          key={verdict}
          class={`chip ${not.includes(verdict) ? "excluded" : ""} ${known[verdict] ? "" : "none"}`}
          aria-pressed={asked.includes(verdict)}
          title={`${verdictLabel(verdict)}: ${verdictMeaning(verdict)}. Click adds, Alt-click leaves out.`}
          onClick={(e) => (state.filterLine.value = (e.altKey ? excludeTerm : toggleValue)(state.filterLine.value, "verdict", verdict))}
        >
          <VerdictTag verdict={verdict} /> <span class="num">{requests(known[verdict] ?? 0, store.estimated)}</span>
        </button>
      ))}
    </div>
  );
}

function Counts() {
  const copies = state.copies.value;
  const missing = state.missing.value.length > 0 ? state.missing.value : (state.status.value?.partial?.missing ?? []);
  return (
    <span class="counts faint num" title={copies ? `${count(copies)} of them were seen by a second tap as well, and are listed once` : undefined}>
      {count(state.listed.value)} {store.estimated ? "records" : "requests"}
      {state.listed.value > store.length && ` · the newest ${count(store.length)} are listed`}
      {missing.length > 0 && (
        <span class="warn" title={missing.map((one) => `${one.pairer}: ${one.reason}`).join("\n")}>
          {" "}
          · records of {count(missing.length)} {missing.length === 1 ? "pairer" : "pairers"} are missing
        </span>
      )}
      {state.gaps.value > 0 && <span class="warn"> · {count(state.gaps.value)} missed</span>}
      {state.paused.value && state.waiting.value > 0 && <> · {count(state.waiting.value)} waiting</>}
    </span>
  );
}

export function FilterBar() {
  const { error } = state.parsed.value;
  const refused = state.failure.value?.code === 400 ? state.failure.value.message : "";
  const why = error || refused;
  const isList = state.view.value === "list";
  return (
    <div class="filters" role="search">
      <div class="filter-line">
        <Input why={why} />
        {isList && (
          <>
            <button class="action" aria-pressed={state.facetsOpen.value} title="Values of the listed requests, counted" onClick={() => (state.facetsOpen.value = !state.facetsOpen.value)}>Values</button>
            <ColumnMenu />
            <button id="pause" class="action" aria-pressed={state.paused.value} disabled={!state.isFollowing.value} onClick={() => setPaused(!state.paused.value)}>
              {state.paused.value ? "▶ Resume" : "❚❚ Pause"}
            </button>
          </>
        )}
        <ShareMenus />
      </div>
      {isList && <div class="chips"><Strip /><span class="grow" /><Counts /></div>}
      <p id="filter-error" class="error" role="alert">
        {why && `${why}${state.shown.value === null ? "" : ` Still showing ${state.shownLine.value.trim() ? `“${visible(state.shownLine.value.trim())}”` : "all requests"}.`}`}
      </p>
    </div>
  );
}
