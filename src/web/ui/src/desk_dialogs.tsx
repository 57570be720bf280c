// SPDX-License-Identifier: Apache-2.0

// Starting a tap in two steps, what is asked for and what it will do, and stopping one.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { commandOf, drainText, linesOf, post, startedTap, stoppedTap, type Fault, type Form, type OwnTap, type Plan } from "./desk";
import { count, visible } from "./format";
import { copy } from "./share";
import * as state from "./state";

const NONE: Fault = { field: "", text: "" };
const plan = signal<Plan | null>(null); // null: the form is shown
const fault = signal(NONE);
const busy = signal("");
let going: AbortController | null = null;
let form: Form = {};

// Null where the dialog was closed meanwhile.
async function ask<T>(what: "plan" | "start" | "stop", body: Form, saying: string): Promise<T | null> {
  if (going) return null;
  const mine = (going = new AbortController());
  fault.value = NONE;
  busy.value = saying;
  const answer = await post<T>(what, body, mine.signal);
  // A tap that was started although its dialog is gone is listed all the same.
  if (going !== mine) return null;
  going = null;
  busy.value = "";
  if ("value" in answer) return answer.value;
  fault.value = answer.fault;
  return null;
}

function closed() {
  going?.abort();
  going = null;
  busy.value = "";
  fault.value = NONE;
  plan.value = null;
  state.deskAsks.value = "";
}

async function toPlan(event: SubmitEvent) {
  event.preventDefault();
  form = Object.fromEntries([...new FormData(event.currentTarget as HTMLFormElement)].map(([name, value]) => [name, String(value).trim()]));
  const found = await ask<Plan>("plan", form, "Asking the operator what this would do…");
  if (found) plan.value = found;
}

async function toStart() {
  const found = await ask<{ tap: string }>("start", form, "Starting…");
  if (!found) {
    if (fault.value.field) plan.value = null; // where the field is
    return;
  }
  closed();
  startedTap(found.tap);
}

async function toStop(tap: string) {
  const found = await ask<{ tap: string }>("stop", { tap }, "Stopping…");
  if (!found) return;
  closed();
  stoppedTap(tap);
}

function Dialog({ title, children }: { title: string; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    const from = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (from instanceof HTMLElement && from.isConnected) from.focus();
    };
  }, []);
  return (
    <dialog ref={ref} class="help desk" aria-labelledby="desk-title" onClose={closed}>
      <header>
        <h2 id="desk-title">{title}</h2>
        <span class="grow" />
        <button class="icon" type="button" aria-label="Close" onClick={() => ref.current?.close()}>✕</button>
      </header>
      {children}
      <p class="faint" role="status">{busy.value || visible(state.announced.value)}</p>
      <p class="error" role="alert">{fault.value.field ? "" : visible(fault.value.text)}</p>
    </dialog>
  );
}

interface FieldProps {
  name: string;
  label: string;
  hint?: string;
  value?: string;
  fixed?: boolean;
  required?: boolean;
  choices?: [string, string][];
}

function Field({ name, label, hint, value = "", fixed, required, choices }: FieldProps) {
  const wrong = fault.value.field === name ? visible(fault.value.text) : "";
  const id = `tap-${name}`;
  const shared = { id, name, "aria-invalid": wrong ? true : undefined, "aria-describedby": `${id}-hint ${id}-error` };
  // Keeps what was typed: the value is only what it begins with.
  const ref = useRef<HTMLInputElement & HTMLSelectElement>(null);
  useEffect(() => {
    if (ref.current) ref.current.value = value;
  }, []);
  useEffect(() => {
    if (wrong) ref.current?.focus();
  }, [wrong]);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {choices ? (
        <select ref={ref} {...shared}>{choices.map(([key, text]) => <option key={key} value={key}>{text}</option>)}</select>
      ) : (
        <input ref={ref} {...shared} autocomplete="off" spellcheck={false} readOnly={fixed} required={required} />
      )}
      <span id={`${id}-hint`} class="faint small">{hint}</span>
      <span id={`${id}-error`} class="error">{wrong}</span>
    </div>
  );
}

