/** One event: what it is, what verification said, the request, the answers, and when all that was. */

import { html, useEffect, useState } from '../vendor/preact-htm.js';
import { get } from '../api.js';
import { CompareDialog } from './compare.js';
import { ActionBar, Head } from './head.js';
import { complaint } from './outcome.js';
import { onRefresh } from './refresh.js';
import { ReplayDialog } from './replay.js';
import { RequestCard } from './request.js';
import { ResponseCard } from './response.js';
import { eventPath } from './routes.js';
import { SendDialog } from './send.js';
import { Sentence, Visible } from './text.js';
import { Timeline } from './timeline.js';
import { isRefused, Verdict } from './verdict.js';

/** What is noted down late is so by no more than this. */
const LATE_MS = 5000;
/** And is looked for so often until then. */
const AGAIN_MS = 1000;

/**
 * The right side of the page. `version` grows when the event changed; `marks` are the ids that are marked to compare;
 * `act(name, argument)` runs an action.
 */
export function Detail({ id, marks, status, version, act }) {
  const [own, renew] = useState(0);
  // Secrets are shown for the event they were asked for, and not even asked for of the next.
  const [revealedId, reveal] = useState(null);
  const areShown = revealedId === id;
  useEffect(() => onRefresh((changed) => changed === id && renew((count) => count + 1)), [id]);
  useEffect(() => reveal(null), [id]);
  const { detail, error, isBusy } = useDetail(id, areShown, `${version}-${own}`);
  useLateLife(id, detail, () => renew((count) => count + 1));
  if (!id) return null;
  if (error && detail?.event.id !== id) {
    return html`<div class="detail"><${NotLoaded} id=${id} error=${error} /></div>`;
  }
  if (!detail) return html`<div class="detail" aria-busy="true"><p class="note">Loading…</p></div>`;
  const secrets = { shown: areShown, toggle: () => reveal(areShown ? null : id) };
  const { event } = detail;
  return html`<article class=${isBusy && event.id !== id ? 'detail is-old' : 'detail'} aria-label="Event"
      aria-busy=${isBusy ? 'true' : 'false'}>
    <${Head} detail=${detail} act=${act} />
    <${ActionBar} detail=${detail} marks=${marks} status=${status} act=${act} />
    ${isRefused(event) && html`<${Verdict} key=${`v${event.id}`} event=${event} secrets=${secrets} />`}
    <${RequestCard} key=${`q${event.id}`} event=${event} parts=${detail.parts} secrets=${secrets} />
    <${ResponseCard} key=${`a${event.id}`} id=${event.id} deliveries=${detail.deliveries} waiting=${detail.waiting} life=${detail.life} />
    <${Timeline} detail=${detail} />
  </article>`;
}

function NotLoaded({ id, error }) {
  if (error.status !== 404) return html`<p class="note error" role="alert"><b>Not loaded:</b> <${Sentence} text=${complaint(error)} /></p>`;
  return html`<p class="note" role="alert"><b>This event is gone.</b> It was deleted, or the link is of another history: <code><${Visible}
      text=${id} /></code></p>`;
}

/** When its sender was answered is noted down a moment after that: an event of just now is looked at again. */
function useLateLife(id, detail, reload) {
  useEffect(() => {
    if (detail?.event.id !== id || typeof detail.life?.answered_ms === 'number') return undefined;
    const last = detail.deliveries.at(-1)?.made_at ?? detail.event.received_at;
    if (Date.now() - Date.parse(last) > LATE_MS) return undefined;
    const timer = setTimeout(reload, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [detail]);
}

/** The dialog that is open; `close` when it is done with. */
export function Dialogs({ dialog, argument, id, marks = [], status, act, close }) {
  if (dialog === 'send') return html`<${SendDialog} status=${status} close=${close} act=${act} />`;
  if (dialog === 'replay' && id) return html`<${ReplayDialog} key=${id} id=${id} close=${close} needsTarget=${argument?.needsTarget} />`;
  if (dialog === 'compare' && marks.length === 2) return html`<${CompareDialog} before=${marks[0]} after=${marks[1]} close=${close}
      act=${act} />`;
  return null;
}

/** The event of an id without its bodies; the one before stays until the next is there, so that nothing flickers. */
function useDetail(id, areShown, version) {
  const [state, setState] = useState({ detail: null, error: null, isBusy: false });
  useEffect(() => {
    if (!id) return undefined;
    const abort = new AbortController();
    setState((before) => ({ ...before, isBusy: true }));
    get(eventPath(id), { query: { body: false, show_secrets: areShown || undefined }, signal: abort.signal }).then(
      (detail) => !abort.signal.aborted && setState({ detail, error: null, isBusy: false }),
      (error) => !abort.signal.aborted && setState((before) => ({ ...before, error, isBusy: false })),
    );
    return () => abort.abort();
  }, [id, areShown, version]);
  return state;
}
