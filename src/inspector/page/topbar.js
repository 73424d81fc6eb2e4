/** The bar on top: where to send events, whether anybody listens, search, and what concerns the whole page. */

import { html } from './vendor/preact-htm.js';
import { CopyButton } from './clipboard.js';
import { Icon, Mark } from './glyphs.js';
import { keyed } from './keys.js';
import { Search } from './search.js';

const THEME_ICONS = { auto: 'auto', light: 'sun', dark: 'moon' };

/** In a word or two how things stand, and the colour for it. */
export function stateOf({ connection, status, isPaused }) {
  if (connection === 'reconnecting') return { word: 'reconnecting…', colour: 'bad', isBusy: true };
  if (!status) return { word: 'connecting…', colour: 'quiet', isBusy: true };
  if (isPaused) return { word: 'list paused', colour: 'warn' };
  if (!status.listening) return { word: 'not listening', colour: 'quiet' };
  const inFlight = status.listening.in_flight;
  if (inFlight > 0) return { word: `${inFlight} in flight`, colour: 'info', isBusy: true };
  return { word: 'listening', colour: 'good' };
}

function Listener({ listening, notify }) {
  if (!listening) return null;
  const [scheme, rest] = listening.url.split(/(?<=:\/\/)/);
  return html`<div class="listener" role="group" aria-label="Listener">
    <code class="cut" title=${listening.url}><span class="faint">${scheme}</span>${rest}</code>
    <${CopyButton} text=${listening.url} label="Copy the listener’s URL" notify=${notify} />
  </div>`;
}

function Forwards({ forward }) {
  if (!forward?.length) return null;
  const title = forward.join('\n');
  return html`<span class="forwards cut faint" title=${title}>→ ${shortUrl(forward[0])}${forward.length > 1 ? ` +${forward.length - 1}` : ''}</span>`;
}

const shortUrl = (url) => url.replace(/^https?:\/\//, '').replace(/\/$/, '');

/** The bar. */
export function Topbar({ state, act, onFilter, fieldRef, notify }) {
  const { word, colour, isBusy } = stateOf(state);
  const listening = state.status?.listening ?? null;
  return html`<header class="topbar">
    <h1 class="brand"><${Mark} /><span>hookctl</span></h1>
    <${Listener} listening=${listening} notify=${notify} />
    <span class=${`state ${colour}${isBusy ? ' busy' : ''}`} role="group" aria-label="State"><span class="state-dot"></span>${word}</span>
    <${Forwards} forward=${listening?.forward} />
    <${Search} filter=${state.filter} error=${state.filterError} onFilter=${onFilter} fieldRef=${fieldRef} />
    <div class="tools">
      <button type="button" class="button primary send-test" ...${keyed('send')} onClick=${() => act('send')}>
        <${Icon} name="send" size="14" /><span>Send<span class="wide-only"> event</span></span></button>
      <button type="button" class="button plain icon" ...${keyed('theme')} aria-label=${`Theme: ${state.theme}`} onClick=${() => act('theme')}>
        <${Icon} name=${THEME_ICONS[state.theme]} /></button>
      <button type="button" class="button plain icon" ...${keyed('help')} aria-label="Keys and help" onClick=${() => act('help')}>
        <${Icon} name="question" /></button>
    </div>
  </header>`;
}
