// SPDX-License-Identifier: Apache-2.0
export default { test: { globals: true, include: ["**/*_test.ts"], environment: "node" } };
