// SPDX-License-Identifier: Apache-2.0
import { follow, moveSelection, moveTo } from "./list";
import * as state from "./state";

const VIEWS: state.View[] = ["list", "map", "top", "taps"];

const editing = (target: EventTarget | null) => target instanceof HTMLElement && target.matches("input, select, textarea, button, [role=button]");

function act(key: string): boolean {
  switch (key) {
    case "j":
    case "ArrowDown": moveSelection(1); return true;
    case "k":
    case "ArrowUp": moveSelection(-1); return true;
    case "g": if (state.ring.length) moveTo(0); return true;
    case "G": follow(); return true;
    case "Enter": if (!state.selected.value) moveSelection(1); return true;
    case "Escape": state.select(null); return true;
    case "/": document.getElementById("filter")?.focus(); return true;
    case " ": state.setPaused(!state.paused.value); return true;
    case "?": state.helpOpen.value = true; return true;
    case "t": document.querySelector<HTMLElement>("[aria-label='Switch theme']")?.click(); return true;
  }
  const view = VIEWS[Number(key) - 1];
  if (view) state.view.value = view;
  return !!view;
}

export function listen() {
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || state.helpOpen.value) return;
    if (event.target instanceof HTMLElement && event.target.id === "filter" && event.key === "Escape") event.target.blur();
    if (editing(event.target)) {
      if (event.target instanceof HTMLElement && event.target.matches("g.node") && event.key === "Enter") event.target.dispatchEvent(new MouseEvent("click", { bubbles: true }));
      return;
    }
    if (act(event.key)) event.preventDefault();
  });
}
