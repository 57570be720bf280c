// SPDX-License-Identifier: Apache-2.0

// The page in a real Chromium against a real collector with real traffic. Prints a line per test and the count.
import { createServer } from "node:http";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { axeSource, openBrowser, startCollector, watch } from "./browser.mjs";

const screenshots = process.env.SCREENSHOTS;
const WAIT = 60_000;
const TEST_MAX = 180_000; // some of the browser's calls wait without an end of their own
let passed = 0;
let failed = 0;

async function test(name, body) {
  if (process.env.TEST && !name.includes(process.env.TEST)) return;
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`not done after ${TEST_MAX / 1000} s`)), TEST_MAX)));
  try {
    await Promise.race([body(), late]);
    passed++;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}: ${error.stack ?? error}`);
  } finally {
    clearTimeout(timer);
  }
}

function check(condition, what) {
  if (!condition) throw new Error(what);
}

const picture = async (page, name) => screenshots && page.screenshot({ path: join(screenshots, `page-${name}.png`) });

const collector = await startCollector();
const browser = await openBrowser();
const page = await browser.context.newPage();
page.setDefaultTimeout(WAIT);
const faults = watch(page);
const rows = page.locator(".scroller .row");
// Types it; the rows that come after are those of `query`.
async function filterBy(line, query) {
  await page.fill("#filter", line);
  await page.locator("#filter").blur(); // or keys would be typed into it
  if (query !== undefined) await page.waitForFunction((q) => document.querySelector("main").dataset.query === q, query);
}
const texts = (selector) => page.locator(selector).allTextContents();

async function axe(name, on = page) {
  await on.evaluate(readFileSync(axeSource, "utf8"));
  const found = await on.evaluate(async () => (await globalThis.axe.run(document, { resultTypes: ["violations"] })).violations);
  const serious = found.filter((v) => v.impact === "serious" || v.impact === "critical");
  check(!serious.length, `${name}: ${serious.map((v) => `${v.id} at ${v.nodes.map((n) => n.target).slice(0, 3).join(" ; ")}`).join(", ")}`);
}

await test("without a token the page asks for one", async () => {
  await page.goto(`${collector.origin}/`);
  await page.waitForSelector("#token");
  await axe("gate");
});

await page.goto(collector.address);
await page.reload();

await test("the link of the collector opens it, and the token leaves the address bar", async () => {
  await rows.first().waitFor();
  check(!page.url().includes("token"), page.url());
});

await test("the list fills and follows", async () => {
  await page.waitForFunction(() => document.querySelectorAll(".scroller .row").length >= 12);
  const atEnd = () => page.evaluate(() => {
    const s = document.querySelector(".scroller");
    return s.scrollTop + s.clientHeight >= s.scrollHeight - 8;
  });
  check(await atEnd(), "the newest row is not in sight");
});

await test("hostile text is shown as text", async () => {
  await filterBy("workload:catalog text:script", "workload=catalog&text=script");
  await page.waitForFunction(() => document.querySelector(".row .path")?.textContent.includes("<script>alert(1)</script>"));
  await rows.last().click();
  await page.waitForSelector(".details");
  check((await texts(".details dd")).some((text) => text.includes("<img src=x onerror=alert(1)>")), "the user agent is not there");
  await page.waitForSelector(".details .cause");
  check((await page.locator(".details img, .details script").count()) === 0, "markup came alive");
  await page.keyboard.press("Escape");
});

await test("the filter keeps what it says", async () => {
  await filterBy("code:5xx destination:broken", "code=5xx&destination=broken");
  await page.waitForFunction(() => {
    const codes = [...document.querySelectorAll(".row .code")].map((e) => e.textContent);
    return codes.length > 0 && codes.every((code) => code.startsWith("5"));
  });
  check(new URL(page.url()).hash.includes("q=code%3A5xx"), "no deep link");
  await filterBy("text:nothing-has-this", "text=nothing-has-this");
  await page.waitForSelector(".empty h2");
  await filterBy("", "");
  await rows.nth(5).waitFor();
});

await test("a filter that is refused, here or by the collector, leaves the rows and says of which filter they are", async () => {
  await filterBy("destination:cart", "destination=cart");
  await rows.nth(2).waitFor();
  for (const [line, told] of [["code:999", "999"], ["colour:red", "colour"], ["cod:5xx", "Did you mean code:?"]]) {
    await filterBy(line);
    await page.waitForFunction((text) => document.querySelector("#filter-error").textContent.includes(text), told);
    check((await page.textContent("#filter-error")).includes("Still showing “destination:cart”"), "not told whose rows these are");
    check((await rows.count()) > 2 && (await page.locator(".list.stale").count()) === 1, "the rows went");
  }
  await filterBy("", "");
});

await test("rows are in the order of their time, and no service is an address", async () => {
  await filterBy("workload:frontend", "workload=frontend");
  await rows.nth(10).waitFor();
  await page.waitForTimeout(4000); // one-sided records come seconds after the others
  const times = await texts(".row .at");
  check(times.length > 5 && times.join() === [...times].sort().join(), times.join());
  await filterBy("destination:svc/gone", "destination=svc%2Fgone");
  await rows.nth(1).waitFor();
  check((await texts(".row .edge")).every((text) => text.trim().endsWith("gone")), (await texts(".row .edge"))[0]);
  await filterBy("", "");
});

await test("details tell the cause, name the phases, and split a retry into its tries", async () => {
  await filterBy("destination:stock", "destination=stock");
  await rows.nth(1).waitFor();
  await page.locator(".scroller").click({ position: { x: 300, y: 60 } });
  await page.waitForSelector(".details .timeline rect.phase");
  const heads = (await texts(".sides thead th")).join();
  check(heads.includes("Client’s proxy") && heads.includes("try 2"), heads);
  check((await page.textContent(".details .cause")).includes("It took 2 tries: 503, then 200."), await page.textContent(".details .cause"));
  const parts = (await texts(".details .parts th")).join();
  check(parts.includes("try 1") && parts.includes("try 2"), parts);
  const text = await page.textContent(".details");
  check(!/clocks? (differ|and)/.test(text) && !text.includes("Between"), "it speaks of clocks or of a time between");
  check(page.url().includes("id="), "no deep link to the record");
  await picture(page, "details");
  await axe("details");
  await filterBy("destination:cart", "destination=cart");
  await rows.nth(1).waitFor();
  check((await page.locator(".details").count()) === 1, "another filter closed the details");
  await page.keyboard.press("Escape");
  await filterBy("destination:svc/gone", "destination=svc%2Fgone");
  await rows.first().waitFor();
  await page.locator(".scroller").click({ position: { x: 300, y: 60 } });
  await page.waitForFunction(() => /could not connect to gone .*onnection refused/.test(document.querySelector(".details .cause")?.textContent ?? ""));
  check((await page.textContent(".told")).includes("The server's side is missing"), "the missing side is not told");
  await page.keyboard.press("Escape");
  await filterBy("", "");
});

await test("what is clicked filters, excludes and is copied", async () => {
  await browser.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(page.url()).origin });
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await filterBy("destination:broken", "destination=broken");
  await rows.first().waitFor();
  await page.locator(".scroller").click({ position: { x: 300, y: 60 } });
  await page.waitForSelector(".details .cause");
  for (const [name, good] of [["link", (t) => t.includes("from=") && t.includes("id=") && !t.includes("token")], ["text", (t) => t.includes("broken answered 500") && t.includes("kubectl traffictap explain")], ["curl", (t) => t.startsWith("curl ") && t.includes("/report'")]]) {
    await page.locator(".details .actions button", { hasText: name }).first().click();
    await page.waitForFunction(() => document.querySelector(".said").textContent.includes("Copied"));
    check(good(await clipboard()), `${name}: ${await clipboard()}`);
  }
  await page.locator(".details .facts .value button.link", { hasText: "/report" }).click();
  check((await page.inputValue("#filter")).endsWith("path:=/report"), await page.inputValue("#filter"));
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await filterBy("", "");
  await page.locator(".chip", { hasText: "Server error" }).click();
  await page.locator(".chip", { hasText: "Retried" }).click();
  check((await page.inputValue("#filter")) === "verdict:ServerError|Retried", await page.inputValue("#filter"));
  await page.waitForFunction(() => document.querySelector("main").dataset.query.includes("verdict="));
  await page.waitForFunction(() => Number(document.querySelector(".chip:last-child .num").textContent) > 0); // OK is still counted
  await page.locator(".chip", { hasText: "OK" }).click({ modifiers: ["Alt"] });
  check((await page.inputValue("#filter")).includes("-verdict:Ok"), await page.inputValue("#filter"));
  await page.keyboard.press("v");
  await page.waitForSelector(".facets .facet");
  await axe("values");
  await page.keyboard.press("v");
  await filterBy("", "");
});

await test("the filter completes keys, and values with their counts", async () => {
  await page.waitForSelector(".row.r-Ok");
  await page.fill("#filter", "verd");
  await page.waitForSelector("#offers li");
  await page.keyboard.press("Tab");
  check((await page.inputValue("#filter")) === "verdict:", await page.inputValue("#filter"));
  await page.waitForFunction(() => [...document.querySelectorAll("#offers li")].some((li) => /verdict:Ok\s+\d/.test(li.textContent)));
  await page.fill("#filter", "");
  await page.keyboard.press("Escape");
});

await test("keys work after a click, and move, close, pause and help", async () => {
  await filterBy("", "");
  await rows.nth(5).waitFor();
  await page.locator(".tab", { hasText: "Map" }).click();
  await page.keyboard.press("1");
  await rows.nth(5).waitFor();
  await page.keyboard.press("k");
  await page.keyboard.press("k");
  await page.waitForSelector(".row.chosen");
  await page.locator(".scroller").focus();
  await page.keyboard.press(" ");
  check((await page.getAttribute("#pause", "aria-pressed")) === "true", "not paused");
  await filterBy("destination:cart", "destination=cart");
  await rows.nth(1).waitFor(); // a pause ends following, not filtering
  await filterBy("", "");
  await page.locator("#pause").click();
  const last = await page.locator(".counts").textContent();
  await page.waitForFunction((before) => document.querySelector(".counts").textContent !== before, last);
  await page.locator(".scroller").focus();
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open]");
  await axe("help");
  const runs = await page.evaluate(() => [...document.querySelectorAll(".help kbd")].filter((kbd) => kbd.getBoundingClientRect().right > kbd.closest("dt").getBoundingClientRect().right + 1).map((kbd) => kbd.textContent));
  check(!runs.length, `runs into its text: ${runs.join()}`);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
});

await test("what appears above the list and another size do not end following", async () => {
  await page.keyboard.press("G");
  await page.setViewportSize({ width: 1440, height: 600 });
  await filterBy("colour:red");
  await page.waitForTimeout(1500);
  await page.waitForFunction(() => !document.querySelector(".follow"));
  await page.setViewportSize({ width: 1440, height: 860 });
  await filterBy("", "");
});

await test("a sorted list stays sorted, and the time can be chosen, brushed and gone back from", async () => {
  await rows.nth(8).waitFor();
  await page.locator(".grid-head button", { hasText: "Client" }).click();
  await page.waitForFunction(() => document.querySelector('[aria-sort="descending"]'));
  const shown = (await texts(".row .client")).map((text) => Number.parseFloat(text) * (text.endsWith(" s") ? 1000 : 1)).filter((value) => !Number.isNaN(value));
  check(shown.length > 5 && shown.every((value, i) => i === 0 || value <= shown[i - 1]), shown.join());
  await page.locator(".grid-head button", { hasText: "Time" }).click();
  const box = await page.locator(".plot-area svg").boundingBox();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.99, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(() => location.hash.includes("from=") && document.querySelector(".connection").textContent.includes("Fixed time"));
  await rows.nth(2).waitFor();
  await page.goBack();
  await page.waitForFunction(() => !location.hash.includes("from=") && document.querySelector(".connection").textContent.includes("Live"));
  await page.locator("body").press("u");
  check((await page.locator(".bar .action[aria-pressed=true]").textContent()) === "UTC", "not UTC");
  await page.locator("body").press("u");
});

await test("requests, map, top and taps are there, in light and dark, and accessible", async () => {
  await page.locator("body").press("Escape");  // the details of the last test would be in each picture
  await page.waitForFunction(() => !document.querySelector(".details"));
  for (const theme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [key, view, ready] of [["1", "live", ".row"], ["2", "map", ".map .node"], ["3", "top", ".top tbody tr"], ["4", "taps", ".card .figures"]]) {
      await page.locator("body").press(key);
      await page.waitForSelector(ready);
      await picture(page, `${view}-${theme}`);
      await axe(`${view} ${theme}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.locator("body").press("1");
});

