/** Pictures of numbers over time: arrivals as bars, deliveries as a strip of heat for each kind of answer. */

import { html } from './vendor/preact-htm.js';
import { clockMinute, count, counted, dayTime } from './words.js';

const DAY_MS = 86_400_000;

/** The kinds of answers, in the order they are drawn, with the colour of each. */
const KINDS = [['2xx', 'good'], ['3xx', 'info'], ['4xx', 'warn'], ['5xx', 'bad'], ['failed', 'bad']];

const sum = (numbers) => numbers.reduce((all, n) => all + n, 0);

/** From when to when a bucket lasts, for people. */
function bucketTime(stats, index) {
  const from = Date.parse(stats.from) + index * stats.bucket_ms;
  return Date.parse(stats.to) - Date.parse(stats.from) > DAY_MS ? dayTime(from) : clockMinute(from);
}

/** What the bars say, in words. */
export function arrivalsText(stats) {
  const peak = Math.max(...stats.arrivals);
  const most = peak > 0 ? `; most at ${bucketTime(stats, stats.arrivals.indexOf(peak))}: ${count(peak)}` : '';
  return `${counted(sum(stats.arrivals), 'event')} arrived, ${count(sum(stats.refused))} refused${most}`;
}

/** What the strip says, in words. */
export function deliveriesText(stats) {
  const parts = KINDS.map(([kind]) => [kind, sum(stats.deliveries[kind])]).filter(([, n]) => n > 0);
  return parts.length ? `Deliveries: ${parts.map(([kind, n]) => `${count(n)} ${kind}`).join(', ')}` : 'No deliveries';
}

/** Bars of arrivals; the share that was refused stands at their foot. */
export function Arrivals({ stats }) {
  const peak = Math.max(1, ...stats.arrivals);
  const heightOf = (n) => (n === 0 ? 0 : Math.max(3, (n / peak) * 100));
  return html`<svg class="bars" role="img" aria-label=${arrivalsText(stats)} viewBox=${`0 0 ${stats.arrivals.length} 100`} preserveAspectRatio="none">
    ${stats.arrivals.map((n, index) => {
      const all = heightOf(n);
      const refused = stats.refused[index] && Math.max(1.5, all * (stats.refused[index] / n));
      return html`<g key=${index}>
        <title>${`${bucketTime(stats, index)}: ${count(n)} arrived, ${count(stats.refused[index])} refused`}</title>
        <rect class="bar-back" x=${index} y="0" width="1" height="100" />
        ${all > 0 && html`<rect class="bar" x=${index + 0.12} y=${100 - all} width="0.76" height=${all} />`}
        ${refused > 0 && html`<rect class="bar refused" x=${index + 0.12} y=${100 - refused} width="0.76" height=${refused} />`}
      </g>`;
    })}
  </svg>`;
}

/** How strong a cell is: by the logarithm, so that one failure among thousands is still seen. */
const strength = (n, peak) => (n === 0 ? 0 : 0.35 + 0.65 * (Math.log1p(n) / Math.log1p(peak)));

/** A strip for each kind of answer there was. */
export function Heat({ stats }) {
  const kinds = KINDS.filter(([kind]) => kind === '2xx' || sum(stats.deliveries[kind]) > 0);
  const peak = Math.max(1, ...kinds.flatMap(([kind]) => stats.deliveries[kind]));
  return html`<div class="heat" role="img" aria-label=${deliveriesText(stats)}>
    ${kinds.map(([kind, colour]) => html`<div class="heat-line" key=${kind}>
      <span class="heat-kind">${kind}</span>
      <svg class=${`heat-cells ${colour}`} viewBox=${`0 0 ${stats.arrivals.length} 1`} preserveAspectRatio="none" aria-hidden="true">
        ${stats.deliveries[kind].map((n, index) => html`<rect key=${index} x=${index + 0.06} y="0" width="0.88" height="1"
          class=${n ? 'hot' : ''} style=${n ? { fillOpacity: strength(n, peak).toFixed(2) } : { fillOpacity: '1' }}>
          <title>${`${bucketTime(stats, index)}: ${count(n)} × ${kind}`}</title></rect>`)}
      </svg>
    </div>`)}
  </div>`;
}
