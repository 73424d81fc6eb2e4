/** A value that tells who reads it when it changes. */

import { useLayoutEffect, useReducer } from './vendor/preact-htm.js';

/** Holds an object; `set` lays a patch over it. */
export class Store {
  #listeners = new Set();

  constructor(value) {
    this.value = value;
  }

  /** Changes what the patch names; tells nobody if nothing is other than before. */
  set(patch) {
    if (Object.keys(patch).every((name) => Object.is(patch[name], this.value[name]))) return;
    this.value = { ...this.value, ...patch };
    this.tell();
  }

  /** Tells everybody who listens. */
  tell() {
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` after each change; returns how to stop. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Draws the component again whenever something with `subscribe` changes. */
export function useChanges(source) {
  const [, redraw] = useReducer((n) => n + 1, 0);
  useLayoutEffect(() => source.subscribe(redraw), [source]);
}
