/** What came of a delivery that was just made, in place. */

import { html, useMemo } from '../vendor/preact-htm.js';
import { milliseconds } from '../words.js';
import { kindOf } from './body.js';
import { hexRows, isBinary } from './hex.js';
import { indented } from './json.js';
import { Lines } from './lines.js';
import { headerOf } from './request.js';
import { StatusMark } from './response.js';
import { Sentence, Visible } from './text.js';

/** Characters of an answer that are shown in a dialog; the event has all of it. */
const MAX_SHOWN = 64 * 1024;
/** Bytes of one that is no text. */
const MAX_HEX = 1024;

/** Several results, `{target, delivery}`, with notes. `go` opens the event that came of it. */
export function Results({ deliveries, notes = [], go }) {
  return html`<section class="results" aria-label="Answer" aria-live="polite">
    ${deliveries.map(({ target, delivery }, position) => html`<${Result} key=${position} target=${target ?? delivery.target}
        delivery=${delivery} />`)}
    ${deliveries.length === 0 && html`<p class="note">Nothing was delivered.</p>`}
    ${notes.map((note) => html`<p class="result-note soft"><${Sentence} text=${note} /></p>`)}
    ${go}
  </section>`;
}

function Result({ target, delivery }) {
  const { status, error, duration_ms: took, response } = delivery;
  return html`<div class="result">
    <p class="answer-line">
      <${StatusMark} status=${status} error=${error} />
      <b>${milliseconds(took)}</b>
      <code><${Visible} text=${target} /></code>
    </p>
    ${error && html`<p class="note error"><${Visible} text=${error.message} /></p>`}
    ${response && html`<${Answer} response=${response} />`}
  </div>`;
}

function Answer({ response }) {
  const { headers = [], body = '', body_encoding: encoding } = response;
  const { text, colour, isHex } = useMemo(() => readable(body, encoding, headerOf(headers, 'content-type')), [body, encoding]);
  if (body === '') return html`<p class="note">The answer has no body.</p>`;
  if (isHex) return html`<pre class="hex result-hex" tabindex="0" role="group" aria-label="Answer body">${text}</pre>`;
  return html`<${Lines} texts=${[text.slice(0, MAX_SHOWN)]} name=${text} colour=${colour} label="Answer body" />
    ${text.length > MAX_SHOWN && html`<p class="note">There is more of it: see the event.</p>`}`;
}

function readable(body, encoding, contentType) {
  if (encoding === 'base64') {
    const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
    if (!isBinary(bytes)) return { text: new TextDecoder().decode(bytes), colour: 'plain', isHex: false };
    const rows = hexRows(bytes.subarray(0, MAX_HEX));
    return { text: rows.map(({ offset, hex, characters }) => `${offset}  ${hex}  ${characters}`).join('\n'), isHex: true };
  }
  if (kindOf(contentType) === 'json' || /^\s*[{[]/.test(body)) {
    try {
      return { text: (body.length <= MAX_SHOWN && indented(body)) || body, colour: 'json', isHex: false };
    } catch {
      // What calls itself JSON need not be any.
    }
  }
  return { text: body, colour: 'plain', isHex: false };
}
