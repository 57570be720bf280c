// SPDX-License-Identifier: Apache-2.0

// Opens the page in a real Chromium and counts the frames that it draws. Prints one line of JSON. usage: page.mjs ADDRESS SECONDS
import { openBrowser } from "../ui/browser.mjs";

const [address, seconds] = [process.argv[2], Number(process.argv[3])];
const browser = await openBrowser();
try {
  const page = await browser.context.newPage();
  await page.goto(address);
  await page.locator(".scroller .row").first().waitFor({ timeout: 60_000 });
  const told = await page.evaluate(
    (length) =>
      new Promise((resolve) => {
        const begin = performance.now();
        let [last, longest, frames] = [begin, 0, 0];
        const draw = (now) => {
          longest = Math.max(longest, now - last);
          last = now;
          frames++;
          if (now - begin < length * 1000) requestAnimationFrame(draw);
          else resolve({ seconds: (now - begin) / 1000, frames, longest: longest / 1000 });
        };
        requestAnimationFrame(draw);
      }),
    seconds,
  );
  console.log(JSON.stringify(told));
} finally {
  await browser.close();
}
