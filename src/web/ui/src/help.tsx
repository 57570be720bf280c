import { useEffect, useRef } from "preact/hooks";
import * as state from "./state";

const KEYS: [string, string][] = [
  ["j / k", "next / previous request"],
  ["g / G", "oldest / newest"],
  ["Enter", "open the details"],
  ["Esc", "close"],
  ["/", "filter"],
  ["Space", "pause or resume"],
  ["1 – 4", "live, map, top, taps"],
  ["t", "dark or light"],
  ["?", "this help"],
];
const FILTERS: [string, string][] = [
  ["code:5xx", "also 404, 500-599, 404|503, 0 for no response"],
  ["method:GET|POST", "one of them"],
  ["path:/cart", "a prefix; path:=/cart is exact, path:~/cart/[0-9]+ a regex"],
  ["source:frontend", "who calls; shop/front* works too"],
  ["destination:shop/cart", "who is called"],
  ["ns:shop", "either end; source-ns: and destination-ns: for one"],
  ["verdict:ServerError", "who is to blame"],
  ["min:100ms", "took at least"],
  ["flag:UF", "Envoy’s response flag"],
  ["-code:404", "a minus keeps out"],
  ["any words", "looked for in paths, hosts, user agents, ids and names"],
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
