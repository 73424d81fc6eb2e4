/** What happened to an event, in ms from its arrival: a table whose last column is the picture. */

import { html } from '../vendor/preact-htm.js';
import { StatusMark } from './response.js';
import { scale } from './scale.js';
import { Visible } from './text.js';
import { duration } from './times.js';

/** Units of the picture's width. */
const WIDTH = 1000;
const HEIGHT = 20;
/** The narrowest bar, so that nothing that took time is invisible. */
const MIN_BAR = 6;

/**
 * The steps in order, `{what, target, from, to, status, error}`; what is not known is left out.
 * A delivery began its duration before it was noted down.
 */
export function steps({ event, deliveries, life }) {
  const arrival = Date.parse(event.received_at);
  const found = [{ what: 'Received', from: 0, to: 0 }];
  if (typeof life?.stored_ms === 'number') found.push({ what: 'Stored', from: life.stored_ms, to: life.stored_ms });
  if (typeof life?.answered_ms === 'number') {
    found.push({ what: 'Answered', from: life.answered_ms, to: life.answered_ms, status: life.answer_status ?? undefined });
  }
  deliveries.forEach(({ made_at: madeAt, delivery }, position) => {
    const end = Date.parse(madeAt) + micros(madeAt) - arrival - micros(event.received_at);
    const { target, status, error, duration_ms: took } = delivery;
    found.push({ what: `Forwarded #${position + 1}`, target, from: Math.max(0, end - took), to: Math.max(0, end), status, error });
  });
  return found.map((step, order) => ({ ...step, order })).sort((a, b) => a.from - b.from || a.order - b.order);
}

/** What a time has below the millisecond, in ms; dates do not hold it. */
function micros(time) {
  const digits = /\.\d{3}(\d{1,6})/.exec(time)?.[1];
  return digits ? Number(`0.${digits}`) : 0;
}

/** The card. */
export function Timeline({ detail }) {
  const rows = steps(detail);
  const { at, cuts } = scale(rows);
  return html`<section class="card" aria-label="Timeline">
    <header class="card-head"><h3>Timeline</h3>${cuts.length > 0 && html`<span class="faint">long silences are cut short</span>`}</header>
    <table class="timeline">
      <thead class="spoken"><tr><th scope="col">Step</th><th scope="col">After arrival</th><th scope="col">Took</th><th
          scope="col">Picture</th></tr></thead>
      <tbody>
        ${rows.map(
          (row) => html`<tr key=${row.order}>
            <th scope="row">
              ${row.what}${row.target && html` <code class="timeline-target"><${Visible} text=${row.target} /></code>`}
              ${row.status !== undefined && html` <${StatusMark} status=${row.status} error=${row.error} />`}
            </th>
            <td class="number">${row.what === 'Received' ? '0' : `+${duration(row.from)}`}</td>
            <td class="number">${row.target ? duration(row.to - row.from) : ''}</td>
            <td class="timeline-picture"><${Picture} row=${row} at=${at} cuts=${cuts} /></td>
          </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function Picture({ row, at, cuts }) {
  const inner = WIDTH - 2 * MIN_BAR;
  const x = (ms) => MIN_BAR + at(ms) * inner;
  const isBad = row.error || (row.target && (row.status === null || row.status >= 400));
  const kind = isBad ? 'bad' : row.target ? 'good' : 'moment';
  const width = Math.max(MIN_BAR, x(row.to) - x(row.from));
  const middle = HEIGHT / 2;
  return html`<svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
    <line class="timeline-ground" x1="0" x2=${WIDTH} y1=${middle} y2=${middle} />
    ${cuts.map((cut) => html`<rect class="timeline-cut" x=${MIN_BAR + cut.at * inner - 4} y="2" width="8" height=${HEIGHT - 4} />`)}
    <rect class=${`timeline-bar ${kind}`} x=${Math.min(x(row.from), WIDTH - width) - (row.target ? 0 : MIN_BAR / 2)} y=${row.target ? 4 : 3}
        width=${width} height=${row.target ? HEIGHT - 8 : HEIGHT - 6} rx="2" />
  </svg>`;
}
