/** The search field: one filter language, its errors in place, and the same filter for the command line. */

import { html, useEffect, useRef, useState } from './vendor/preact-htm.js';
import { CopyButton } from './clipboard.js';
import { Icon } from './glyphs.js';
import { count, counted, shellQuoted } from './words.js';

/** After the last key, so that a word is not searched for letter by letter. */
const PAUSE_MS = 250;

/** The language in examples: what a word does, and the word. */
export const WORDS = [
  ['provider:stripe', 'from a provider; provider:github,stripe from either'],
  ['event:invoice.*', 'of a type; * is anything, a second one means or'],
  ['verdict:invalid', 'valid, invalid, unsigned or unchecked'],
  ['is:failed', 'a delivery failed or still waits'],
  ['is:pinned', 'pinned events'],
  ['since:2h', 'since a time ago or a date; also until:'],
  ['json:/data/id=42', 'a place in the JSON body; = or ~ for “contains”'],
  ['header:x-topic~order', 'a header; query:name=value likewise'],
  ['"two words"', 'anything else is text in headers and bodies'],
];

/** The command that lists what a filter shows. */
export const commandOf = (filter) => `hookctl events list --filter${filter.startsWith('-') ? '=' : ' '}${shellQuoted(filter)}`;

/** A word of the language: quotes at its beginning, or where a value begins, keep blanks together. */
const WORD = /(?:(?<=^|[\s:=~<>])(?:"(?:\\.|[^"\\])*(?:"|$)|'[^']*(?:'|$))|\S)+/gs;

/** The words of a filter as they were typed. */
export const wordsOf = (filter) => filter.match(WORD) ?? [];

/** The filter with a word in it, or without if it was there. */
export function withWord(filter, word) {
  const words = wordsOf(filter);
  return (words.includes(word) ? words.filter((one) => one !== word) : [...words, word]).join(' ');
}

/** The field. `onFilter(text)` is told once the typing pauses; `fieldRef` lets `/` put the focus there. */
export function Search({ filter, error: complaint, onFilter, fieldRef }) {
  const [text, setText] = useState(filter);
  // What was wrong with a text is not said of the next one.
  const error = text.trim() === filter ? complaint : null;
  const timer = useRef(0);
  const told = useRef(filter);
  // What was told from here is in the field already, and perhaps more by now; what comes from elsewhere replaces it.
  useEffect(() => {
    if (filter === told.current) return;
    told.current = filter;
    clearTimeout(timer.current);
    setText(filter);
  }, [filter]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const tell = (value) => {
    clearTimeout(timer.current);
    told.current = value.trim();
    onFilter(told.current);
  };
  const type = (event) => {
    const { value } = event.currentTarget;
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => tell(value), PAUSE_MS);
  };
  const insert = (word) => {
    const value = withWord(text, word);
    setText(value);
    tell(value);
    fieldRef.current?.focus();
  };
  const onKeyDown = (event) => {
    if (event.key === 'Enter' && event.target === fieldRef.current) tell(text);
    if (event.key === 'Escape') document.activeElement.blur();
    if (event.key === 'ArrowDown' && event.target === fieldRef.current) document.querySelector('[role="listbox"]')?.focus();
  };
  return html`<form class="search" role="search" onSubmit=${(event) => event.preventDefault()} onKeyDown=${onKeyDown}>
    <span class="search-icon"><${Icon} name="search" size="15" /></span>
    <input ref=${fieldRef} class="field" type="text" inputmode="search" enterkeyhint="search" autocomplete="off" autocapitalize="off"
      spellcheck="false" aria-label="Search events" aria-keyshortcuts="/" placeholder="Search: text, provider:, verdict:, json:/id=…" value=${text}
      aria-invalid=${error ? 'true' : 'false'} aria-describedby=${error ? 'search-error' : null} onInput=${type} />
    ${text
      ? html`<button type="button" class="button plain small icon search-clear" aria-label="Clear the search" onClick=${() => { setText(''); tell(''); fieldRef.current?.focus(); }}>
          <${Icon} name="close" size="14" /></button>`
      : html`<kbd class="search-key" aria-hidden="true">/</kbd>`}
    ${error && html`<div class="search-error" id="search-error" role="alert">
      <${Icon} name="warning" size="14" /><div><p>${error.message}</p>${error.hint && html`<p class="soft">${error.hint}</p>`}</div></div>`}
    ${!error && !text && html`<div class="search-words" role="group" aria-label="Words of the search">
      ${WORDS.map(([word, what]) => html`<button type="button" class="search-word" onClick=${() => insert(word)}>
        <code>${word}</code><span class="soft">${what}</span></button>`)}
    </div>`}
  </form>`;
}

const QUICK = [['verdict:invalid', 'Invalid'], ['is:failed', 'Failed'], ['is:pinned', 'Pinned']];

/** What the list shows: filters at hand, how many there are, and the command that would show the same. */
export function ListHead({ list, filter, isPaused, onFilter, onAdmit, act, notify }) {
  const words = filter.split(' ');
  return html`<div class=${list.isLoading ? 'list-head loading' : 'list-head'}>
    <div class="list-line">
      <h2 class="list-count">${countText(list, filter)}</h2>
      ${list.waiting > 0 && html`<button type="button" class="pill" aria-label=${counted(list.waiting, 'new event')} onClick=${onAdmit}>
        <${Icon} name="up" size="13" />${count(list.waiting)} new</button>`}
      <div class="quick" role="group" aria-label="Quick filters">
        ${QUICK.map(([word, label]) => html`<button type="button" class="button small quick-filter" aria-pressed=${words.includes(word) ? 'true' : 'false'}
          onClick=${() => onFilter(withWord(filter, word))}>${label}</button>`)}
        <button type="button" class="button small icon" aria-pressed=${isPaused ? 'true' : 'false'} aria-keyshortcuts="l"
          aria-label="Pause the list" title=${isPaused ? 'Go on (l)' : 'Pause the list (l)'} onClick=${() => act('pause')}>
          <${Icon} name=${isPaused ? 'play' : 'pause'} size="13" /></button>
      </div>
    </div>
    ${filter && html`<div class="command"><code class="cut" title=${commandOf(filter)}>${commandOf(filter)}</code>
      <${CopyButton} text=${commandOf(filter)} label="Copy the command" notify=${notify} /></div>`}
  </div>`;
}

function countText(list, filter) {
  if (list.isLoading && list.length === 0) return 'Loading…';
  const n = new Intl.NumberFormat('en').format(list.length);
  if (list.isCounted) return filter ? `${n} found` : `${n} ${list.length === 1 ? 'event' : 'events'}`;
  if (list.scannedTo === null && list.searching === null) return `${n} found`;
  return list.length ? `${n}+ found` : 'Searching…';
}
