// SPDX-License-Identifier: Apache-2.0
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import * as state from "./state";

const typed = signal("");

function enter(event: Event) {
  event.preventDefault();
  const value = typed.value.trim().replace(/^.*#token=/, "");
  if (value) state.useToken(value);
  typed.value = "";
}

const Field = () => {
  const ref = useRef<HTMLInputElement>(null);
  useEffect(() => ref.current?.focus(), []);
  return (
    <>
      <label for="token">Token</label>
      <input ref={ref} id="token" type="password" autocomplete="off" value={typed.value} onInput={(e) => (typed.value = e.currentTarget.value)} />
      <button class="action primary" type="submit">Open</button>
    </>
  );
};

export function Gate() {
  return (
    <main class="gate">
      <form class="card" onSubmit={enter}>
        <h1>TrafficTap</h1>
        <p><code>kubectl traffictap ui</code>, or the collector that serves this page, printed a link with a token when it started. Open that link, or paste the token here.</p>
        {state.token.value && <p class="error" role="alert">Unknown token. Each start generates a new one.</p>}
        <Field />
      </form>
    </main>
  );
}

// The token is not known any more, and there are rows: they stay, and can be exported.
export function AskAgain() {
  return (
    <form class="banner ask" onSubmit={enter}>
      <span role="alert">The server of this page has restarted and needs its new token. The requests shown here are kept.</span>
      <Field />
    </form>
  );
}
