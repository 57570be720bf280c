// SPDX-License-Identifier: Apache-2.0

// The filter over the records of an opened file, which no collector holds. Of the words of the filter line it has those
// that need no knowledge of the cluster; the others are refused and named.
import { durationMs } from "./format";
import { endName, whole, type End, type PairRecord, type Side } from "./record";
import type { Term } from "./filter";

type Test = (record: PairRecord) => boolean;

const sidesOf = (r: PairRecord): Side[] => [...(r.client ? [r.client] : []), ...(r.server ?? [])];
const list = (value: string) => value.split(/[,|]/).map((each) => each.trim()).filter(Boolean);
const same = (a: string | undefined, b: string) => (a ?? "").toLowerCase() === b.toLowerCase();
const pattern = (text: string | undefined, wanted: string) => (wanted.endsWith("*") ? (text ?? "").startsWith(wanted.slice(0, -1)) : text === wanted);

// "TEXT" is a prefix, "=TEXT" the whole, "~REGEX" a regex over the whole.
function textTest(wanted: string): (text: string) => boolean {
  if (wanted.startsWith("=")) return (text) => text === wanted.slice(1);
  if (!wanted.startsWith("~")) return (text) => text.startsWith(wanted);
  try {
    const regex = new RegExp(`^(?:${wanted.slice(1)})$`);
    return (text) => regex.test(text);
  } catch {
    return () => false;
  }
}

function codeTest(value: string): (code: number) => boolean {
  const ranges = value.split("|").map((each) => {
    if (/^[1-5]xx$/i.test(each)) return [Number(each[0]) * 100, Number(each[0]) * 100 + 99];
    const [from, to] = each.split(/[-,]/).map(Number);
    return [from, to ?? from];
  });
  return (code) => ranges.some(([from, to]) => code >= from && code <= to);
}

function endTest(value: string): (end: End) => boolean {
  const tests = list(value).map((wanted) => {
    const slash = wanted.indexOf("/");
    const before = slash < 0 ? "" : wanted.slice(0, slash);
    const name = wanted.slice(slash + 1);
    return (end: End) => {
      if (before === "pod") return pattern(end.pod, name);
      if (before === "ns") return pattern(end.namespace ?? endName(end).ns, name);
      if (before === "svc" || (!before && name.includes("."))) {
        if (end.service === name || end.service?.split(".").slice(0, 2).join(".") === name || end.service?.split(".")[0] === name) return true;
      }
      const known = endName(end);
      const isNamespace = before && !/^(deploy|deployment|sts|statefulset|ds|daemonset|svc)$/.test(before);
      return (pattern(known.name, name) || pattern(end.name, name)) && (!isNamespace || pattern(known.ns, before));
    };
  });
  return (end) => tests.some((test) => test(end));
}

// "shop/cart", "svc/cart" and an absolute host name, as the labels that a host begins with.
function serviceOf(wanted: string): string {
  const [before, after] = wanted.includes("/") ? wanted.split("/") : ["", wanted];
  const name = after.replace(/(.)\.$/, "$1");
  return before && !/^(svc|service|services)$/.test(before) ? `${name}.${before}` : name;
}
const hasLabels = (whole: string, first: string) => whole === first || whole.startsWith(`${first}.`);

// By the host that was routed to, or that was asked for, where only the server's side is here.
function asksFor(r: PairRecord, service: string): boolean {
  if (r.destination.service) return hasLabels(r.destination.service, service);
  const host = r.server?.length ? (r.request.authority ?? "").split(":")[0] : "";
  if (!host) return false;
  const rest = service.includes(".") ? service.slice(service.indexOf(".") + 1) : "";
  return hasLabels(host, service) || (!!rest && hasLabels(service, host) && hasLabels(rest, r.destination.namespace ?? ""));
}

// What is open may still be answered, and a connection has no code.
const hasCode = (r: PairRecord, side: Side, test: (code: number) => boolean) =>
  r.request.protocol !== "TCP" && !(r.state === "Open" && !side.code) && test(side.code ?? 0);

