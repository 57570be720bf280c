// SPDX-License-Identifier: Apache-2.0

// Writes the built page as C++: a table of path, type, bytes and the same bytes by gzip. usage: embed.mjs DIST OUT.cc
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";

const [dist, out] = process.argv.slice(2);
const GZIP_BYTES_MAX = 60_000; // the page's promise, without the parts that are loaded when they are needed
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8" };

const files = readdirSync(dist, { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .filter((file) => !file.includes("/.vite/"))
  .sort();

// Octal escapes have at most three digits, so whatever follows cannot run into them.
const literal = (bytes) => {
  let text = "";
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c && byte !== 0x3f;
    text += plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`;
  }
  return `std::string_view("${text}", ${bytes.length})`;
};

// What the browser loads at once: what the document names, and what that imports. An import() is loaded later.
const manifest = JSON.parse(readFileSync(join(dist, ".vite/manifest.json"), "utf8"));
const atOnce = new Set(["index.html"]);
const follow = (name) => {
  const { file, css = [], imports = [] } = manifest[name];
  for (const each of [file, ...css]) atOnce.add(each);
  imports.forEach(follow);
};
Object.keys(manifest).filter((name) => manifest[name].isEntry).forEach(follow);

let total = 0;
const rows = files.map((file) => {
  const bytes = readFileSync(file);
  const packed = gzipSync(bytes, { level: 9 });
  if (atOnce.has(relative(dist, file))) total += packed.length;
  const path = `/${relative(dist, file)}`.replace(/^\/index\.html$/, "/");
  const tag = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  return `    {"${path}", "${TYPES[extname(file)]}", "${tag}",\n     ${literal(bytes)},\n     ${literal(packed)}},\n`;
});
if (total > GZIP_BYTES_MAX) throw new Error(`the page has ${total} bytes at once by gzip, more than ${GZIP_BYTES_MAX}`);

writeFileSync(
  out,
  `// Made by src/web/ui/build.sh from what is beside it.\n#include "web/page.h"\n\nnamespace traffictap::web {\n\n` +
    `const std::vector<PageFile>& PageFiles() {\n  static const std::vector<PageFile> files = {\n${rows.join("")}  };\n  return files;\n}\n\n}  // namespace traffictap::web\n`,
);
