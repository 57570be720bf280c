// SPDX-License-Identifier: Apache-2.0
import { countValues, FACETS, type Facet } from "./facets";
import { seldom, store } from "./feed";
import { excludeTerm, toggleValue, valuesOf } from "./filter";
import { KEYS } from "./filter_words";
import { requests, visible } from "./format";
import { verdictLabel } from "./verdict";
import * as state from "./state";

const VALUES_MAX = 8;

const counts = seldom(() => FACETS.map((facet): [Facet, [string, number][]] => [facet, countValues(store.all, facet, VALUES_MAX)]));

// A value as the filter takes it: of a path, this path alone.
export const termValue = (key: string, value: string) => (key === "path" ? `=${value}` : value);

function Values({ facet, values }: { facet: Facet; values: [string, number][] }) {
  const asked = valuesOf(state.parsed.value.terms, KEYS[facet.key]);
  return (
    <section>
      <h2 class="small">{facet.title}</h2>
      <ul class="plain">
        {values.map(([value, n]) => {
          const wanted = termValue(facet.key, value);
          return (
            <li key={value}>
              <button
                class="facet"
                aria-pressed={asked.includes(wanted)}
                title="Click: only these. Alt-click: none of these."
                onClick={(e) => (state.filterLine.value = (e.altKey ? excludeTerm : toggleValue)(state.filterLine.value, facet.key, wanted))}
              >
                <span class="grow">{facet.key === "verdict" ? verdictLabel(value) : facet.key === "code" && value === "0" ? "0 (no response)" : visible(value)}</span>
                <span class="num faint">{requests(n, store.estimated)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

// What the listed requests have, by how many have it.
export function FacetPanel() {
  if (!state.facetsOpen.value) return null;
  return (
    <aside class="facets" aria-label="Values of the listed requests" tabIndex={0}>
      {counts().map(([facet, values]) => values.length > 0 && <Values key={facet.key} facet={facet} values={values} />)}
    </aside>
  );
}