function Ask({ hidden }: { hidden: boolean }) {
  const ns = state.desk.value;
  return (
    <form class="asks" hidden={hidden} onSubmit={(event) => void toPlan(event)}>
      <div class="two">
        <div>
          <Field name="namespace" label="Namespace" value={ns === "*" ? "" : ns} fixed={ns !== "*"} required={ns === "*"} hint={ns === "*" ? "" : "The one that this page shows"} />
          <Field name="target" label="Workloads" hint="cart, svc/cart, pod/cart-0, gateway/edge …; several with blanks between; none: the whole namespace" />
          <Field name="duration" label="Ends after" value="10m" hint="Such as 90s, 10m or 1h" />
          <Field name="attach-peers" label="Attach the workloads they talk to" choices={[["", "of the same namespace, so that records have both sides"], ["mesh", "of the whole mesh"], ["none", "no"]]} />
        </div>
        <fieldset>
          <legend>Only requests with</legend>
          <Field name="response-code" label="Response code" hint="Such as 5xx or 404,429; any: empty" />
          <Field name="min-duration" label="Duration of at least" hint="Such as 500ms" />
          <Field name="method" label="Method" hint="Such as GET or POST,PUT" />
          <Field name="path" label="Path" hint="Such as /cart, /api/* or ~^/v[12]/" />
          <Field name="direction" label="Direction" choices={[["", "received or sent"], ["in", "received by them"], ["out", "sent by them"]]} />
        </fieldset>
      </div>
      <p class="actions"><button class="action primary" type="submit" disabled={!!busy.value}>What will it do?</button></p>
    </form>
  );
}

function Planned({ found }: { found: Plan }) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => ref.current?.focus(), []);
  const { matched = 0, pods = 0, proxies = 0 } = found.status.workloads ?? {};
  return (
    <section>
      <h3 ref={ref} tabIndex={-1}>{found.refusal ? "This cannot be tapped" : "What it will do"}</h3>
      <p class={found.refusal ? "bad" : "cause"}>{visible(found.refusal || drainText(found))}</p>
      <p class="faint">Workloads that match: {count(matched)}; their pods: {count(pods)}; proxies that can be tapped: {count(proxies)}</p>
      {linesOf(found).map(([heading, lines]) => (
        <details key={heading} class="fold" open={lines.length < 6}>
          <summary>{heading} ({count(lines.length)})</summary>
          <ul class="plain">{lines.map((line) => <li key={line}>{visible(line)}</li>)}</ul>
        </details>
      ))}
      <p class="actions">
        <button class="action" type="button" disabled={!!busy.value} onClick={() => (plan.value = null)}>Back</button>
        <button class="action" type="button" onClick={() => void copy(commandOf(form), "the command")}>Copy command</button>
        {!found.refusal && <button class="action primary" type="button" disabled={!!busy.value} onClick={() => void toStart()}>Start the tap</button>}
      </p>
    </section>
  );
}

const StartDialog = () => (
  <Dialog title="New tap">
    <Ask hidden={!!plan.value} />
    {plan.value && <Planned found={plan.value} />}
  </Dialog>
);

function StopDialog({ tap }: { tap: OwnTap }) {
  return (
    <Dialog title={`Stop ${visible(tap.tap)}?`}>
      <p class="cause">{tap.drains ? `When it ends, ${visible(tap.drains)}.` : "No connection drains."}</p>
      <p class="faint">The records that the collector holds of it go with it. What its outputs have taken stays.</p>
      <p class="actions"><button class="action primary" type="button" disabled={!!busy.value} onClick={() => void toStop(tap.tap)}>Stop the tap</button></p>
    </Dialog>
  );
}

export function DeskDialogs() {
  const asks = state.deskAsks.value;
  if (!asks) return null;
  return asks === "start" ? <StartDialog /> : <StopDialog tap={asks} />;
}
