/** What verification said, and what to do about it. */

import { html } from '../vendor/preact-htm.js';
import { VerdictGlyph } from '../glyphs.js';
import { counted } from '../words.js';
import { CopyButton } from './copy.js';
import { causes, explaining, refusal, unchecked } from './refusal.js';
import { useSecretLabels } from './target.js';
import { Sentence, Visible } from './text.js';

const SAFE_WORD = /^[A-Za-z0-9._-]+$/;

/** How each verdict looks: a word and a colour, besides its picture. */
const VERDICTS = {
  valid: { word: 'Valid', colour: 'good' },
  invalid: { word: 'Invalid', colour: 'bad' },
  unsigned: { word: 'Unsigned', colour: 'warn' },
  unchecked: { word: 'Unchecked', colour: '' },
};

const looksOf = (status) => VERDICTS[status] ?? VERDICTS.unchecked;

/** Whether something is wrong with the signature, so that it must be said before all else. */
export const isRefused = ({ verdict }) => verdict.status !== 'valid' && verdict.status !== 'unchecked';

/** The chip of a verdict. */
export function VerdictChip({ status }) {
  const { word, colour } = looksOf(status);
  return html`<span class=${`chip ${colour}`}><${VerdictGlyph} status=${status} size="12" isSpoken=${false} />${word}</span>`;
}

/** One line for a verdict that needs nothing done, a card for one that does. */
export function Verdict({ event, secrets }) {
  const { status } = event.verdict;
  if (status === 'valid') return html`<${ValidLine} event=${event} />`;
  if (status === 'unchecked') return html`<${UncheckedLine} event=${event} />`;
  return html`<${RefusalCard} event=${event} secrets=${secrets} />`;
}

function ValidLine({ event }) {
  const { scheme, secret, hint } = event.verdict;
  return html`<p class="verdict-line" aria-label="Verdict" role="region">
    <b class="good-text"><${VerdictGlyph} status="valid" isSpoken=${false} /> Valid</b>
    <span>The signature holds${scheme && html` (<${Visible} text=${scheme} />)`}${secret && html`, with the secret <b><${Visible}
        text=${secret} /></b>`}.</span>
    ${hint && html`<span class="soft"><${Sentence} text=${hint} /></span>`}
  </p>`;
}

function UncheckedLine({ event }) {
  const { reason, hint } = event.verdict;
  const { text, command } = unchecked(event.verdict, SAFE_WORD.test(event.provider) ? event.provider : 'NAME');
  return html`<div class="verdict-line" aria-label="Verdict" role="region">
    <b class="soft"><${VerdictGlyph} status="unchecked" isSpoken=${false} /> Unchecked</b>
    <span><${Sentence} text=${reason ?? 'nothing was checked'} />.</span>
    ${(hint || text) && html`<span class="soft">${hint ? html`<${Sentence} text=${hint} />` : text}${command ? ':' : '.'}</span>`}
    ${command && html`<${Command} text=${command} />`}
  </div>`;
}

function Command({ text }) {
  return html`<span class="command"><code>${text}</code><${CopyButton} text=${text} label=${`Copy the command ${text}`} /></span>`;
}

function RefusalCard({ event, secrets }) {
  const { verdict, request, id } = event;
  const { word, colour } = looksOf(verdict.status);
  const facts = refusal(verdict, request.headers, request.header_encodings);
  const { ranked, rest } = causes(verdict);
  const labels = useSecretLabels(event.provider);
  return html`<section class=${`card verdict-card ${colour}`} aria-label="Verdict">
    <header class="card-head">
      <h3><${VerdictGlyph} status=${verdict.status} size="16" isSpoken=${false} /> ${word}</h3>
      <span class="verdict-reason"><${Sentence} text=${verdict.reason ?? 'no reason was recorded'} /></span>
    </header>
    <dl class="verdict-facts">
      <div><dt>Check</dt><dd><${Visible} text=${facts.check} /></dd></div>
      ${facts.expected && html`<div><dt>Expected</dt><dd><${Sentence} text=${facts.expected} />${facts.problem && html`; <${Sentence}
          text=${facts.problem} />`}</dd></div>`}
      ${facts.expected && html`<div><dt>Received</dt><dd><${Received} facts=${facts} secrets=${secrets} /></dd></div>`}
    </dl>
    ${
      ranked.length > 0 &&
      html`<div class="verdict-causes">
        <h4>${ranked.length > 1 ? 'Likely causes, the likeliest first' : 'Likely cause'}</h4>
        <ol>${ranked.map((cause) => html`<${Cause} key=${cause.id} cause=${cause} />`)}</ol>
        ${rest.length > 0 && html`<details><summary>${counted(rest.length, 'other spelling', 'other spellings')} of the same</summary><ol>${rest.map((cause) => html`<${Cause}
            key=${cause.id} cause=${cause} />`)}</ol></details>`}
      </div>`
    }
    ${verdict.explanation && html`<${RuledOut} explanation=${verdict.explanation} />`}
    ${
      (facts.isComputed || facts.problem) &&
      html`<p class="verdict-more soft">
        Both signatures and the exact bytes that are signed are shown in the terminal only:
        <${Command} text=${explaining(id, labels)} />
      </p>`
    }
  </section>`;
}

function Received({ facts, secrets }) {
  const show = () => {
    secrets.toggle();
    // This button goes; the one that hides them again has the focus next.
    document.getElementById('secrets-toggle')?.focus({ preventScroll: true });
  };
  if (facts.isMissing) return html`<i>nothing there</i>`;
  if (facts.isMasked) return html`<span class="masked">•••••• <span class="tag">masked</span></span> <button type="button"
      class="button small plain" onClick=${show}>Show secrets</button>`;
  if (facts.received === null) return html`<i>another one</i>`;
  if (facts.isTold) return html`<${Sentence} text=${facts.received} />`;
  return html`<code class="verdict-value"><${Visible} text=${facts.received} /></code>`;
}

function Cause({ cause }) {
  return html`<li>
    <span class="cause-what"><${Sentence} text=${cause.what} /></span>
    ${cause.cure && html`<span class="cause-cure"><span aria-hidden="true">→</span> <${Sentence} text=${cause.cure} /></span>`}
    ${cause.then && html`<span class="cause-then soft">then: <${Sentence} text=${cause.then} /></span>`}
  </li>`;
}

function RuledOut({ explanation }) {
  const { ruled_out: ruledOut, tries, complete } = explanation;
  if (!ruledOut || ruledOut.length === 0) return null;
  return html`<details class="verdict-ruled-out">
    <summary>
      Ruled out: ${counted(ruledOut.length, 'kind of change', 'kinds of change')} (${counted(tries, 'try', 'tries')}${!complete && '; not all was tried'})
    </summary>
    <ul>${ruledOut.map((text) => html`<li><${Sentence} text=${text} /></li>`)}</ul>
  </details>`;
}
