/** The first lines about an event: what it is, when it came, how big, from where, its retries; and what can be done. */

import { html, useEffect, useState } from '../vendor/preact-htm.js';
import { keyed, keyLabel, ACTIONS } from '../keys.js';
import { bytes as size } from '../words.js';
import { CopyButton } from './copy.js';
import { ExportMenu } from './export.js';
import { Visible } from './text.js';
import { moment, since } from './times.js';
import { isRefused, Verdict, VerdictChip } from './verdict.js';

/** How often "3 min ago" is said anew. */
const RENEWED_MS = 15_000;
/** Retries that are linked; a sender that goes on for ever has more. */
const MAX_LINKS = 12;

/** What an event is called: its type, or where it was sent. */
export const titleOf = ({ event_type: type, request }) => type ?? `${request.method} ${request.path}`;

/** The title line and the facts below it. */
export function Head({ detail, act }) {
  const { event, repeats, pinned } = detail;
  const { request } = event;
  return html`<header class="detail-head">
    <div class="detail-title">
      <h2 id="detail-title" tabindex="-1"><${Visible} text=${titleOf(event)} /></h2>
      <span class="detail-provider soft"><${Visible} text=${event.provider} /></span>
      ${isRefused(event) && html`<${VerdictChip} status=${event.verdict.status} />`}
      ${event.handshake && html`<span class="chip info" title="What a provider asks before it sends events">handshake: <${Visible}
          text=${event.handshake} /></span>`}
      ${pinned && html`<span class="chip">pinned</span>`}
    </div>
    <dl class="detail-facts">
      <div><dt>Id</dt><dd><code>${event.id}</code><${CopyButton} text=${event.id} label="Copy the id" /></dd></div>
      <div><dt>Time</dt><dd><${Moment} time=${event.received_at} /></dd></div>
      <div><dt>Size</dt><dd title=${`${request.body_bytes} bytes`}>${size(request.body_bytes)}</dd></div>
      <div><dt>From</dt><dd><code><${Visible} text=${request.remote} /></code></dd></div>
      ${event.delivery_id !== null && html`<div><dt>Delivery</dt><dd><code class="cut"><${Visible}
          text=${event.delivery_id} /></code><${Repeats} id=${event.id} repeats=${repeats} act=${act} /></dd></div>`}
    </dl>
    ${!isRefused(event) && html`<${Verdict} event=${event} />`}
  </header>`;
}

function Moment({ time }) {
  const [, renew] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => renew((count) => count + 1), RENEWED_MS);
    return () => clearInterval(timer);
  }, []);
  return html`<time datetime=${time} title=${time}>${moment(time)} <span class="faint">${since(time)}</span></time>`;
}

/** The arrivals of one delivery id, as links. */
function Repeats({ id, repeats, act }) {
  if (repeats.length < 2) return null;
  const at = repeats.indexOf(id);
  const from = Math.max(0, Math.min(at - MAX_LINKS / 2, repeats.length - MAX_LINKS));
  const shown = repeats.slice(from, from + MAX_LINKS);
  return html`<nav class="repeats" aria-label="Arrivals of this delivery">
    <span class="faint">arrival ${at + 1} of ${repeats.length}:</span>
    ${shown.map((one, position) =>
      one === id
        ? html`<b key=${one} aria-current="true">${from + position + 1}</b>`
        : html`<button type="button" class="button small plain" key=${one} aria-label=${`Go to arrival ${from + position + 1}`}
            onClick=${() => act('select', { id: one, rowId: repeats.at(-1) })}>${from + position + 1}</button>`,
    )}
  </nav>`;
}

const KEYS = new Map(ACTIONS.map(({ name, key }) => [name, keyLabel(key)]));

/** The buttons; every one has its key. */
export function ActionBar({ detail, marks, act }) {
  const { event, pinned } = detail;
  const [first, second] = marks ?? [];
  const isMarked = first === event.id || second === event.id;
  const compare = !first || second ? 'Compare' : first === event.id ? 'Marked A' : 'Compare with A';
  const button = (name, title, more = {}) => html`<button type="button" class="button small" ...${keyed(name)} ...${more}
      onClick=${() => act(name)}>
    ${title} <kbd aria-hidden="true">${KEYS.get(name)}</kbd>
  </button>`;
  return html`<div class="action-bar" role="toolbar" aria-label="Actions on this event">
    ${button('replay', 'Replay', { class: 'button small primary' })}
    ${button('edit', 'Edit and replay')}
    ${button('resign', 'Re-sign')}
    ${button('mark', compare, { 'aria-pressed': isMarked ? 'true' : 'false' })}
    ${button('curl', 'Copy as curl')}
    <${ExportMenu} id=${event.id} label=${html`Export <kbd aria-hidden="true">${KEYS.get('export')}</kbd>`} />
    ${button('pin', pinned ? 'Unpin' : 'Pin', { 'aria-pressed': pinned ? 'true' : 'false' })}
    ${button('copyLink', 'Copy link')}
  </div>`;
}
