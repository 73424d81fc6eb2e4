/** The line between list and event, moved with the pointer or the arrow keys. */

import { html, useState } from './vendor/preact-htm.js';
import { keep, kept } from './kept.js';

const KEY = 'hookctl-list-width';
const NARROWEST = 280;
/** What the event keeps, however far the line is moved. */
const LEFT_OVER = 360;
const STEP = 24;

const widest = () => Math.max(NARROWEST, window.innerWidth - LEFT_OVER);
const bounded = (width) => Math.round(Math.min(widest(), Math.max(NARROWEST, width)));
const usual = () => bounded(Math.min(480, window.innerWidth * 0.34));

/** The width of the list, and how to set it (null: the usual one). */
export function useListWidth() {
  const [width, setWidth] = useState(() => bounded(Number(kept(KEY)) || usual()));
  const set = (wanted) => {
    const next = wanted === null ? usual() : bounded(wanted);
    keep(KEY, next);
    setWidth(next);
  };
  return [width, set];
}

/** The line. */
export function Separator({ width, onWidth }) {
  const move = (event) => {
    if (event.buttons & 1 && event.currentTarget.hasPointerCapture(event.pointerId)) onWidth(event.clientX);
  };
  const onKeyDown = (event) => {
    const to = { ArrowLeft: width - STEP, ArrowRight: width + STEP, Home: NARROWEST, End: widest() }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onWidth(to);
  };
  return html`<div class="separator" role="separator" tabindex="0" aria-orientation="vertical" aria-label="Width of the list"
    aria-valuenow=${width} aria-valuemin=${NARROWEST} aria-valuemax=${widest()} title="Drag, or press ← and →; double-click for the usual width"
    onPointerDown=${(event) => event.currentTarget.setPointerCapture(event.pointerId)} onPointerMove=${move}
    onDblClick=${() => onWidth(null)} onKeyDown=${onKeyDown}></div>`;
}
