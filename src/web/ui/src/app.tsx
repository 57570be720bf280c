// SPDX-License-Identifier: Apache-2.0
import { DeskDialogs } from "./desk_bar";
import { FacetPanel } from "./facet_panel";
import { FilterBar } from "./filter_bar";
import { openFile } from "./feed";
import { List } from "./list";
import { Details } from "./details";
import { EdgeMap } from "./map";
import { Plot } from "./plot";
import { Top } from "./top";
import { TopBar } from "./top_bar";
import { Taps } from "./taps";
import { Help } from "./help";
import { AskAgain, Gate } from "./gate";
import { clock, visible } from "./format";
import * as state from "./state";

function Banner() {
  const why = state.failure.value;
  if (state.unauthorized.value) return <AskAgain />;
  if (state.connection.value === "lost") {
    const at = state.statusAt.value ? ` Figures are as of ${clock(state.statusAt.value, state.utc.value).slice(0, 8)}.` : "";
    return <p class="banner" role="alert">The connection to the collector is lost. What you see stays; trying again…{at}</p>;
  }
  const told = why && state.connection.value !== "open" && why.code !== 400 && why.code !== 401;
  return told ? <p class="banner" role="alert">{visible(why.message)}</p> : null;
}

// What was done, for all to read and for screen readers to say.
function Said() {
  const text = state.announced.value;
  return (
    <p class={`said ${text ? "" : "sr"}`} role="status">
      {visible(text)}
      {text && <button class="icon" aria-label="Close the note" onClick={() => (state.announced.value = "")}>✕</button>}
    </p>
  );
}

function dropped(event: DragEvent) {
  event.preventDefault();
  const file = event.dataTransfer?.files[0];
  if (file) void openFile(file);
}

export function App() {
  // Once there are rows they stay, and the token is asked for above them.
  if (state.unauthorized.value && state.shown.value === null && !state.file.value) return <Gate />;
  const view = state.view.value;
  return (
    <div class="page" onDragOver={(e) => e.preventDefault()} onDrop={dropped}>
      <TopBar />
      {view !== "taps" && <FilterBar />}
      <Banner />
      <main id="content" class="view" tabIndex={-1} data-query={state.shown.value}>
        {view === "list" && (
          <>
            <FacetPanel />
            <div class="list-side">
              <Plot />
              <List />
            </div>
            <Details />
          </>
        )}
        {view === "map" && <EdgeMap />}
        {view === "top" && <Top />}
        {view === "taps" && <Taps />}
      </main>
      <Said />
      {state.helpOpen.value && <Help />}
      {state.deskAsks.value && <DeskDialogs />}
    </div>
  );
}
