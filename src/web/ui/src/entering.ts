// SPDX-License-Identifier: Apache-2.0
import { useLayoutEffect, useRef } from "preact/hooks";
import * as state from "./state";

// For what is opened beside the list or the map. Opened by a key, it takes the focus, so that a screen reader begins to
// read it; opened by the pointer, the focus stays where it is.
export function useEntering() {
  const ref = useRef<HTMLElement>(null);
  const isAsked = state.entering.value;
  useLayoutEffect(() => {
    if (!isAsked || !ref.current) return;
    state.entering.value = false;
    ref.current.focus();
  });
  return ref;
}
