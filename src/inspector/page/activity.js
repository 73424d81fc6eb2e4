/** The strip below the top bar: how much arrived and how it was answered, over a span of time, kept up to date. */

import { html, useEffect, useRef, useState } from './vendor/preact-htm.js';
import { get } from './api.js';
import { keep, kept } from './kept.js';
import { Arrivals, Heat } from './pictures.js';
import { clockMinute, count } from './words.js';

const WINDOWS = [['15m', 'The last 15 minutes'], ['1h', 'The last hour'], ['24h', 'The last 24 hours'], ['all', 'The whole history']];
const BUCKETS = 60;
const KEY = 'hookctl-window';
/** After an arrival the numbers are asked for again, but no more often than this. */
const AFTER_ARRIVAL_MS = 2000;
/** Numbers that take long to count are asked for less often: this many times as long as they took. */
const REST = 5;
/** Time passes even if nothing arrives. */
const ANYWAY_MS = 15_000;

/** The numbers of a window, asked for again as events arrive. `arrivals` tells of rows: `subscribe(listener)`. */
function useStats({ filter, span, arrivals }) {
  const [stats, setStats] = useState(null);
  const next = useRef(0);
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const ask = async () => {
      clearTimeout(timer);
      timer = setTimeout(ask, ANYWAY_MS);
      if (document.hidden) return;
      const began = Date.now();
      const query = { filter, window: span, buckets: BUCKETS };
      const answer = await get('stats', { query, signal: stop.signal }).catch(() => null);
      next.current = Date.now() + Math.max(AFTER_ARRIVAL_MS, (Date.now() - began) * REST);
      if (answer && !stop.signal.aborted) setStats(answer);
    };
    let isSoon = false;
    const unsubscribe = arrivals.subscribe((rows) => {
      setStats((before) => before && withArrivals(before, rows));
      if (isSoon) return;
      isSoon = true;
      setTimeout(() => {
        isSoon = false;
        if (!stop.signal.aborted) ask();
      }, Math.max(AFTER_ARRIVAL_MS / 2, next.current - Date.now()));
    });
    ask();
    document.addEventListener('visibilitychange', ask);
    return () => {
      document.removeEventListener('visibilitychange', ask);
      stop.abort();
      clearTimeout(timer);
      unsubscribe();
    };
  }, [filter, span, arrivals]);
  return stats;
}

/** The numbers with what has just arrived, until they are asked for again. */
function withArrivals(stats, rows) {
  const isRefused = (row) => row.verdict.status === 'invalid' || row.verdict.status === 'unsigned';
  const withMore = (numbers, n) => [...numbers.slice(0, -1), numbers[numbers.length - 1] + n];
  return { ...stats, arrivals: withMore(stats.arrivals, rows.length), refused: withMore(stats.refused, rows.filter(isRefused).length) };
}

const sum = (numbers) => numbers.reduce((all, n) => all + n, 0);

function Headline({ label, value, note }) {
  return html`<div class="headline"><span class="headline-value">${value}</span><span class="soft">${label}</span>
    ${note && html`<span class="bad-text">${note}</span>`}</div>`;
}

function Picture({ stats }) {
  const { deliveries } = stats;
  const made = Object.values(deliveries).map(sum);
  const refused = sum(stats.refused);
  const notDone = made[2] + made[3] + made[4];
  return html`
    <${Headline} label=${stats.scanned_to ? `since ${clockMinute(stats.scanned_to)}` : 'arrived'} value=${count(sum(stats.arrivals))} note=${refused ? `${count(refused)} refused` : ''} />
    <${Arrivals} stats=${stats} />
    <${Headline} label="delivered" value=${count(made[0])} note=${notDone ? `${count(notDone)} not` : ''} />
    <${Heat} stats=${stats} />`;
}

/** The strip. */
export function Activity({ filter, arrivals }) {
  const [span, setSpan] = useState(() => (WINDOWS.some(([id]) => id === kept(KEY)) ? kept(KEY) : '1h'));
  const stats = useStats({ filter, span, arrivals });
  const choose = (id) => {
    keep(KEY, id);
    setSpan(id);
  };
  return html`<section class="activity" aria-label="Activity">
    ${stats ? html`<${Picture} stats=${stats} />` : html`<div class="activity-space"></div>`}
    <div class="segments activity-span" role="group" aria-label="Span of time">
      ${WINDOWS.map(([id, what]) => html`<button type="button" key=${id} aria-pressed=${id === span ? 'true' : 'false'} title=${what} onClick=${() => choose(id)}>${id}</button>`)}
    </div>
  </section>`;
}
