// SPDX-License-Identifier: Apache-2.0

// The page's export and the CLI's are the same: both are compared with the CLI's golden files.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { toCsv, toHar } from "../../src/web/ui/src/export";
import { toRow } from "../../src/web/ui/src/record";

const golden = (name: string) => readFileSync(join(__dirname, "../cli/print/golden", name), "utf8");
const rows = ["pair", "orphan", "connection", "hostile"].map((name, i) => toRow(golden(`${name}.ndjson`).trimEnd(), i));
const packages = createRequire(join(process.env.UI_MODULES ?? ".", "package.json"));

test("CSV is the CLI's, byte by byte", () => expect(toCsv(rows)).toBe(golden("records.csv")));

test("HAR says what the CLI's says", () => expect(JSON.parse(toHar(rows))).toEqual(JSON.parse(golden("records.har"))));

test("an archive is valid HAR 1.2", async () => {
  const validator = packages("har-validator/lib/promise");
  for (const text of [golden("records.har"), toHar(rows), toHar([])]) await validator.har(JSON.parse(text));
  const broken = JSON.parse(golden("records.har"));
  delete broken.log.entries[0].timings.wait;
  await expect(validator.har(broken)).rejects.toThrow();
});

test("a call of gRPC has its status in both forms", () => {
  const rpc = [toRow('{"id":"a","request":{"method":"POST"},"response":{"code":200,"grpcStatus":"INTERNAL"},"client":{"code":200}}', 0)];
  expect(toCsv(rpc)).toContain(",200,200,,INTERNAL,");
  expect(JSON.parse(toHar(rpc)).log.entries[0]._traffictap.grpcStatus).toBe("INTERNAL");
});

test("a record without most of its fields is exported all the same", () => {
  const bare = [toRow('{"id":"a","request":{"method":"GET"},"timings":{"betweenMs":-1.5}}', 0)];
  expect(toCsv(bare).split("\r\n")[1]).toContain(",,,-1.5,");
  expect(toCsv([toRow('{"id":"a","weight":2.5}', 0)])).toMatch(/,2\.5\r\n$/);
  expect(JSON.parse(toHar([toRow('{"id":"a","request":{"method":"GET"},"weight":2.5}', 0)])).log.entries[0]._traffictap.weight).toBe(2.5);
  expect(JSON.parse(toHar(bare)).log.entries[0].request.url).toBe("http://unknown/");
});
