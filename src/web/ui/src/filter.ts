// SPDX-License-Identifier: Apache-2.0

// The filter line: words such as `code:5xx source:cart -path:/health slow`. Keys are the stream's parameters and the
// CLI's options; a key with '-' in front keeps out; a word without a key is looked for as text.
import { KEYS } from "./filter_words";

export interface Term {
  name: string; // of the stream's parameter
  value: string;
  not: boolean;
}
export interface ParsedFilter {
  terms: Term[];
  error: string; // what is wrong, or empty
}

const PARTS = /(?:[^\s"]|"[^"]*"?)+/g;

// Words between spaces; quotes keep spaces: text:"not found".
export const parts = (line: string): string[] => line.match(PARTS) ?? [];
export const words = (line: string): string[] => parts(line).map((word) => word.replace(/"/g, ""));

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}

// The key that was probably meant, or nothing.
function nearestKey(key: string): string {
  const best = Object.keys(KEYS).map((name) => [distance(key, name), name] as const).sort((a, b) => a[0] - b[0])[0];
  return best[0] <= Math.max(1, Math.floor(key.length / 3)) ? best[1] : "";
}

// "http://cart:8080/items" as people paste it: the host and the whole path.
function fromUrl(word: string): Term[] {
  const url = /^https?:\/\/([^/?#]+)([^#]*)/.exec(word);
  if (!url) return [];
  const out: Term[] = [{ name: "authority", value: url[1], not: false }];
  if (url[2] && url[2] !== "/") out.push({ name: "path", value: `=${url[2]}`, not: false });
  return out;
}

// What has a colon but is no filter: addresses such as 10.0.0.1:8080, fd00::1, [fd00::1]:8080 or cart.shop:80.
const isAddress = (word: string) => /^[\w.-]*[.\d][\w.-]*:\d+$/.test(word) || /^(\[(?=.*\])|)[0-9a-f]*:[0-9a-f:]*:[0-9a-f:.]*(\](:\d+)?)?$/i.test(word);

export function parseFilter(line: string): ParsedFilter {
  const terms: Term[] = [];
  const text: string[] = [];
  for (const word of words(line)) {
    const not = word.startsWith("-") && word.length > 1;
    const bare = not ? word.slice(1) : word;
    const colon = bare.indexOf(":");
    const key = bare.slice(0, Math.max(colon, 0)).toLowerCase();
    const url = not ? [] : fromUrl(bare);
    if (url.length) {
      terms.push(...url);
      continue;
    }
    if (colon <= 0 || bare.startsWith("/") || (!KEYS[key] && isAddress(bare))) {
      if (not) terms.push({ name: "text", value: bare, not });
      else text.push(bare);
      continue;
    }
    const name = KEYS[key];
    if (!name) {
      const near = nearestKey(key);
      return { terms, error: `“${key}:” is not a filter. ${near ? `Did you mean ${near}:?` : "Try method, path, code, grpc, source, destination, ns, verdict, min or text."}` };
    }
    const value = bare.slice(colon + 1);
    if (!value) return { terms, error: `“${key}:” needs a value.` };
    if (name === "text" && !not) text.push(value);
    else terms.push({ name, value, not });
  }
  for (const value of text) terms.push({ name: "text", value, not: false });
  return { terms, error: "" };
}

export function filterQuery(terms: Term[]): URLSearchParams {
  const out = new URLSearchParams();
  for (const { name, value, not } of terms) out.append(not ? `not.${name}` : name, value);
  return out;
}

const quoted = (key: string, value: string) => (/\s/.test(value) ? `${key}:"${value}"` : `${key}:${value}`);
const keyOf = (part: string) => KEYS[part.slice(0, part.indexOf(":")).toLowerCase()];

// Sets `key:value` in place of another value of the key, or takes it out where it is there already.
export function toggleTerm(line: string, key: string, value: string): string {
  const word = quoted(key, value);
  const all = parts(line);
  const others = all.filter((part) => part.startsWith("-") || keyOf(part) !== KEYS[key]);
  return (all.includes(word) ? others : [...others, word]).join(" ");
}

// Adds the value to those of the key (one of them is enough), or takes it out again.
export function toggleValue(line: string, key: string, value: string): string {
  const all = parts(line);
  const mine = all.filter((part) => !part.startsWith("-") && keyOf(part) === KEYS[key]);
  const values = mine.flatMap((part) => part.slice(part.indexOf(":") + 1).split(/[,|]/));
  const next = values.includes(value) ? values.filter((each) => each !== value) : [...values, value];
  const others = all.filter((part) => !mine.includes(part) && part !== `-${quoted(key, value)}`);
  return (next.length ? [...others, quoted(key, next.join("|"))] : others).join(" ");
}

// Keeps out what has the value; taken out where it is there already.
export function excludeTerm(line: string, key: string, value: string): string {
  const word = `-${quoted(key, value)}`;
  const others = parts(line).filter((part) => part !== word && part !== quoted(key, value));
  return (parts(line).includes(word) ? others : [...others, word]).join(" ");
}

// The values of a key that the line asks for.
export const valuesOf = (terms: Term[], name: string, not = false) =>
  terms.filter((term) => term.name === name && term.not === not).flatMap((term) => term.value.split(/[,|]/));

// The path filter of a route such as /cart/{id}/items.
export const routePath = (route: string) =>
  route.includes("{id}") ? `~${route.split("{id}").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("[^/?]+")}` : `=${route}`;
