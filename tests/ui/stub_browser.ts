// SPDX-License-Identifier: Apache-2.0
import { vi } from "vitest";

// What modules of the page ask a browser for as they are loaded, and nothing of it does anything: call it before importing them.
export function stubBrowser(): void {
  const storage = { getItem: () => null, setItem: () => undefined };
  vi.stubGlobal("location", { hash: "", origin: "http://127.0.0.1:1", pathname: "/" });
  vi.stubGlobal("sessionStorage", storage);
  vi.stubGlobal("localStorage", storage);
  vi.stubGlobal("history", { replaceState: () => undefined, pushState: () => undefined });
  vi.stubGlobal("window", { addEventListener: () => undefined, setTimeout: () => 0 });
  vi.stubGlobal("document", { documentElement: { dataset: {} } });
  vi.stubGlobal("BroadcastChannel", undefined);
}
