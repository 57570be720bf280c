// SPDX-License-Identifier: Apache-2.0
import { setPaused } from "./feed";
import { follow, leaveDetails, moveSelection, moveTo } from "./list";
import { chosen } from "./map";
import { closePanel } from "./panel";
import { copy, linkTo } from "./share";
import * as state from "./state";
import { VIEWS } from "./top_bar";

// Only what takes text takes letters; a button has its own Space and Enter, and no other key.
const takesText = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.matches("textarea, select, [contenteditable]") || (target instanceof HTMLInputElement && !/^(button|checkbox|radio|file)$/.test(target.type)));
const takesPress = (target: EventTarget | null) => target instanceof Element && target.matches("button, summary, a, input, [role=button], [role=option]");

function leaveDetailsOrNote() {
  if (!state.selectedId.value) state.announced.value = "";
  leaveDetails();
}

// Of the chosen row, or of the one that is chosen where none is.
function enterDetails() {
  if (!state.selected.value) moveSelection(1);
  state.entering.value = !!state.selected.value;
}

function closeOne() {
  if (chosen.value && state.view.value === "map") return closePanel();
  if (state.view.value === "list") return leaveDetailsOrNote();
  state.announced.value = "";
}

function act(key: string): boolean {
  const inList = state.view.value === "list";
  switch (key) {
    case "j":
    case "ArrowDown": if (inList) moveSelection(1); return inList;
    case "k":
    case "ArrowUp": if (inList) moveSelection(-1); return inList;
    case "g": if (inList) moveTo(0); return inList;
    case "G": if (inList) follow(); return inList;
    case "Enter": if (inList) enterDetails(); return inList;
    case "Escape": closeOne(); return true;
    case "/": document.getElementById("filter")?.focus(); return true;
    case " ": if (inList && state.isFollowing.value) setPaused(!state.paused.value); return inList;
    case "v": state.facetsOpen.value = !state.facetsOpen.value; return true;
    case "u": state.utc.value = !state.utc.value; return true;
    case "y": void copy(linkTo(), "the link"); return true;
    case "?": state.helpOpen.value = true; return true;
    case "t": document.getElementById("theme")?.click(); return true;
  }
  const view = VIEWS[Number(key) - 1]?.[0];
  if (view) state.view.value = view;
  return !!view;
}

export function listen() {
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || state.helpOpen.value || state.deskAsks.value) return;
    const { target } = event;
    if (takesText(target)) {
      if (event.key === "Escape" && target instanceof HTMLElement) target.blur();
      return;
    }
    if (takesPress(target) && (event.key === " " || event.key === "Enter")) return;
    // Arrows scroll what has the focus and scrolls, but in the list, where they choose.
    const scrolls = target instanceof Element && target.matches("[role=region], aside");
    if (scrolls && event.key.startsWith("Arrow")) return;
    if (act(event.key)) event.preventDefault();
  });
}