await test("a tap is shown with what it taps", async () => {
  await page.locator("body").press("4");
  const card = page.locator(".card", { has: page.locator("h2", { hasText: "errors" }) }).first();
  await card.waitFor();
  check((await card.textContent()).includes("match {responseCodes:[500-599,0]}"), await card.textContent());
  await page.locator("body").press("1");
});

await test("columns are chosen, sort, are kept by the browser, and are let go again", async () => {
  const heads = () => texts(".grid-head [role=columnheader]").then((all) => all.join().replace(/ [↑↓]/g, ""));
  await rows.nth(3).waitFor();
  await page.locator(".menu summary").click();
  for (const name of ["Size", "Flags", "Pod"]) await page.locator(".menu label", { hasText: name }).click();
  check((await heads()) === "Time,Code,Request,From → to,Client,Server,Between,Size,Flags,Pod,Why", await heads());
  await axe("columns");
  await page.locator(".menu label", { hasText: "Server" }).locator("input").press(" "); // no pause: the box takes it
  check((await page.getAttribute("#pause", "aria-pressed")) === "false" && !(await heads()).includes("Server"), await heads());
  await page.keyboard.press("Escape");
  check(await page.evaluate(() => !document.querySelector(".menu").open && document.activeElement.textContent === "Columns"), "the menu is open, or the focus is elsewhere");
  await page.locator(".grid-head button", { hasText: "Pod" }).click();
  await page.waitForFunction(() => {
    const pods = [...document.querySelectorAll(".row .pod")].map((e) => e.textContent).filter(Boolean);
    return document.querySelector("[aria-sort=ascending]").textContent.startsWith("Pod") && pods.join() === [...pods].sort().join();
  });
  check((await texts(".row .size")).every((text) => /^(–|[\d.]+ (B|KiB|MiB))$/.test(text)), (await texts(".row .size")).join());
  await page.setViewportSize({ width: 1000, height: 700 });
  check(await page.evaluate(() => [...document.querySelectorAll(".row .note, .h-why")].every((e) => e.getBoundingClientRect().width >= 80) && document.documentElement.scrollWidth <= innerWidth), "a column is cut, or the page is wider than the window");
  await page.setViewportSize({ width: 1440, height: 860 });
  await page.reload();
  await page.waitForFunction(() => document.querySelector(".row .pod"));
  await page.locator(".menu summary").click();
  await page.locator(".menu button", { hasText: "The usual ones" }).click();
  check((await heads()) === "Time,Code,Request,From → to,Client,Server,Between,Why", await heads());
  await page.locator(".scroller").focus();
  check(await page.evaluate(() => !document.querySelector(".menu").open), "the menu stays open over the list");
});

