// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from "vite";

export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: { manifest: true, target: "es2022", modulePreload: false, assetsInlineLimit: 0, cssCodeSplit: false, reportCompressedSize: false },
});
