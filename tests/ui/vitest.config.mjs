export default { test: { globals: true, include: ["**/*_test.ts"], environment: "node" } };
