// SPDX-License-Identifier: Apache-2.0
import { useRef } from "preact/hooks";
import { atFirst, chooseColumns, chosenColumns, COLUMNS, shownColumns, type ColumnName } from "./columns";
import * as state from "./state";

function choose(names: readonly ColumnName[]) {
  chooseColumns(names);
  // What is not shown sorts nothing: nobody could see by what, or change it.
  if (!shownColumns(chosenColumns.value).some(({ sort }) => sort === state.sort.value.by)) state.sort.value = { by: "time", down: false };
}

// A box for each column that can be left out.
export function ColumnMenu() {
  const ref = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (ref.current) ref.current.open = false;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !ref.current?.open) return;
    event.preventDefault();
    close();
    ref.current.querySelector("summary")?.focus();
  };
  const onFocusOut = (event: FocusEvent) => !ref.current?.contains(event.relatedTarget as Node | null) && close();
  return (
    <details ref={ref} class="menu" onKeyDown={onKeyDown} onFocusOut={onFocusOut}>
      <summary class="action">Columns</summary>
      {/* Takes the focus where none of its boxes does, so that a click beside them does not close it. */}
      <fieldset class="menu-items" tabIndex={-1}>
        <legend class="sr">Columns of the list</legend>
        {COLUMNS.filter(({ shown }) => shown !== "always").map(({ name, label }) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={chosenColumns.value.includes(name)}
              onChange={(e) => choose(e.currentTarget.checked ? [...chosenColumns.value, name] : chosenColumns.value.filter((each) => each !== name))}
            />{" "}
            {label}
          </label>
        ))}
        <button class="link" onClick={() => choose(atFirst)}>The usual ones</button>
      </fieldset>
    </details>
  );
}