await test("what a key opens has the focus, and gives it back", async () => {
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute("class") || document.activeElement.tagName);
  await page.keyboard.press("1");
  await rows.nth(3).waitFor();
  await page.locator(".scroller").focus();
  await page.keyboard.press("k");
  check((await focused()) === "requests", `choosing a row moved the focus: ${await focused()}`);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.matches("aside.details"));
  check(/^Details of \S/.test(await page.evaluate(() => document.activeElement.getAttribute("aria-label"))), "the details have no name");
  await page.keyboard.press("Escape");
  check((await focused()) === "requests" && !(await page.locator(".details").count()), await focused());
  await page.keyboard.press("k");
  await page.locator(".details button[aria-label=Close]").click();
  check((await focused()) === "requests", `closed by its button: ${await focused()}`);
  await page.keyboard.press("2");
  await page.locator('.edge-line[aria-label*="→ broken"]').press("Enter");
  await page.waitForFunction(() => document.activeElement.matches("aside.details"));
  await page.keyboard.press("Escape");
  check((await focused()).startsWith("edge-line"), await focused());
  for (const [key, id] of [["3", "content"], ["4", "content"], ["1", "requests"]]) {
    await page.keyboard.press(key);
    await page.locator(".skip").press("Enter");
    check((await focused()) === id, `${key}: ${await focused()}`);
  }
});

