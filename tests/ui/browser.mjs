// SPDX-License-Identifier: Apache-2.0

// A real Chromium with a profile of its own, and the real collector beside it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const here = dirname(fileURLToPath(import.meta.url));
const modules = createRequire(join(process.env.UI_MODULES, "package.json"));
const { chromium } = modules("playwright-core");
export const axeSource = modules.resolve("axe-core/axe.min.js");

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

export async function openBrowser(options = {}) {
  const profile = mkdtempSync(join(tmpdir(), "traffictap-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
    viewport: { width: 1440, height: 860 },
    colorScheme: "light",
    acceptDownloads: true,
    ...options,
  });
  return { context, close: () => context.close().finally(() => rmSync(profile, { recursive: true, force: true })) };
}

// What must never happen on any page: a violation of the policy, an error, a request to elsewhere.
export function watch(page) {
  const faults = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) faults.push(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    faults.push("a dialog opened");
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!/^(http:\/\/127\.|blob:http:\/\/127\.)/.test(request.url())) faults.push(`request to ${request.url()}`);
  });
  return faults;
}

export async function startCollector() {
  const child = spawn("python3", [join(here, "serve.py"), process.env.COLLECTOR], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface({ input: child.stdout });
  const address = await new Promise((resolve, reject) => {
    lines.once("line", resolve);
    child.once("exit", (code) => reject(new Error(`serve.py ended with ${code}`)));
  });
  return {
    address,
    origin: new URL(address).origin,
    token: new URL(address).hash.replace("#token=", ""),
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
