// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from "preact/hooks";
import { MEANINGS } from "./filter_words";
import * as state from "./state";

const KEYS: [string, string][] = [
  ["j / k", "next / previous request"],
  ["g / G", "first / newest"],
  ["Enter", "open the details, and go into them"],
  ["Esc", "close, and go back"],
  ["/", "filter; Tab completes"],
  ["Space", "pause or resume"],
  ["1 – 4", "requests, map, top, taps"],
  ["v", "values of the listed requests"],
  ["u", "local time or UTC"],
  ["y", "copy a link to what is shown"],
  ["t", "colours: system, dark, light"],
  ["?", "this help"],
];
const FILTERS: [string, string][] = [
  ...MEANINGS,
  ["-code:404", "a minus excludes what matches"],
  ["any words", "the same as text: of each; quotes keep spaces: \"not found\""],
  ["http://cart:8080/x", "a pasted address: its host and path"],
];

const Table = ({ rows }: { rows: [string, string][] }) => (
  <dl class="facts keys">
    {rows.map(([key, text]) => (
      <div key={key}>
        <dt><kbd>{key}</kbd></dt>
        <dd>{text}</dd>
      </div>
    ))}
  </dl>
);

export function Help() {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => ref.current?.showModal(), []);
  return (
    <dialog ref={ref} class="help" aria-labelledby="help-title" onClose={() => (state.helpOpen.value = false)}>
      <header>
        <h2 id="help-title">Keyboard and filters</h2>
        <span class="grow" />
        <button class="icon" aria-label="Close" onClick={() => ref.current?.close()}>✕</button>
      </header>
      <div class="two">
        <section><h3>Keys</h3><Table rows={KEYS} /></section>
        <section><h3>Filters</h3><Table rows={FILTERS} /></section>
      </div>
    </dialog>
  );
}
