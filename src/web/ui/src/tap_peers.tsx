// SPDX-License-Identifier: Apache-2.0

// The life of a tap, and whom its targets talk to, as its object has it: what the server of this page reads for it. Loaded
// when a tap is first shown by a server that can.
import { useEffect, useState } from "preact/hooks";
import { lifeOf, post, type Answer } from "./desk";
import { count, visible } from "./format";

const REFRESH_MS = 5000; // as often as collectors report

interface Peer {
  namespace: string;
  kind: string;
  name: string;
  state: string; // "Attached" or "NotAttached"
  reason: string;
  message?: string; // why not, and what to do
}
// Of the tap: its peers, and what its object says of its life.
interface Told {
  peers: Peer[];
  createdAt: string;
  endsAt: string;
  user: string;
}
type Found = Answer<Told>;

const isAttached = (peer: Peer) => peer.state === "Attached";

function One({ peer }: { peer: Peer }) {
  const attached = isAttached(peer);
  return (
    <li class="peer">
      <strong>{visible(`${peer.namespace}/${peer.kind}/${peer.name}`)}</strong>
      <span class={`health ${attached ? "good" : ""}`}>{attached ? "attached" : "not attached"}</span>
      {!attached && <span class="faint grow">{visible([peer.reason, peer.message].filter(Boolean).join(": "))}</span>}
    </li>
  );
}

function List({ found }: { found: Found | null }) {
  if (!found) return <p class="faint small">Asking…</p>;
  if ("fault" in found) return <p class="bad">{visible(found.fault.text)}</p>;
  const { peers } = found.value;
  if (!peers.length) return <p class="faint small">None: the tap attaches no peers, or its targets have talked to nobody but each other yet.</p>;
  return <ul class="plain">{peers.map((peer) => <One key={`${peer.namespace}/${peer.kind}/${peer.name}`} peer={peer} />)}</ul>;
}

export function Peers({ tap, unfolded }: { tap: string; unfolded: boolean }) {
  const [open, setOpen] = useState(unfolded);
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    if (!open) return;
    const gone = new AbortController();
    let timer = 0;
    const ask = async () => {
      const answer = document.hidden ? null : await post<Told>("peers", { tap }, gone.signal);
      if (gone.signal.aborted) return;
      if (answer) setFound(answer);
      timer = window.setTimeout(() => void ask(), REFRESH_MS);
    };
    void ask();
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [open, tap]);
  const told = found && "value" in found ? found.value : null;
  const peers = told?.peers ?? [];
  const life = told ? lifeOf(told, Date.now()) : "";
  return (
    <>
      {life && <p class="faint small life">{visible(life)}</p>}
      <details class="fold" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Peers{peers.length > 0 && `: ${count(peers.filter(isAttached).length)} of ${count(peers.length)} attached`}</summary>
        <List found={found} />
      </details>
    </>
  );
}
