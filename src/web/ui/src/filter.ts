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

// Words between spaces; quotes keep spaces: text:"not found".
export function words(line: string): string[] {
  return (line.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []).map((word) => word.replace(/"/g, ""));
}

export function parseFilter(line: string): ParsedFilter {
  const terms: Term[] = [];
  const text: string[] = [];
  for (const word of words(line)) {
    const not = word.startsWith("-") && word.length > 1;
    const bare = not ? word.slice(1) : word;
    const colon = bare.indexOf(":");
    const key = bare.slice(0, Math.max(colon, 0)).toLowerCase();
    if (colon <= 0 || bare.startsWith("/")) {
      if (not) terms.push({ name: "text", value: bare, not });
      else text.push(bare);
      continue;
    }
    const name = KEYS[key];
    if (!name) return { terms, error: `“${key}:” is not a filter. Try method, path, code, grpc, source, destination, ns, verdict, min or text.` };
    const value = bare.slice(colon + 1);
    if (!value) return { terms, error: `“${key}:” needs a value.` };
    if (name === "text" && !not) text.push(value);
    else terms.push({ name, value, not });
  }
  if (text.length) terms.push({ name: "text", value: text.join(" "), not: false });
  return { terms, error: "" };
}

export function filterQuery(terms: Term[]): URLSearchParams {
  const out = new URLSearchParams();
  for (const { name, value, not } of terms) out.append(not ? `not.${name}` : name, value);
  return out;
}

// Adds `key:value`, replaces another value of the key, or takes it out where it is there already.
export function toggleTerm(line: string, key: string, value: string): string {
  const word = /\s/.test(value) ? `${key}:"${value}"` : `${key}:${value}`;
  const parts: string[] = line.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  const others = parts.filter((part) => !part.startsWith(`${key}:`));
  return (parts.includes(word) ? others : [...others, word]).join(" ");
}
