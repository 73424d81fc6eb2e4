/** One row of the list: who sent what, whether it is genuine, and how its delivery went. */

import { html } from './vendor/preact-htm.js';
import { Visible } from './detail/text.js';
import { Icon, VerdictGlyph } from './glyphs.js';
import { ago, bytes, milliseconds, statusClass, wholeTime } from './words.js';

/** The height of a row: it grows with the reader's size of type. */
export const ROW_HEIGHT = Math.round((54 / 16) * parseFloat(getComputedStyle(document.documentElement).fontSize));

const placed = (index) => ({ height: `${ROW_HEIGHT}px`, transform: `translateY(${index * ROW_HEIGHT}px)` });

/** A hue that is always the same for a provider. */
function hueOf(name) {
  let hash = 7;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)) % 3600;
  return hash % 360;
}

/** The two letters that stand for a provider. */
function initials(name) {
  if (name === 'unknown') return '?';
  const words = name.split(/[-_ ]/).filter(Boolean);
  const letters = words.length > 1 ? words[0][0] + words[1][0] : name.slice(0, 2);
  return letters.charAt(0).toUpperCase() + letters.slice(1).toLowerCase();
}

/** A provider's mark: two letters on its colour. */
export function ProviderMark({ provider }) {
  const kind = provider === 'unknown' ? 'provider-mark unknown' : 'provider-mark';
  return html`<span class=${kind} style=${{ '--hue': String(hueOf(provider)) }} aria-hidden="true">${initials(provider)}</span>`;
}

/** What became of an event: the last status and its duration, that it waits, or that it goes nowhere. */
function Outcome({ deliveries, handshake }) {
  const { last, waiting, targets, failed } = deliveries;
  if (waiting > 0 && !last) return html`<span class="chip waiting"><span class="spoken">delivery </span>waiting</span>`;
  if (!last) return handshake ? html`<span class="chip info">handshake</span>` : null;
  // One of several that took it hides none that did not.
  if (failed > 0 && targets > 1) {
    return html`<span class="chip status bad" title="targets whose last delivery failed">${failed} of ${targets} failed</span>`;
  }
  const kind = statusClass(last.status);
  const isMore = waiting > 0 && failed === 0;
  return html`${isMore ? html`<span class="chip waiting">${waiting} waiting</span> ` : html`<span class="took">${milliseconds(last.duration_ms)}</span>`}
    <span class=${`chip status ${kind}`} title=${last.error?.message ?? last.target}>
      <span class="spoken">delivery </span>${last.status ?? last.error?.kind ?? 'failed'}
    </span>`;
}

const targetOf = ({ method, path, query }) => `${method} ${path}${query ? `?${query}` : ''}`;

/** What the event is called: by its provider, or else by its request. */
const titleOf = (row) => row.event_type ?? row.handshake ?? targetOf(row.request);

/** The second line: who sent it, and where to; or what it is, where the title says where to. */
function Particulars({ row }) {
  const { content_type: contentType, body_bytes: size } = row.request;
  const isNamed = titleOf(row) !== targetOf(row.request);
  return html`<span class="row-request cut"><span class="row-provider"><${Visible} text=${row.provider} /></span>
    ${isNamed ? html`<span class="mono"><${Visible} text=${targetOf(row.request)} /></span>` : html`<${Visible} text=${contentType ?? 'no content type'} />, ${bytes(size)}`}</span>`;
}

/** A row at a place of the list; `mark` is A or B while it is marked to be compared. */
export function Row({ row, index, size, isSelected, mark, now, onSelect }) {
  const classes = `row ${row.verdict.status}${isSelected ? ' selected' : ''}`;
  return html`<div role="option" id=${`event-${row.id}`} class=${classes} aria-selected=${isSelected ? 'true' : 'false'}
    aria-posinset=${index + 1} aria-setsize=${size} style=${placed(index)}
    onClick=${() => onSelect(row.id)}>
    <${ProviderMark} provider=${row.provider} />
    <span class="row-title">
      <${VerdictGlyph} status=${row.verdict.status} />
      <span class="row-event cut"><${Visible} text=${titleOf(row)} /></span>
      ${row.repeats > 1 && html`<span class="chip repeats" title=${`${row.repeats} events with this delivery id`}>
        <${Icon} name="retry" size="11" />${row.repeats}<span class="spoken"> attempts of one delivery</span></span>`}
      ${row.pinned && html`<span class="row-pin" title="pinned"><${Icon} name="pin" size="12" /><span class="spoken">pinned</span></span>`}
      ${mark && html`<span class="chip info">${mark}<span class="spoken"> marked to compare</span></span>`}
    </span>
    <span class="row-outcome"><${Outcome} deliveries=${row.deliveries} handshake=${row.handshake} /></span>
    <${Particulars} row=${row} />
    <time class="row-age" datetime=${row.received_at} title=${wholeTime(row.received_at)}>${ago(row.received_at, now)}</time>
  </div>`;
}

/** A row that is on its way. */
export function RowOnItsWay({ index, size }) {
  return html`<div role="option" class="row on-its-way" aria-selected="false" aria-busy="true" aria-label="loading"
    aria-posinset=${index + 1} aria-setsize=${size} style=${placed(index)}>
    <span class="bone round"></span><span class="bone"></span><span class="bone short"></span>
  </div>`;
}
