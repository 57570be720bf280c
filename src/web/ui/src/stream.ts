// SPDX-License-Identifier: Apache-2.0

// The live stream as NDJSON by fetch: unlike EventSource it can carry the token in a header.
import type { Missing } from "./api";

export type Control = { type: string; tap?: string; droppedCount?: number; position?: string; reason?: string; missing?: Missing[] };
export interface Failure {
  code: number;
  message: string;
}
export interface StreamEvents {
  lines(lines: string[]): Promise<void> | void; // records; the next are read when it is done
  control(control: Control): void;
  // "done": all that was asked for has come.
  state(state: "connecting" | "open" | "lost" | "ended" | "done", failure?: Failure): void;
}

const BACKOFF_MS = [500, 1000, 2000, 4000, 8000];
const SILENCE_MS = 35_000; // the collector sends a blank line every 10 s

export async function failureOf(response: Response): Promise<Failure> {
  const body = (await response.json().catch(() => ({}))) as { message?: string };
  return { code: response.status, message: body.message ?? `the collector answered ${response.status}` };
}

export class LiveStream {
  private abort = new AbortController();
  position = ""; // all before it has come
  private failures = 0;

  constructor(
    private readonly query: URLSearchParams,
    private readonly token: () => string,
    private readonly events: StreamEvents,
    private readonly fetcher: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  get follows() {
    return this.query.get("follow") === "true";
  }
  start() {
    void this.run();
  }
  stop() {
    this.abort.abort();
  }

  private async run() {
    while (!this.abort.signal.aborted) {
      this.events.state("connecting");
      const again = await this.read().catch(() => true);
      if (!again || this.abort.signal.aborted) return;
      this.events.state("lost");
      const wait = BACKOFF_MS[Math.min(this.failures++, BACKOFF_MS.length - 1)];
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  // False when asking again makes no sense.
  private async read(): Promise<boolean> {
    const query = new URLSearchParams(this.query);
    if (this.position) query.set("after", this.position);
    const attempt = new AbortController();
    const giveUp = () => attempt.abort();
    this.abort.signal.addEventListener("abort", giveUp);
    try {
      const response = await this.fetcher(`/api/v1/pairs?${query}`, {
        headers: { Authorization: `Bearer ${this.token()}`, Accept: "application/x-ndjson" },
        signal: attempt.signal,
        cache: "no-store",
      });
      if (!response.ok || !response.body) {
        const failure = await failureOf(response);
        if (failure.code >= 500 || failure.code === 429) return true;
        this.events.state("ended", failure);
        return false;
      }
      this.events.state("open");
      return await this.readBody(response.body, attempt);
    } finally {
      this.abort.signal.removeEventListener("abort", giveUp);
    }
  }

  private async readBody(body: ReadableStream<Uint8Array>, attempt: AbortController): Promise<boolean> {
    const decoder = new TextDecoder();
    const reader = body.getReader();
    let rest = "";
    for (;;) {
      const silence = setTimeout(() => attempt.abort(), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return true;
      this.failures = 0;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop()!;
      if (!(await this.take(lines))) return false;
    }
  }

  private async take(lines: string[]): Promise<boolean> {
    let goesOn = true;
    let done = false;
    const records: string[] = [];
    for (const line of lines) {
      if (line.startsWith('{"type":')) {
        const control = JSON.parse(line) as Control;
        if (control.position) this.position = control.position;
        // A collector that restarts or a tap that comes back is worth asking for again; a lost right is not.
        if (control.type === "End" && control.reason === "RightRevoked") {
          goesOn = false;
          this.events.state("ended", { code: 403, message: "Your permission to read this was revoked." });
        }
        if (control.type === "End" && control.reason === "BacklogRead") {
          goesOn = false;
          done = true;
        }
        this.events.control(control);
      } else if (line) {
        records.push(line);
      }
    }
    if (records.length) await this.events.lines(records);
    if (done) this.events.state("done");
    return goesOn;
  }
}