await test("what is counted leads to what was counted", async () => {
  await page.locator("body").press("2");
  const edge = page.locator('.edge-line[aria-label*="→ broken"]');
  await edge.press(" ");
  await page.waitForSelector(".details .verdict-bar");
  await axe("panel");
  await page.locator(".details button", { hasText: "Show the" }).click();
  check((await page.inputValue("#filter")) === "source:shop/frontend destination:shop/broken", await page.inputValue("#filter"));
  await rows.first().waitFor();
  await filterBy("", "");
  await page.locator("body").press("3");
  await page.locator(".top tbody tr", { hasText: "/cart/{id}/items" }).first().click();
  check((await page.inputValue("#filter")).includes("path:~/cart/[^/?]+/items"), await page.inputValue("#filter"));
  await page.waitForFunction(() => {
    const paths = [...document.querySelectorAll(".row .path")].map((e) => e.textContent);
    return paths.length > 0 && paths.every((path) => /^\/cart\/\d+\/items$/.test(path));
  });
  await filterBy("", "");
});

await test("a phone, a zoom of 200 % and forced colours keep what matters", async () => {
  for (const [width, height] of [[390, 844], [720, 430]]) {
    await page.setViewportSize({ width, height });
    await rows.nth(1).waitFor();
    const seen = await page.evaluate(() => {
      const { clientHeight } = document.querySelector(".scroller");
      const row = document.querySelector(".row");
      const inSight = [".edge", ".path", ".at", ".client"].every((name) => row.querySelector(name).getBoundingClientRect().width > 20);
      return { rows: clientHeight / row.getBoundingClientRect().height, inSight, wide: document.documentElement.scrollWidth > innerWidth };
    });
    check(seen.inSight && !seen.wide && seen.rows >= (height > 500 ? 8 : 3), `${width}: ${JSON.stringify(seen)}`);
    await axe(`${width} pixels`);
  }
  await picture(page, "phone");
  await page.emulateMedia({ forcedColors: "active" });
  const border = await page.locator(".tab[aria-current]").evaluate((tab) => getComputedStyle(tab).borderTopWidth);
  check(border === "2px", `the current view has no border: ${border}`);
  await page.emulateMedia({ forcedColors: "none" });
  await page.setViewportSize({ width: 1440, height: 860 });
});

