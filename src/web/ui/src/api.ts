// SPDX-License-Identifier: Apache-2.0

// Answers of /api/v1/summary and /api/v1/taps.
export interface Quantiles {
  p50: number;
  p99: number;
}
export interface Group {
  source: { namespace: string; name: string };
  destination: { namespace: string; name: string };
  method?: string;
  route?: string;
  records: number;
  rate: number;
  errors: number;
  verdicts?: Record<string, number>;
  clientMs?: Quantiles;
  serverMs?: Quantiles;
  betweenMs?: Quantiles;
}
export interface Summary {
  windowMs: number;
  records: number;
  edges: Group[];
  routes: Group[];
  edgesLeftOut: number;
  routesLeftOut: number;
}
export interface OutputStatus {
  name: string;
  type: string;
  healthy: boolean;
  offered: number;
  delivered: number;
  deliveredBytes: number;
  queued: number;
  dropped: Record<string, number>;
  message?: string;
}
export interface TapStatus {
  tap: string;
  completed: boolean;
  proxies: number;
  lostEntries: number;
  brokenStreams: number;
  records: { seen: number; offered: number; filtered: number; sampled: number; droppedOrphans: number; limited: number };
  verdicts: Record<string, number>;
  orphans: Record<string, number>;
  outputs: OutputStatus[];
  live: { published: number; dropped: number; backlogRecords: number; backlogBytes: number; oldestTimeMs: number };
}
export interface TapsStatus {
  taps: TapStatus[];
  collector?: {
    version: string;
    entries: { received: number; kept: number; filtered: number; sampled: number; rejected: Record<string, number> };
    joins: { kept: number; pairs: number; retries: number; orphans: Record<string, number>; duplicates: number; waiting: number };
    readers: number;
  };
}