const TESTS: Record<string, (value: string) => Test> = {
  method: (value) => (r) => list(value).some((each) => same(r.request.method, each)),
  path: (value) => {
    const test = textTest(value);
    const whole = value.includes("?");
    return (r) => test(whole ? (r.request.path ?? "") : (r.request.path ?? "").split("?")[0]);
  },
  scheme: (value) => (r) => list(value).some((each) => same(r.request.scheme, each)),
  userAgent: (value) => {
    const test = textTest(value);
    return (r) => test((r.request.userAgent as string) ?? "");
  },
  protocol: (value) => (r) => list(value).some((each) => same(r.request.protocol, each) || same(r.request.protocol?.replace("/", ""), each)),
  code: (value) => {
    const test = codeTest(value);
    return (r) => r.request.protocol !== "TCP" && test(r.response?.code ?? 0);
  },
  clientCode: (value) => {
    const test = codeTest(value);
    return (r) => !!r.client && hasCode(r, r.client, test);
  },
  serverCode: (value) => {
    const test = codeTest(value);
    return (r) => (r.server ?? []).some((side) => hasCode(r, side, test));
  },
  attempts: (value) => (r) => Math.max(r.client?.attempts ?? 0, r.server?.length ?? 0) >= Number(value),
  grpcStatus: (value) => (r) => list(value).some((each) => same(r.response?.grpcStatus, each)),
  trace: (value) => (r) => list(value).some((each) => r.trace?.traceId === each.toLowerCase().replace(/^00-([0-9a-f]{32})-.*$/, "$1").padStart(32, "0")),
  minDuration: (value) => {
    const least = durationMs(value);
    return (r) => Math.max(r.timings.clientMs ?? 0, r.timings.serverMs ?? 0) >= least;
  },
  flag: (value) => (r) => list(value).some((each) => sidesOf(r).some((side) => side.flags?.some((flag) => same(flag, each)))),
  verdict: (value) => (r) => list(value).some((each) => same(r.verdict, each)),
  orphan: (value) => (r) => list(value).some((each) => (same(each, "any") ? !!r.orphanReason : same(r.orphanReason || "None", each.replace(/[-_]/g, "")))),
  state: (value) => (r) => list(value).some((each) => same(r.state || "Ended", each)),
  source: (value) => {
    const test = endTest(value);
    return (r) => test(r.source);
  },
  destination: (value) => {
    const test = endTest(value);
    return (r) => test(r.destination);
  },
  workload: (value) => {
    const test = endTest(value);
    return (r) => test(r.source) || test(r.destination);
  },
  pod: (value) => (r) => list(value).some((each) => pattern(r.source.pod, each) || pattern(r.destination.pod, each)),
  service: (value) => (r) => list(value).some((each) => asksFor(r, serviceOf(each))),
  sourceNamespace: (value) => (r) => list(value).some((each) => pattern(endName(r.source).ns, each)),
  destinationNamespace: (value) => (r) => list(value).some((each) => pattern(endName(r.destination).ns, each)),
  namespace: (value) => (r) => list(value).some((each) => pattern(endName(r.source).ns, each) || pattern(endName(r.destination).ns, each)),
  text: (value) => (r) => JSON.stringify(r).toLowerCase().includes(value.toLowerCase()),
};

// All parameters must match; of one parameter, one of its values is enough, but of texts all must be there; what is
// excluded is so by itself.
export function matcher(terms: Term[]): { matches: Test; unknown: string } {
  const wanted = new Map<string, Test[]>();
  const unwanted: Test[] = [];
  for (const { name, value, not } of terms) {
    const make = TESTS[name];
    if (!make) return { matches: () => true, unknown: `Files cannot be filtered by ${name} here: use kubectl traffictap open.` };
    if (not) unwanted.push(make(value));
    else wanted.set(name, [...(wanted.get(name) ?? []), make(value)]);
  }
  const texts = wanted.get("text") ?? [];
  wanted.delete("text");
  const groups = [...wanted.values(), ...texts.map((test) => [test])];
  return {
    unknown: "",
    matches: (record) => {
      const r = whole(record);
      return groups.every((tests) => tests.some((test) => test(r))) && !unwanted.some((test) => test(r));
    },
  };
}