await test("exports are what they say", async () => {
  await page.locator("body").press("1");
  await rows.nth(3).waitFor();
  for (const [kind, good] of [["json", (t) => JSON.parse(t.split("\n")[0]).id], ["csv", (t) => t.startsWith("time,tap,id,")], ["har", (t) => JSON.parse(t).log.version === "1.2"]]) {
    const [file] = await Promise.all([page.waitForEvent("download"), page.selectOption("#export", kind)]);
    check(good(readFileSync(await file.path(), "utf8")), kind);
  }
});

await test("a recorded file is shown, filtered and left again", async () => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.selectOption("#export", "json")]);
  const name = join(tmpdir(), `traffictap-page-${process.pid}.jsonl`);
  const bare = { id: "bare", verdict: "Ok", timings: { startTime: "2026-01-31T12:00:00Z" } };
  writeFileSync(name, `${readFileSync(await download.path(), "utf8")}not a record\n${JSON.stringify(bare)}\n`);
  await page.setInputFiles("#file", name);
  await page.waitForFunction(() => document.querySelector(".connection").textContent.includes(".jsonl"));
  await rows.nth(2).waitFor();
  await filterBy("destination:broken code:5xx");
  await page.waitForFunction(() => [...document.querySelectorAll(".row .edge")].every((edge) => edge.textContent.includes("broken")) && document.querySelector(".row"));
  await rows.last().click(); // of many rows the first one that is drawn is out of sight
  await page.waitForSelector(".details .cause");
  await page.keyboard.press("Escape");
  await filterBy("bare");
  await page.waitForFunction(() => document.querySelectorAll(".row").length === 1);
  await rows.first().click();
  await page.waitForFunction(() => document.querySelector(".details .edge")?.textContent.includes("unknown → unknown"));
  await page.keyboard.press("Escape");
  await filterBy("", "");
  await page.locator("button", { hasText: "Back to live" }).click();
  await page.waitForFunction(() => document.querySelector(".connection").textContent.includes("Live"));
});

// In a tab of its own: a fault here leaves the page as the others need it.
await test("an open stream is a row until its end takes its place, and a sample's records count for all they stand for", async () => {
  const name = join(tmpdir(), `traffictap-open-${process.pid}.jsonl`);
  const stream = (id, ms, more) => JSON.stringify({ id, verdict: "Ok", source: { name: "web", namespace: "shop" }, destination: { name: "feed", namespace: "shop" }, request: { method: "GET", path: `/feed/${id}`, protocol: "HTTP/1.1" }, timings: { startTime: "2026-01-31T12:00:00Z", clientMs: ms }, ...more });
  const lines = [stream("held", 5000, { state: "Open", weight: 10 }), stream("ended", 5000, { state: "Open" }), stream("ended", 9000, { response: { code: 101 } })];
  writeFileSync(name, `${lines.join("\n")}\n`);
  const other = await browser.context.newPage();
  other.setDefaultTimeout(20_000);
  const codes = () => other.locator(".row .code").allTextContents().then((all) => all.map((text) => text.trim().split(" ")[0]).sort().join());
  const filtered = async (line, rowCount) => {
    await other.fill("#filter", line);
    await other.waitForFunction(([wanted, n]) => document.querySelector("main").dataset.query === wanted && document.querySelectorAll(".row").length === n, [line.replace(":", "="), rowCount]);
  };
  try {
    await other.goto(collector.address);
    await other.setInputFiles("#file", name);
    await other.waitForFunction(() => document.querySelector(".connection").textContent.includes("-open-"));
    await filtered("", 2);
    check((await codes()) === "101,open", await codes());
    await other.waitForFunction(() => document.querySelector(".strip").textContent.includes("≈11"));
    await filtered("state:Ended", 1);
    check((await codes()) === "101", await codes());
    await filtered("state:Open", 2); // both had not ended when they were recorded
    check((await codes()) === "open,open", await codes());
    await other.locator(".row", { hasText: "/feed/held" }).click();
    await other.waitForFunction(() => document.querySelector(".details .code")?.textContent === "no response yet");
    await axe("an open row", other);
    await other.locator(".details button[aria-label=Close]").click();
    await other.locator("button", { hasText: "Back to live" }).click();
    await other.waitForFunction(() => document.querySelector(".connection").textContent.includes("Live"));
  } finally {
    await other.close();
    rmSync(name, { force: true });
  }
});

await test("another tab of the same address needs no token", async () => {
  const other = await browser.context.newPage();
  await other.goto(`${new URL(page.url()).origin}/#q=code%3A5xx`);
  await other.waitForSelector(".row", { timeout: WAIT });
  await other.close();
});

