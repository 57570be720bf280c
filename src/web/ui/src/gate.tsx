// SPDX-License-Identifier: Apache-2.0
import { signal } from "@preact/signals";
import * as state from "./state";

const typed = signal("");

function enter(event: Event) {
  event.preventDefault();
  const value = typed.value.trim().replace(/^.*#token=/, "");
  if (!value) return;
  sessionStorage.setItem("traffictap.token", value);
  state.token.value = value;
  state.unauthorized.value = false;
}

export function Gate() {
  return (
    <main class="gate">
      <form class="card" onSubmit={enter}>
        <h1>TrafficTap</h1>
        <p>The collector printed a link with a token when it started. Open that link, or paste the token here.</p>
        {state.token.value && <p class="error" role="alert">The collector does not know this token. It makes a new one at every start.</p>}
        <label for="token">Token</label>
        <input id="token" type="password" autocomplete="off" value={typed.value} onInput={(e) => (typed.value = e.currentTarget.value)} />
        <button class="action primary" type="submit">Open</button>
      </form>
    </main>
  );
}
