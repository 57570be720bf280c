// SPDX-License-Identifier: Apache-2.0
const LABELS: Record<string, string> = {
  Ok: "OK",
  Retried: "Retried",
  ServerError: "Server error",
  NetworkOrProxy: "Network/proxy",
  ClientAborted: "Aborted",
  Mismatch: "Mismatch",
  Denied: "Denied",
};

export const VerdictTag = ({ verdict }: { verdict: string }) => <span class={`verdict v-${verdict}`}>{LABELS[verdict] ?? verdict}</span>;
