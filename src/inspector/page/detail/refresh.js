/** Tells the page that it changed an event itself, before the stream says so. */

const listeners = new Set();

/** Calls `listener(id)` for each event that the page changed; returns how to stop. */
export function onRefresh(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The event of this id was changed by the page. */
export function refresh(id) {
  for (const listener of listeners) listener(id);
}
