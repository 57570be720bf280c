// SPDX-License-Identifier: Apache-2.0

// Where taps are started and stopped, and what their objects in Kubernetes say; the dialogs, and the list of a tap's
// peers, are loaded when they are first asked for.
import { signal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";
import { lifeOf, watchTap, type OwnTap } from "./desk";
import { visible } from "./format";
import * as state from "./state";

export function NewTap() {
  if (!state.desk.value) {
    return (
      <p class="faint small">
        To start a tap: <code>kubectl traffictap tap</code>, or apply a TrafficTap; without Kubernetes, add its file to the collector's <code>--taps</code>. A page that <code>kubectl traffictap ui</code> serves can start taps itself.
      </p>
    );
  }
  return <p><button class="action primary" aria-haspopup="dialog" onClick={() => (state.deskAsks.value = "start")}>New tap…</button></p>;
}

function wordOf(tap: OwnTap): [string, string] {
  if (tap.refusal) return ["bad", "cannot record"];
  if (tap.ended) return ["", "ended"];
  return tap.ready === "True" ? ["good", "recording"] : ["", "starting"];
}

function Own({ tap }: { tap: OwnTap }) {
  const [css, word] = wordOf(tap);
  return (
    <li class="own">
      <strong>{visible(tap.tap)}</strong>
      <span class={`health ${css}`}>{word}</span>
      <span class="faint grow">{visible(tap.refusal || [tap.reason, tap.message].filter(Boolean).join(": "))}</span>
      {!tap.ended && <span class="faint">{lifeOf(tap, Date.now())}</span>}
      {word === "recording" && <button class="action" aria-label={`Watch ${tap.tap}`} onClick={() => watchTap(tap.tap)}>Watch</button>}
      <button class="action" aria-haspopup="dialog" aria-label={`Stop ${tap.tap}`} onClick={() => (state.deskAsks.value = tap)}>Stop…</button>
    </li>
  );
}

export function OwnTaps() {
  if (!state.own.value.length) return null;
  return (
    <section class="card" aria-labelledby="own-title">
      <h2 id="own-title">Started from this page</h2>
      <p class="faint small">They are deleted when <code>kubectl traffictap ui</code> ends.</p>
      <ul class="plain">{state.own.value.map((tap) => <Own key={tap.tap} tap={tap} />)}</ul>
    </section>
  );
}

const peers = signal<FunctionComponent<{ tap: string; unfolded: boolean }> | null>(null);

export function TapPeers(props: { tap: string; unfolded: boolean }) {
  useEffect(() => {
    if (!peers.peek()) import("./tap_peers").then((module) => (peers.value = module.Peers)).catch(() => state.say("The server of this page does not answer."));
  }, []);
  const Peers = peers.value;
  return Peers && <Peers {...props} />;
}

const loaded = signal<FunctionComponent | null>(null);

export function DeskDialogs() {
  useEffect(() => {
    if (loaded.peek()) return;
    import("./desk_dialogs")
      .then((module) => (loaded.value = module.DeskDialogs))
      .catch(() => {
        state.deskAsks.value = "";
        state.say("The server of this page does not answer.");
      });
  }, []);
  const Dialogs = loaded.value;
  return Dialogs && <Dialogs />;
}