await test("what the browser loads at once has at most 60 kB by gzip, without the map's layout", async () => {
  const other = await browser.context.newPage();
  const sizes = new Map();
  other.on("response", async (response) => {
    if (!response.url().includes("/api/")) sizes.set(response.url(), gzipSync(await response.body().catch(() => Buffer.alloc(0)), { level: 9 }).length);
  });
  await other.goto(`${new URL(page.url()).origin}/`);
  await other.waitForSelector(".row", { timeout: WAIT });
  const total = [...sizes.values()].reduce((a, b) => a + b, 0);
  console.log(`     ${total} bytes by gzip in ${sizes.size} files`);
  check(total > 10_000 && total <= 60_000, `${total} bytes`);
  check(![...sizes.keys()].some((url) => url.includes("layout")), "the map's layout is loaded at once");
  await other.close();
});

// Real records of the shop, sent again ten thousand times a second by a stand-in for the collector's stream.
async function replay(perSecond) {
  const answer = await fetch(`${collector.origin}/api/v1/pairs`, { headers: { Authorization: `Bearer ${collector.token}` } });
  const lines = (await answer.text()).split("\n").filter((line) => line.startsWith('{"schemaVersion"'));
  let number = 0;
  const next = () => lines[number % lines.length].replace(/"id":"[0-9a-f]+"/, `"id":"${(number++).toString(16).padStart(16, "0")}"`).replace(/"startTime":"[^"]+"/, `"startTime":"${new Date().toISOString()}"`);
  const server = createServer(async (request, response) => {
    if (request.url.startsWith("/api/v1/pairs")) {
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      const timer = setInterval(() => response.write(`${Array.from({ length: perSecond / 20 }, next).join("\n")}\n`), 50);
      response.on("close", () => clearInterval(timer));
      return;
    }
    const { authorization = "" } = request.headers;
    if (request.method !== "GET") return response.writeHead(405).end();
    const from = await fetch(collector.origin + request.url, { headers: { authorization } });
    const headers = Object.fromEntries([...from.headers].filter(([name]) => !/^(content-encoding|content-length|connection)$/.test(name)));
    response.writeHead(from.status, headers).end(Buffer.from(await from.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, lines };
}

// The processor time of a page's own thread, in seconds: the machine may be busy with other things.
async function threadSeconds(tab) {
  const devtools = await browser.context.newCDPSession(tab);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => (await devtools.send("Performance.getMetrics")).metrics.find((metric) => metric.name === "TaskDuration").value;
}

// What ten thousand calls of JSON.parse for such lines cost here, the median of five.
async function parsingSeconds(lines) {
  const blank = await browser.context.newPage();
  const seconds = await threadSeconds(blank);
  const found = [];
  for (let round = 0; round < 5; round++) {
    const before = await seconds();
    await blank.evaluate((all) => {
      for (let i = 0; i < 10_000; i++) JSON.parse(all[i % all.length]);
    }, lines);
    found.push((await seconds()) - before);
  }
  await blank.close();
  return found.sort((a, b) => a - b)[2];
}

await test("ten thousand records a second leave the page responsive", async () => {
  const { server, lines } = await replay(10_000);
  const parsing = await parsingSeconds(lines);
  const other = await browser.context.newPage();
  try {
    await other.goto(`http://127.0.0.1:${server.address().port}/#token=${collector.token}`);
    await other.waitForSelector(".row", { timeout: WAIT, state: "attached" });
    const seconds = await threadSeconds(other);
    const look = async () => {
      const received = await other.evaluate(() => Number(document.querySelector(".counts").textContent.replace(/,/g, "").match(/\d+/)[0]));
      return { seconds: await seconds(), received };
    };
    const before = await look();
    const frames = await other.evaluate(
      () =>
        new Promise((resolve) => {
          const out = [];
          let last = performance.now();
          const end = last + 8000;
          const frame = (now) => {
            out.push(now - last);
            last = now;
            if (now < end) requestAnimationFrame(frame);
            else resolve(out.sort((a, b) => a - b));
          };
          requestAnimationFrame(frame);
        }),
    );
    const after = await look();
    const records = after.received - before.received;
    const drawn = await other.locator(".row").count();
    const spent = after.seconds - before.seconds;
    // Drawing ten times a second costs the same however few records come.
    const allowed = parsing * (8 + 4 * (records / 10_000));
    const at = (q) => frames[Math.floor(q * (frames.length - 1))].toFixed(0);
    const took = `${records} records took ${spent.toFixed(2)} s of the page's thread, of ${allowed.toFixed(2)} s; parsing 10,000 takes ${parsing.toFixed(3)} s`;
    console.log(`     ${took}; frames p50 ${at(0.5)} ms, p95 ${at(0.95)} ms; ${drawn} rows drawn`);
    check(records > 1000, "too few records came to measure");
    check(Number(at(0.5)) < 100, `the median frame took ${at(0.5)} ms`);
    check(spent < allowed, took);
    check(drawn < 100, `${drawn} rows are drawn`);
  } finally {
    await other.close();
    server.close();
    server.closeAllConnections();
  }
});

// What `kubectl traffictap ui` is to the page: the collector's answers, and taps that are started and stopped.
async function relay(started) {
  const own = new Map();
  const answers = {
    plan: ({ target }) => {
      if (target === "crat") return [404, { message: 'target: no workload "crat" in namespace shop: did you mean "cart"?' }];
      const status = { drains: "HTTP connections of 1 proxy drain within 45s", workloads: { matched: 1, pods: 1, proxies: 1 }, patches: ["EnvoyFilter/shop/<img src=x onerror=alert(1)>"] };
      return [200, { refusal: "", status }];
    },
    start: (form) => {
      started.push(form);
      own.set("shop/errors", { tap: "shop/errors", ready: "True", reason: "Capturing", message: "", drains: "HTTP connections of 1 proxy drain within 45s", endsAt: new Date(Date.now() + 599_000).toISOString(), refusal: "", ended: false });
      return [200, { tap: "shop/errors" }];
    },
    stop: ({ tap }) => [own.delete(tap) ? 200 : 404, { tap }],
    taps: () => [200, { taps: [...own.values()] }],
    peers: () => [200, { peers: [
      { namespace: "shop", kind: "Deployment", name: "client-v1", state: "Attached", reason: "Attached" },
      { namespace: "vault", kind: "Deployment", name: "teller-v1", state: "NotAttached", reason: "NoConsent", message: "is elsewhere <img src=x onerror=alert(1)>" },
    ], createdAt: new Date(Date.now() - 3_700_000).toISOString(), endsAt: "", user: "jane<img src=x onerror=alert(1)>" }],
  };
  const server = createServer(async (request, response) => {
    const what = request.url.match(/^\/api\/v1\/page\/(\w+)$/)?.[1];
    const posted = [];
    for await (const part of request) posted.push(part);
    if (what) {
      const [code, body] = answers[what](posted.length ? JSON.parse(Buffer.concat(posted)) : {});
      return response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
    }
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const { authorization = "", accept = "*/*" } = request.headers;
    const body = request.method === "POST" ? Buffer.concat(posted) : undefined;
    const from = await fetch(collector.origin + request.url, { method: request.method, headers: { authorization, accept }, body, signal: gone.signal }).catch(() => null);
    if (!from) return response.destroy(); // the page left
    const headers = Object.fromEntries([...from.headers].filter(([name]) => !/^(content-encoding|content-length|connection|transfer-encoding)$/.test(name)));
    response.writeHead(from.status, { ...headers, "TrafficTap-Desk": "shop" });
    Readable.fromWeb(from.body).on("error", () => response.end()).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

await test("a tap is started after it was said what drains, its requests are shown, and it is stopped", async () => {
  await page.locator("body").press("4");
  await page.locator(".cards", { hasText: "To start a tap: kubectl traffictap tap" }).waitFor();
  check((await page.locator("button", { hasText: "New tap" }).count()) === 0, "a collector's own page offers taps");
  const started = [];
  const server = await relay(started);
  const other = await browser.context.newPage();
  const told = watch(other);
  other.setDefaultTimeout(WAIT);
  try {
    await other.goto(`http://127.0.0.1:${server.address().port}/#view=taps&token=${collector.token}`);
    const offer = other.locator("button", { hasText: "New tap" });
    await offer.click();
    await other.waitForSelector("dialog.desk[open]");
    check((await other.inputValue("#tap-namespace")) === "shop", "another namespace");
    await other.keyboard.press("Escape");
    await other.waitForSelector("dialog.desk", { state: "detached" });
    check(await offer.evaluate((button) => button === document.activeElement), "the focus went elsewhere");
    await offer.press("Enter");
    await other.fill("#tap-target", "crat");
    await other.keyboard.press("Enter");
    await other.waitForFunction(() => document.activeElement.id === "tap-target" && document.activeElement.getAttribute("aria-invalid"));
    check((await other.textContent("#tap-target-error")).includes('did you mean "cart"'), "no error beside the field");
    await axe("new tap", other);
    await other.setViewportSize({ width: 390, height: 844 });
    const wide = await other.evaluate(() =>
      [...document.querySelectorAll("dialog.desk, dialog.desk *")].filter((one) => Math.max(one.getBoundingClientRect().right, one.scrollWidth) > innerWidth + 1).map((one) => `${one.tagName}.${one.className} ${Math.round(one.getBoundingClientRect().right)}`));
    check(!wide.length, `wider than a phone: ${wide.slice(0, 5).join(", ")}`);
    await other.fill("#tap-target", "cart");
    await other.fill("#tap-response-code", "5xx");
    await other.keyboard.press("Enter");
    await other.waitForSelector("dialog.desk .cause");
    check((await other.textContent("dialog.desk .cause")) === "When the tap starts, and when it ends, HTTP connections of 1 proxy drain within 45s.", await other.textContent("dialog.desk .cause"));
    await axe("plan", other);
    check((await other.locator("dialog.desk img").count()) === 0 && !started.length, "markup came alive, or a plan started a tap");
    await other.locator("dialog.desk button", { hasText: "Start the tap" }).click();
    await other.waitForFunction(() => document.querySelector("#tap")?.value === "shop/errors" && document.querySelector(".row"));
    check(started.length === 1 && started[0].target === "cart" && started[0]["response-code"] === "5xx" && started[0].duration === "10m", JSON.stringify(started));
    await other.setViewportSize({ width: 1440, height: 860 });
    await other.locator("body").press("4");
    await other.waitForSelector(".own");
    check(/ends in 9 min/.test(await other.textContent(".own")), await other.textContent(".own"));
    const peers = other.locator(".card", { hasText: "Records seen" }).first().locator("details");
    await peers.locator(".peer", { hasText: "NoConsent" }).waitFor();
    const [attached, refused] = await peers.locator(".peer").allTextContents();
    check(attached === "shop/Deployment/client-v1attached", attached);
    check(refused === "vault/Deployment/teller-v1not attachedNoConsent: is elsewhere <img src=x onerror=alert(1)>", refused);
    check((await other.textContent(".card .life")) === "created 61 min ago by jane<img src=x onerror=alert(1)>", await other.textContent(".card .life"));
    check((await peers.locator("summary").textContent()) === "Peers: 1 of 2 attached", await peers.locator("summary").textContent());
    check((await other.locator(".card img").count()) === 0, "markup came alive");
    await axe("own taps", other);
    await other.setViewportSize({ width: 390, height: 844 });
    check(await other.evaluate(() => [...document.querySelectorAll(".peer")].every((peer) => peer.getBoundingClientRect().right <= innerWidth + 1)), "peers are wider than a phone");
    await other.setViewportSize({ width: 1440, height: 860 });
    await peers.locator("summary").press("Enter");
    await peers.locator(".peer").first().waitFor({ state: "hidden" });
    await other.locator("button", { hasText: "Stop…" }).click();
    await other.waitForFunction(() => document.querySelector("dialog.desk .cause")?.textContent.includes("When it ends, HTTP connections of 1 proxy drain"));
    await other.locator("dialog.desk button", { hasText: "Stop the tap" }).click();
    await other.waitForFunction(() => !document.querySelector("dialog") && !document.querySelector(".own"));
    check(!told.length, told.join("\n"));
  } finally {
    await other.close();
    server.close();
    server.closeAllConnections();
  }
});

await test("a token that is not known any more is asked for above the rows, which stay and are exported", async () => {
  const other = await browser.context.newPage();
  other.setDefaultTimeout(WAIT);
  try {
    await other.goto(collector.address);
    await other.waitForSelector(".row");
    await other.route("**/api/**", (route) => route.fulfill({ status: 401, contentType: "application/json", body: '{"message":"unknown token"}' }));
    await other.waitForSelector(".banner #token");
    check((await other.locator(".row").count()) > 0, "the rows are gone");
    const [file] = await Promise.all([other.waitForEvent("download"), other.selectOption("#export", "json")]);
    check(JSON.parse(readFileSync(await file.path(), "utf8").split("\n")[0]).id, "nothing was exported");
    await axe("an unknown token", other);
    await other.unroute("**/api/**");
    await other.fill("#token", collector.token);
    await other.press("#token", "Enter");
    await other.waitForFunction(() => !document.querySelector(".banner") && document.querySelector(".connection").textContent.includes("Live"));
  } finally {
    await other.close();
  }
});

await test("a lost collector is told, and what was seen stays", async () => {
  await page.locator("body").press("1");
  await collector.close();
  await page.waitForSelector(".banner");
  check((await rows.count()) > 0, "the rows are gone");
  await axe("lost");
  await page.locator("body").press("4");
  await page.waitForSelector(".cards.stale");
  check(/As of \d\d:\d\d:\d\d: the collector does not answer/.test(await page.textContent(".cards")), "figures without the time that they are of");
  await page.locator("body").press("1");
});

await test("nothing broke the policy, failed, or asked elsewhere", async () => check(!faults.length, faults.join("\n")));

await browser.close();
await collector.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
