// SPDX-License-Identifier: Apache-2.0

// Text from traffic may hold anything: control characters, bidirectional overrides and invisible ones are shown as
// their code, so that what is on the screen is what was sent.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

export const visible = (text: string) =>
  text.replace(UNSAFE, (c) => `\\u{${c.charCodeAt(0).toString(16).padStart(2, "0")}}`);

// The middle tells least of a name or a path: its begin and its end tell versions and resources apart.
export const shortened = (text: string, max: number) =>
  text.length > max ? `${text.slice(0, Math.ceil(max / 2) - 1)}…${text.slice(text.length - Math.floor(max / 2))}` : text;

export function ms(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  if (size >= 1000) return `${(value / 1000).toFixed(2)} s`;
  if (size >= 100) return `${value.toFixed(0)} ms`;
  return `${value.toFixed(size >= 10 ? 1 : 2)} ms`;
}

export function rate(perSecond: number): string {
  if (perSecond >= 1000) return `${(perSecond / 1000).toFixed(1)}k/s`;
  if (perSecond >= 10) return `${perSecond.toFixed(0)}/s`;
  return `${perSecond.toFixed(perSecond >= 1 ? 1 : 2)}/s`;
}

export const count = (value: number) => value.toLocaleString("en-US");

// A number of requests; by the weights of a sample it is an estimate, and not whole.
export const requests = (value: number, estimated: boolean) => `${estimated ? "≈" : ""}${count(Math.round(value))}`;

export const percent = (part: number, whole: number) =>
  whole === 0 || part === 0 ? "0%" : part / whole < 0.001 ? "<0.1%" : `${((part / whole) * 100).toFixed(1)}%`;

export function bytes(value: number): string {
  if (value >= 1 << 20) return `${(value / (1 << 20)).toFixed(1)} MiB`;
  if (value >= 1 << 10) return `${(value / (1 << 10)).toFixed(1)} KiB`;
  return `${value} B`;
}

const two = (n: number) => String(n).padStart(2, "0");

// The time of day as the reader chose to see it, to the millisecond.
export function clock(time: number, utc = false): string {
  if (Number.isNaN(time)) return "–";
  const d = new Date(time);
  const [h, m, s] = utc ? [d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()] : [d.getHours(), d.getMinutes(), d.getSeconds()];
  return `${two(h)}:${two(m)}:${two(s)}.${String(d.getUTCMilliseconds()).padStart(3, "0")}`;
}

// "UTC+01:00": of the reader's machine.
export function zone(time: number): string {
  const minutes = -new Date(time).getTimezoneOffset();
  const size = Math.abs(minutes);
  return minutes === 0 ? "UTC" : `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

// Both times with date and zone, for where there is room.
export function instant(time: number): string {
  if (Number.isNaN(time)) return "time not known";
  const d = new Date(time);
  const local = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clock(time)} ${zone(time)}`;
  return zone(time) === "UTC" ? local : `${local} · ${d.toISOString()}`;
}

// "45 s", "12 min", "3 h", "9 d".
export function age(lasted: number): string {
  const seconds = Math.max(0, Math.round(lasted / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

const UNITS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, ns: 1e-6 };
const DURATION = new RegExp(`^(?=.)${Object.keys(UNITS).map((unit) => `(?:(0|[1-9]\\d*)${unit})?`).join("")}$`);

// "30s", "100ms" and "1h30m" in milliseconds, as the collector reads them; NaN: none.
export function durationMs(text: string): number {
  const found = DURATION.exec(text);
  return found ? Object.values(UNITS).reduce((sum, unit, i) => sum + unit * Number(found[i + 1] ?? 0), 0) : NaN;
}
