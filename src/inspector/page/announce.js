/** What the page says: toasts for the eye, a polite live region for the ear, and the count in the title. */

import { html, useEffect, useState } from './vendor/preact-htm.js';
import { Icon } from './glyphs.js';
import { counted } from './words.js';

/** Toasts that are shown at once; older ones go. */
const TOASTS = 3;
const INFO_MS = 3500;
const ERROR_MS = 9000;
/** A screen reader hears of arrivals at most this often: each one cuts off what it was reading. */
const ARRIVALS_EVERY_MS = 5000;

const toasts = [];
const listeners = new Set();
let lastKey = 0;

const changed = () => listeners.forEach((listener) => listener([...toasts]));

function dismiss(key) {
  const at = toasts.findIndex((toast) => toast.key === key);
  if (at >= 0) toasts.splice(at, 1);
  changed();
}

/** Tells the live region. The text is set anew even if it is the same, or it would not be read again. */
export function say(text) {
  const region = document.getElementById('announcements');
  if (!region) return;
  region.textContent = '';
  requestAnimationFrame(() => { region.textContent = text; });
}

/** Shows a toast and tells the live region. `kind` is `info` or `error`. Gives what takes the toast away. */
export function notify(text, kind = 'info', hint = null) {
  lastKey += 1;
  const key = lastKey;
  toasts.push({ key, text, kind, hint });
  if (toasts.length > TOASTS) toasts.shift();
  changed();
  say(hint ? `${text}. ${hint}` : text);
  setTimeout(() => dismiss(key), kind === 'error' ? ERROR_MS : INFO_MS);
  return () => dismiss(key);
}

/** Shows an error with its cure; what was only cut short is no error. */
export function notifyError(error) {
  if (error?.name === 'AbortError') return;
  notify(error?.message ?? String(error), 'error', error?.hint ?? null);
}

let arrived = 0;
let latest = null;
let timer = 0;

function sayArrivals() {
  timer = 0;
  if (!arrived) return;
  const what = `${latest.provider} ${latest.event_type ?? 'event'}, ${latest.verdict.status}`;
  say(arrived === 1 ? `New event: ${what}` : `${counted(arrived, 'new event')}, the last: ${what}`);
  arrived = 0;
  timer = setTimeout(sayArrivals, ARRIVALS_EVERY_MS);
}

let unread = 0;
const TITLE = 'hookctl inspector';

function showTitle() {
  document.title = unread ? `(${unread > 999 ? '999+' : unread}) ${TITLE}` : TITLE;
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  unread = 0;
  showTitle();
});

/** Announces events that arrived: politely, and in the title while the page is not looked at. */
export function announceArrivals(rows) {
  if (!rows.length) return;
  arrived += rows.length;
  latest = rows[rows.length - 1];
  if (!timer) timer = setTimeout(sayArrivals, 0);
  if (!document.hidden) return;
  unread += rows.length;
  showTitle();
}

/** The toasts that are shown. */
export function Toasts() {
  const [shown, setShown] = useState([]);
  useEffect(() => {
    listeners.add(setShown);
    return () => listeners.delete(setShown);
  }, []);
  return html`<div class="toasts">
    ${shown.map(({ key, text, kind, hint }) => html`<div key=${key} class=${`toast ${kind}`}>
      <${Icon} name=${kind === 'error' ? 'warning' : 'check'} />
      <div><p>${text}</p>${hint && html`<p class="soft">${hint}</p>`}</div>
      <button type="button" class="button plain small icon" aria-label="Dismiss" onClick=${() => dismiss(key)}><${Icon} name="close" size="14" /></button>
    </div>`)}
  </div>`;
}
