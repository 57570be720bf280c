// SPDX-License-Identifier: Apache-2.0

// Text from traffic may hold anything: control characters, bidirectional overrides and invisible ones are shown as
// their code, so that what is on the screen is what was sent.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

export const visible = (text: string) =>
  text.replace(UNSAFE, (c) => `\\u{${c.charCodeAt(0).toString(16).padStart(2, "0")}}`);

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

export const percent = (part: number, whole: number) =>
  whole === 0 || part === 0 ? "0%" : part / whole < 0.001 ? "<0.1%" : `${((part / whole) * 100).toFixed(1)}%`;

export function bytes(value: number): string {
  if (value >= 1 << 20) return `${(value / (1 << 20)).toFixed(1)} MiB`;
  if (value >= 1 << 10) return `${(value / (1 << 10)).toFixed(1)} KiB`;
  return `${value} B`;
}

export function clock(time: number): string {
  if (Number.isNaN(time)) return "–";
  const d = new Date(time);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, "0")}`;
}
