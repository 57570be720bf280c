// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";

// The page's packages are not beside its sources.
const packages = ["@dagrejs/dagre", "@preact/signals", "preact"];
const alias = packages.map((name) => ({ find: new RegExp(`^${name}$`), replacement: join(process.env.UI_MODULES ?? ".", "node_modules", name) }));

export default {
  resolve: { alias },
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  test: { globals: true, include: ["**/*_test.ts"], environment: "node", hookTimeout: 60_000 },
};
