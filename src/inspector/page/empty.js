/** What stands where there is nothing to show yet: how to get the first event, or how to find more. */

import { html, useEffect, useState } from './vendor/preact-htm.js';
import { get } from './api.js';
import { CopyButton } from './clipboard.js';
import { Icon } from './glyphs.js';
import { keyed, keyLabel } from './keys.js';
import { commandOf, withWord, wordsOf } from './search.js';
import { dayTime, shellWord } from './words.js';

/** The events that the first lines to copy send where no secret is known: they are recognised unsigned. */
const FIRST_EVENTS = ['github/push', 'gitlab/push'];

/** Events of the listener's own providers, then of those whose secret is known, then those above: at most two. */
function useFirstEvents(providers = []) {
  const [events, setEvents] = useState(FIRST_EVENTS);
  useEffect(() => {
    const rank = ({ id, secrets }) => (providers.includes(id) ? 0 : secrets.length ? 1 : 2);
    get('providers').then((answer) => {
      const known = answer.providers.filter((provider) => provider.events.length && rank(provider) < 2);
      known.sort((one, other) => rank(one) - rank(other));
      const own = known.map((provider) => `${provider.id}/${provider.events[0].name}`);
      setEvents([...own, ...FIRST_EVENTS].slice(0, FIRST_EVENTS.length));
    }).catch(() => {});
  }, [String(providers)]);
  return events;
}

function Line({ text, notify }) {
  return html`<div class="command"><code>${text}</code><${CopyButton} text=${text} label=${`Copy: ${text}`} notify=${notify} /></div>`;
}

/** No event at all. */
export function NoEvents({ listening, act, notify }) {
  const events = useFirstEvents(listening?.providers);
  if (!listening) {
    return html`<div class="empty"><span class="empty-picture"><${Icon} name="terminal" size="28" /></span>
      <h2>No events, and nobody listens</h2>
      <p class="soft">Start a listener in a terminal; what it receives is shown here at once.</p>
      <${Line} text="hookctl listen" notify=${notify} /></div>`;
  }
  return html`<div class="empty"><span class="empty-picture waiting"><${Icon} name="download" size="28" /></span>
    <h2>Waiting for the first event</h2>
    <p class="soft">Give a provider this URL, or send yourself what it would send, signed where its secret is known.</p>
    <${Line} text=${listening.url} notify=${notify} />
    ${events.map((event) => html`<${Line} text=${`hookctl send ${shellWord(event)} --to ${shellWord(listening.url)}`} notify=${notify} />`)}
    <button type="button" class="button primary" ...${keyed('send')} onClick=${() => act('send')}><${Icon} name="send" size="14" />Send a test event</button>
  </div>`;
}

/** Events, but none that matches. */
export function NoMatch({ filter, onFilter, notify }) {
  const words = wordsOf(filter);
  return html`<div class="empty"><span class="empty-picture"><${Icon} name="search" size="28" /></span>
    <h2>No event matches</h2>
    <p class="soft">The whole history was searched. New events that match appear here.</p>
    <${Line} text=${commandOf(filter)} notify=${notify} />
    <div class="empty-actions">
      <button type="button" class="button" onClick=${() => onFilter('')}>Clear the search</button>
      ${words.length > 1 && html`<button type="button" class="button" onClick=${() => onFilter(withWord(filter, words[words.length - 1]))}>
        Without <code>${words[words.length - 1]}</code></button>`}
    </div>
  </div>`;
}

/** The search goes on and has found nothing so far. */
export function SearchingOn({ scannedTo }) {
  return html`<div class="empty"><span class="empty-picture waiting"><${Icon} name="search" size="28" /></span><h2>Searching…</h2>
    <p class="soft">Every event is read for this search.${scannedTo ? ` So far back to ${dayTime(scannedTo)}.` : ''}</p></div>`;
}

/** What could not be loaded. */
export function NotLoaded({ error, onRetry }) {
  return html`<div class="empty"><span class="empty-picture bad-text"><${Icon} name="warning" size="28" /></span>
    <h2>${error.message}</h2>${error.hint && html`<p class="soft">${error.hint}</p>`}
    <button type="button" class="button" onClick=${onRetry}>Try again</button></div>`;
}

const HINTS = [['j', 'k', 'walk through the list'], ['/', null, 'search'], ['n', null, 'send a test event'], ['?', null, 'all keys']];

/** No event is selected. */
export function NothingOpen() {
  return html`<div class="nothing-open"><p class="soft">Select an event to see what was sent, whether it is genuine, and what came back.</p>
    <dl>${HINTS.map(([key, other, what]) => html`<div><dt><kbd>${keyLabel(key)}</kbd>${other && html` <kbd>${other}</kbd>`}</dt><dd class="soft">${what}</dd></div>`)}</dl></div>`;
}
